// SPDX-License-Identifier: GPL-2.0
#include "paste/tree.h"

bool tree__cuts(const struct tree *t, size_t column)
{
	return t->nr && t->v[t->nr - 1].column >= column;
}

void tree__add(struct tree *t, bool branch, size_t column, struct paste_frame frame)
{
	while (branch && tree__cuts(t, column))
		t->nr--;
	if (t->nr < PASTE_DEPTH_MAX)
		t->v[t->nr++] = (struct tree_node){column, frame};
	t->grown = true;
}
