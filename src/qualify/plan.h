/* SPDX-License-Identifier: GPL-2.0 */
/* Which rows are run on which engines, in which order. */
#ifndef AIOSTALL_QUALIFY_PLAN_H
#define AIOSTALL_QUALIFY_PLAN_H

#include "base/base.h"
#include "qualify/row.h"

#define PLAN_WORDS_MAX 32

struct plan_opts {
	bool full;
	/* None: the standard rows on aio, and a few rows on every engine. */
	const char *rows[PLAN_WORDS_MAX], *engines[PLAN_WORDS_MAX];
	size_t nr_rows, nr_engines;
};

struct plan_cell {
	struct row row;
	const char *engine; /* its own name for it */
};

struct plan {
	struct plan_cell *cells; /* the first engine's come first */
	size_t nr;
};

/* Add the words of a comma-separated list, which is cut up. 0 or -EINVAL with e set. */
int plan_opts__add_rows(struct plan_opts *o, char *list, struct err *e);
int plan_opts__add_engines(struct plan_opts *o, char *list, struct err *e);
/* 0 or -errno with e set; to be freed in both cases. */
int plan__make(struct plan *p, const struct plan_opts *o, struct err *e);
void plan__free(struct plan *p);

#endif
