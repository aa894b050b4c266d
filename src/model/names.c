// SPDX-License-Identifier: GPL-2.0
/* What the ledger's keys are made of: strings, stacks, causes. */
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "model/state.h"

/* A source may forget a stack and give it another number. */
#define STACK_IDS_MAX 16

bool ledger__is_kept(const struct ledger *l, uint32_t last_slice)
{
	return l->slice.keep && last_slice + l->slice.keep >= l->slice.no;
}

void ledger__gone(const struct ledger *l, enum ledger_table table, uint32_t no)
{
	if (no && l->slice.gone)
		l->slice.gone(l->slice.gone_ctx, table, no);
}

/* ---- strings ---- */

static struct ledger_name *add_name(struct ledger *l, const char *s, size_t len)
{
	struct ledger_name *n = calloc(1, sizeof(*n) + len + 1);

	if (!n)
		return NULL;
	memcpy(n->text, s, len);
	HASH_ADD(hh, l->names, text[0], len, n);
	if (!n->hh.tbl) {
		free(n);
		return NULL;
	}
	return n;
}

struct ledger_name *ledger__name(struct ledger *l, const char *s)
{
	size_t len = s ? strlen(s) : 0;
	struct ledger_name *n;

	s = s ? s : "";
	if (len > LEDGER_NAME_MAX) {
		s += len - LEDGER_NAME_MAX;
		len = LEDGER_NAME_MAX;
	}
	HASH_FIND(hh, l->names, s, len, n);
	if (!n)
		n = add_name(l, s, len);
	if (!n)
		return NULL;
	n->refs++;
	n->last_slice = l->slice.no;
	return n;
}

static void drop_name(struct ledger *l, struct ledger_name *n)
{
	ledger__gone(l, LEDGER_NAMES, n->no);
	HASH_DEL(l->names, n);
	free(n);
}

void ledger__put_name(struct ledger *l, struct ledger_name *n)
{
	if (n && !--n->refs && !(n->no && ledger__is_kept(l, n->last_slice)))
		drop_name(l, n);
}

/* ---- stacks ---- */

/* Its frames one behind the other, not yet in the table. NULL on lack of memory. */
static struct ledger_stack *stack__new(const struct stack *from)
{
	struct ledger_stack *s;
	size_t size = 0, used = 0;

	for (uint32_t i = 0; i < from->depth; i++)
		size += strlen(from->frames[i] ? from->frames[i] : "") + 1;
	s = calloc(1, sizeof(*s) + size);
	if (!s)
		return NULL;
	s->stack.depth = from->depth;
	s->stack.frames = calloc(from->depth, sizeof(*s->stack.frames));
	if (!s->stack.frames) {
		free(s);
		return NULL;
	}
	s->key_len = size;
	for (uint32_t i = 0; i < from->depth; i++) {
		const char *frame = from->frames[i] ? from->frames[i] : "";
		size_t len = strlen(frame) + 1;

		s->stack.frames[i] = memcpy(s->key + used, frame, len);
		used += len;
	}
	return s;
}

static void stack__free(struct ledger_stack *s)
{
	if (s)
		free(s->stack.frames);
	free(s);
}

static struct ledger_stack *stack_of_frames(struct ledger *l, const struct stack *from)
{
	struct ledger_stack *s = stack__new(from), *found;

	if (!s)
		return NULL;
	HASH_FIND(hh, l->stacks, s->key, s->key_len, found);
	if (found) {
		stack__free(s);
		return found;
	}
	HASH_ADD(hh, l->stacks, key[0], s->key_len, s);
	if (!s->hh.tbl) {
		stack__free(s);
		return NULL;
	}
	return s;
}

/* Without it the frames are compared each time, which takes longer and is as true. */
static void add_id(struct ledger *l, struct ledger_stack *s, uint64_t no)
{
	struct ledger_stack_id *id;

	if (!no || s->nr_ids == STACK_IDS_MAX)
		return;
	id = calloc(1, sizeof(*id));
	if (!id)
		return;
	id->id = no;
	HASH_ADD(hh, l->stack_ids, id, sizeof(id->id), id);
	if (!id->hh.tbl) {
		free(id);
		return;
	}
	id->stack = s;
	id->next = s->ids;
	s->ids = id;
	s->nr_ids++;
}

struct ledger_stack *ledger__stack(struct ledger *l, const struct stack *from)
{
	struct ledger_stack_id *id;
	struct ledger_stack *s;

	if (!from || !from->depth)
		return NULL;
	HASH_FIND(hh, l->stack_ids, &from->id, sizeof(from->id), id);
	s = id ? id->stack : stack_of_frames(l, from);
	if (!s)
		return NULL;
	if (!id)
		add_id(l, s, from->id);
	s->refs++;
	s->last_slice = l->slice.no;
	return s;
}

