/* SPDX-License-Identifier: GPL-2.0 */
/* Stacks of a paste with the same frames: each is explained once, however many tasks have it. */
#ifndef AIOSTALL_CMD_GROUPS_H
#define AIOSTALL_CMD_GROUPS_H

#include "cmd/explain.h"

#define GROUPS_NONE SIZE_MAX

struct group {
	uint64_t hash;
	size_t first, last, nr; /* stacks of the paste */
	const struct cause *cause;
	const char *doubt, *role;
	bool submit, direct;
	bool shown; /* for who prints */
};

struct groups {
	struct group *v;
	size_t nr, cap;
	size_t *of;   /* of each stack */
	size_t *next; /* the next stack of its group, GROUPS_NONE at the end */
	bool any_submit;
};

/* NULL when memory is short. */
struct groups *groups__new(const struct causes *causes, const struct paste *paste);
void groups__free(struct groups *g);
/* What is known of the i-th stack. */
void groups__explain(const struct groups *g, const struct paste *paste, size_t i,
		     struct explained *e);

#endif
