/* SPDX-License-Identifier: GPL-2.0 */
/* Advice that a fact contradicts: which words tell it, and when it is taken out of every text. */
#ifndef AIOSTALL_CAUSE_MOOTS_H
#define AIOSTALL_CAUSE_MOOTS_H

#include <stddef.h>

/* The strings are the rules', lists as they stand there; "" = whatever it is. */
struct moot {
	const char *words;    /* "defragment | xfs_fsr": any of them tells the advice */
	const char *facts;    /* patterns of a line of the cause's facts */
	const char *no_facts; /* none of the lines may be so */
	const char *mounted;  /* with one of these options */
	const char *fstypes;
	const char *request; /* all of these words hold of the worst request, which is known */
	const char *instead; /* what to do then, as a clause */
};

struct moots {
	struct moot *v;
	size_t nr, cap;
};

/* A "key: value" of the section; NULL, or what is wrong with it. */
const char *moots__add_line(struct moots *m, const char *key, const char *value);
void moots__release(struct moots *m);

#endif