void ledger__forget_stack_ids(struct ledger *l)
{
	struct ledger_stack_id *id, *next;

	HASH_ITER(hh, l->stack_ids, id, next)
	{
		id->stack->ids = NULL;
		id->stack->nr_ids = 0;
		HASH_DEL(l->stack_ids, id);
		free(id);
	}
}

static void drop_stack(struct ledger *l, struct ledger_stack *s)
{
	struct ledger_stack_id *id;

	ledger__gone(l, LEDGER_STACKS, s->no);
	while ((id = s->ids)) {
		s->ids = id->next;
		HASH_DEL(l->stack_ids, id);
		free(id);
	}
	HASH_DEL(l->stacks, s);
	stack__free(s);
}

void ledger__put_stack(struct ledger *l, struct ledger_stack *s)
{
	if (s && !--s->refs && !(s->no && ledger__is_kept(l, s->last_slice)))
		drop_stack(l, s);
}

/* ---- causes ---- */

const struct ledger_cause *ledger__cause(struct ledger *l, const struct cause *cause)
{
	struct ledger_cause *c;

	HASH_FIND(hh, l->causes, cause->id, strlen(cause->id), c);
	if (c)
		return c;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->cause = cause;
	HASH_ADD_KEYPTR(hh, l->causes, cause->id, strlen(cause->id), c);
	if (!c->hh.tbl) {
		free(c);
		return NULL;
	}
	return c;
}

const struct ledger_cause *ledger__cause_of(struct ledger *l, struct ledger_stack *s)
{
	if (!s)
		return ledger__cause(l, pseudo__cause(PSEUDO_NO_STACK));
	if (!s->cause)
		s->cause = ledger__cause(
			l, l->opts.causes
				   ? causes__match(l->opts.causes, s->stack.frames, s->stack.depth)
				   : pseudo__cause(PSEUDO_UNKNOWN));
	return s->cause;
}

const char *ledger__doubt(const struct ledger *l, struct ledger_stack *s,
			  const struct ledger_cause *cause)
{
	if (!s || !l->opts.causes)
		return NULL;
	if (s->doubted != cause) {
		s->doubt = causes__doubt(l->opts.causes, cause->cause->id, s->stack.frames,
					 s->stack.depth);
		s->doubted = cause;
	}
	return s->doubt;
}

/* ---- expiry and end ---- */

static void expire_names(struct ledger *l, uint32_t before)
{
	struct ledger_name *n, *next;

	HASH_ITER(hh, l->names, n, next)
	{
		if (!n->no || n->last_slice >= before)
			continue;
		if (!n->refs) {
			drop_name(l, n);
			continue;
		}
		ledger__gone(l, LEDGER_NAMES, n->no);
		n->no = 0;
	}
}

static void expire_stacks(struct ledger *l, uint32_t before)
{
	struct ledger_stack *s, *next;

	HASH_ITER(hh, l->stacks, s, next)
	{
		if (!s->no || s->last_slice >= before)
			continue;
		if (!s->refs) {
			drop_stack(l, s);
			continue;
		}
		ledger__gone(l, LEDGER_STACKS, s->no);
		s->no = 0;
	}
}

void ledger__expire(struct ledger *l, uint32_t before)
{
	for (struct ledger_row *r = l->rows; r; r = r->hh.next) {
		if (!r->no || r->last_slice >= before)
			continue;
		ledger__gone(l, LEDGER_ROWS, r->no);
		r->no = 0;
		r->written_max_ns = 0;
	}
	filesystems__expire(l, before);
	expire_names(l, before);
	expire_stacks(l, before);
}

void ledger__renumber(struct ledger *l)
{
	void (*told)(void *ctx, enum ledger_table table, uint32_t no) = l->slice.gone;

	l->slice.gone = NULL;
	ledger__expire(l, UINT32_MAX);
	l->slice.gone = told;
	for (struct ledger_cause *c = l->causes; c; c = c->hh.next)
		c->no = 0;
	for (struct ledger_fs *fs = l->filesystems; fs; fs = fs->next) {
		fs->no = 0;
		fs->in_file = false;
	}
}

void ledger__free_names(struct ledger *l)
{
	struct ledger_name *n, *next_n;
	struct ledger_stack *s, *next_s;
	struct ledger_cause *c, *next_c;
	struct ledger_origin *o;

	l->slice.gone = NULL;
	filesystems__free(l);
	HASH_ITER(hh, l->names, n, next_n)
	{
		drop_name(l, n);
	}
	HASH_ITER(hh, l->stacks, s, next_s)
	{
		drop_stack(l, s);
	}
	HASH_ITER(hh, l->causes, c, next_c)
	{
		HASH_DEL(l->causes, c);
		free(c);
	}
	while ((o = l->origins)) {
		l->origins = o->next;
		free(o);
	}
}
