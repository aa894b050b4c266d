/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Advice that what is known contradicts: to defragment a file of one extent, to preallocate one
 * that is preallocated. It is taken out of the texts of a cause, whichever rule they are of.
 */
#ifndef AIOSTALL_MODEL_MOOT_H
#define AIOSTALL_MODEL_MOOT_H

#include "model/pool.h"
#include "model/report.h"

#define MOOT_WORDS 4

struct moot {
	const char *words[MOOT_WORDS]; /* any of them tells the advice; case of letters aside */
	bool (*is)(const struct fs_info *fs, const struct report_cause *c);
	const char *instead; /* what to do then, as a clause; NULL = nothing else */
};

/* The i-th one, NULL past the end. */
const struct moot *moot__at(size_t i);
bool moot__names(const struct moot *m, const char *text);
/* The cause's facts, worst request and texts are set; advice, todo and tried may get shorter. */
void moot__apply(struct pool *p, const struct fs_info *fs, struct report_cause *c);

#endif
