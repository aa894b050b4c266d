/* SPDX-License-Identifier: GPL-2.0 */
/* The path from the root to the line that is read, of a tree as perf report draws it. */
#ifndef AIOSTALL_PASTE_TREE_H
#define AIOSTALL_PASTE_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "paste/paste.h"

struct tree_node {
	size_t column;
	struct paste_frame frame;
};

struct tree {
	struct tree_node v[PASTE_DEPTH_MAX];
	size_t nr;
	bool grown; /* since a path was taken from it */
};

/* Does a branch at this column leave nodes of the path behind? */
bool tree__cuts(const struct tree *t, size_t column);
void tree__add(struct tree *t, bool branch, size_t column, struct paste_frame frame);

#endif
