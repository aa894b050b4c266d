/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Advice that what is known contradicts: to defragment a file of one extent, to preallocate one
 * that is preallocated. It is taken out of the texts of a cause, whichever rule they are of.
 */
#ifndef AIOSTALL_MODEL_MOOT_H
#define AIOSTALL_MODEL_MOOT_H

#include "model/pool.h"
#include "model/report.h"

struct causes;
struct moot; /* of cause/moots.h */

/* Whether the text gives that advice. */
bool moot__names(const struct moot *m, const char *text);
/*
 * The cause's facts, worst request and texts are set; advice, todo and tried may get shorter. causes
 * has the rows; NULL: there are none.
 */
void moot__apply(struct pool *p, const struct causes *causes, const struct fs_info *fs,
		 struct report_cause *c);

#endif
