// SPDX-License-Identifier: GPL-2.0
#include "live/stacks.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>

#include "aiostall.skel.h"

/*
 * What was asked for longest ago makes room for what is new, and is looked up again if it comes
 * back. 16384 stacks are about 10 MB if they are deep.
 */
#define STACKS_MAX 16384

struct live_stack {
	uint64_t id;
	struct stack stack;
	UT_hash_handle hh;
};

static bool read_stack(struct live *lv, uint64_t id, struct wire_stack *st)
{
	return !bpf_map_lookup_elem(bpf_map__fd(lv->skel->maps.stacks), &id, st) &&
	       st->depth <= WIRE_STACK_DEPTH;
}

static void free_stack(struct live *lv, struct live_stack *s)
{
	for (uint32_t i = 0; i < s->stack.depth; i++)
		intern__put(lv->strings, s->stack.frames[i]);
	free(s->stack.frames);
	free(s);
}

static void drop_stack(struct live *lv, struct live_stack *s)
{
	HASH_DEL(lv->stacks, s);
	free_stack(lv, s);
}

/* In the table's own order the one that was asked for longest ago is first. */
static const struct stack *use_stack(struct live *lv, struct live_stack *s)
{
	if (!s->hh.next)
		return &s->stack;
	HASH_DEL(lv->stacks, s);
	HASH_ADD(hh, lv->stacks, id, sizeof(s->id), s);
	if (s->hh.tbl)
		return &s->stack;
	free_stack(lv, s);
	return NULL;
}

/* The oldest stacks go until there is room. NULL on lack of memory. */
static const char *hold_name(struct live *lv, const char *name)
{
	const char *held = intern__str(lv->strings, name);

	while (!held && lv->stacks) {
		drop_stack(lv, lv->stacks);
		lv->recycled++;
		held = intern__str(lv->strings, name);
	}
	return held;
}

static struct live_stack *new_stack(struct live *lv, uint64_t id, const char *const *names,
				    size_t n)
{
	struct live_stack *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->id = s->stack.id = id;
	s->stack.frames = calloc(n ? n : 1, sizeof(*names));
	for (size_t i = 0; s->stack.frames && i < n; i++) {
		s->stack.frames[i] = hold_name(lv, names[i]);
		if (!s->stack.frames[i])
			break;
		s->stack.depth++;
	}
	if (s->stack.depth == n && s->stack.frames)
		return s;
	free_stack(lv, s);
	return NULL;
}

static const struct stack *add_stack(struct live *lv, uint64_t id, const char **names, size_t n)
{
	struct live_stack *s = new_stack(lv, id, names, n);

	if (!s)
		return NULL;
	if (HASH_COUNT(lv->stacks) >= STACKS_MAX) {
		drop_stack(lv, lv->stacks);
		lv->recycled++;
	}
	HASH_ADD(hh, lv->stacks, id, sizeof(id), s);
	if (s->hh.tbl)
		return &s->stack;
	free_stack(lv, s);
	return NULL;
}

/* By what they are called, since addresses of strings are used again. */
static uint64_t hash_frames(const struct stack *stack)
{
	uint64_t id = 0xcbf29ce484222325ULL;

	for (uint32_t i = 0; i < stack->depth; i++)
		for (const char *c = stack->frames[i];; c++) {
			id = (id ^ (uint8_t)*c) * 0x100000001b3ULL;
			if (!*c)
				break;
		}
	return id;
}

const struct stack *live_stacks__keep(struct live *lv, const struct stack *stack)
{
	struct live_stack *s;
	uint64_t id;

	if (!stack->depth)
		return NULL;
	id = hash_frames(stack);
	HASH_FIND(hh, lv->stacks, &id, sizeof(id), s);
	return s ? use_stack(lv, s) : add_stack(lv, id, stack->frames, stack->depth);
}

const struct stack *live_stacks__of(struct live *lv, uint64_t id)
{
	const char *names[WIRE_STACK_DEPTH];
	struct live_stack *s;
	struct wire_stack st;
	uint64_t ip[WIRE_STACK_DEPTH];
	size_t n;

	if (!id)
		return NULL;
	HASH_FIND(hh, lv->stacks, &id, sizeof(id), s);
	if (s)
		return use_stack(lv, s);
	/* evicted by the kernel before it was read */
	if (!read_stack(lv, id, &st)) {
		lv->stacks_lost++;
		return NULL;
	}
	for (uint32_t i = 0; i < st.depth; i++)
		ip[i] = st.ip[i];
	n = st.user ? usyms__frames(lv->usyms, (pid_t)st.pid, ip, st.depth, names)
		    : ksyms__frames(lv->ksyms, ip, st.depth, names);
	return add_stack(lv, id, names, n);
}

void live_stacks__free(struct live *lv)
{
	struct live_stack *s, *next;

	HASH_ITER(hh, lv->stacks, s, next)
	{
		drop_stack(lv, s);
	}
}
