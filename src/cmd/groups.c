// SPDX-License-Identifier: GPL-2.0
#include "cmd/groups.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a of the names and of whether the task slept. */
static uint64_t hash_of(const struct explained *e)
{
	uint64_t h = 14695981039346656037ULL ^ (uint64_t)e->stack->sleep ^ (e->stack->cut ? 16 : 0);

	for (size_t i = 0; i < e->depth; i++) {
		for (const char *p = e->names[i]; *p; p++)
			h = (h ^ (unsigned char)*p) * 1099511628211ULL;
		h = (h ^ ';') * 1099511628211ULL;
	}
	return h;
}

static bool same_names(const struct explained *a, const struct explained *b)
{
	if (a->depth != b->depth || a->stack->sleep != b->stack->sleep ||
	    a->stack->cut != b->stack->cut)
		return false;
	for (size_t i = 0; i < a->depth; i++)
		if (strcmp(a->names[i], b->names[i]))
			return false;
	return true;
}

static bool is_of(const struct group *group, const struct paste *paste, uint64_t hash,
		  const struct explained *e)
{
	struct explained first = {.stack = &paste->stacks[group->first]};

	if (group->hash != hash)
		return false;
	first.depth = paste__names(paste, first.stack, first.names);
	return same_names(&first, e);
}

/* A group of its own for the i-th stack. Its number, or GROUPS_NONE when memory is short. */
static size_t begin(struct groups *g, const struct causes *causes, struct explained *e, size_t i,
		    uint64_t hash)
{
	if (g->nr == g->cap) {
		size_t cap = g->cap ? g->cap * 2 : 64;
		struct group *v = reallocarray(g->v, cap, sizeof(*v));

		if (!v)
			return GROUPS_NONE;
		g->v = v;
		g->cap = cap;
	}
	explain__stack(e, causes);
	g->any_submit |= e->submit;
	g->v[g->nr] = (struct group){.hash = hash,
				     .first = i,
				     .last = i,
				     .nr = 1,
				     .cause = e->cause,
				     .doubt = e->doubt,
				     .role = e->role,
				     .submit = e->submit,
				     .direct = e->direct};
	return g->nr++;
}

/* Slots hold a group's number and 1. */
static int sort_in(struct groups *g, const struct causes *causes, const struct paste *paste,
		   size_t *slots, size_t mask)
{
	struct explained e;

	for (size_t i = 0; i < paste->nr_stacks; i++) {
		uint64_t hash;
		size_t at;

		e.stack = &paste->stacks[i];
		e.depth = paste__names(paste, e.stack, e.names);
		hash = hash_of(&e);
		at = hash & mask;
		while (slots[at] && !is_of(&g->v[slots[at] - 1], paste, hash, &e))
			at = (at + 1) & mask;
		g->next[i] = GROUPS_NONE;
		if (slots[at]) {
			struct group *group = &g->v[slots[at] - 1];

			g->next[group->last] = i;
			group->last = i;
			group->nr++;
		} else {
			size_t new = begin(g, causes, &e, i, hash);

			if (new == GROUPS_NONE)
				return -1;
			slots[at] = new + 1;
		}
		g->of[i] = slots[at] - 1;
	}
	return 0;
}

struct groups *groups__new(const struct causes *causes, const struct paste *paste)
{
	struct groups *g = calloc(1, sizeof(*g));
	size_t size = 16, *slots;
	int rc = -1;

	while (size < paste->nr_stacks * 2)
		size *= 2;
	slots = calloc(size, sizeof(*slots));
	if (g) {
		g->of = calloc(paste->nr_stacks + 1, sizeof(*g->of));
		g->next = calloc(paste->nr_stacks + 1, sizeof(*g->next));
	}
	if (g && slots && g->of && g->next)
		rc = sort_in(g, causes, paste, slots, size - 1);
	free(slots);
	if (rc) {
		groups__free(g);
		return NULL;
	}
	return g;
}

void groups__free(struct groups *g)
{
	if (!g)
		return;
	free(g->v);
	free(g->of);
	free(g->next);
	free(g);
}

void groups__explain(const struct groups *g, const struct paste *paste, size_t i,
		     struct explained *e)
{
	const struct group *group = &g->v[g->of[i]];

	e->stack = &paste->stacks[i];
	e->depth = paste__names(paste, e->stack, e->names);
	e->cause = group->cause;
	e->doubt = group->doubt;
	e->role = group->role;
	e->submit = group->submit;
	e->direct = group->direct;
}
