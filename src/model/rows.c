// SPDX-License-Identifier: GPL-2.0
/* The ledger's keys and what is added up under them; which of them make room for others. */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/base.h"
#include "model/state.h"

/* ---- keys ---- */

static void key__release(struct ledger *l, struct ledger_key *k)
{
	ledger__put_stack(l, k->stack);
	ledger__put_stack(l, k->user_stack);
	ledger__put_name(l, k->path);
	ledger__put_name(l, k->comm);
	ledger__put_name(l, k->cgroup);
	ledger__put_name(l, k->waker);
	ledger__put_name(l, k->holder);
}

/* False on lack of memory; the key is to be released either way. */
static bool key__of(struct ledger *l, struct ledger_key *k, const struct ev_stall *ev,
		    const struct cause *cause)
{
	bool task = ev->waker_kind == WAKER_TASK && ev->waker_comm && *ev->waker_comm;

	memset(k, 0, sizeof(*k));
	k->fs = ledger__fs(l, ev->fs);
	k->stack = ledger__stack(l, ev->stack);
	k->user_stack = ledger__stack(l, ev->user_stack);
	k->cause = cause ? ledger__cause(l, cause) : ledger__cause_of(l, k->stack);
	k->path = ledger__name(l, ev->req.path);
	k->comm = ledger__name(l, ev->who.comm);
	k->cgroup = ledger__name(l, ev->who.cgroup);
	k->waker = ledger__name(l, task ? ev->waker_comm : "");
	k->waker_kind = task ? WAKER_TASK : ev->waker_kind == WAKER_IRQ ? WAKER_IRQ : WAKER_UNKNOWN;
	k->holder = ledger__name(l, ev->holder_pid ? ev->holder_comm : "");
	k->holder_pid = ev->holder_pid;
	k->behind = ev->behind ? ledger__cause(l, ev->behind) : NULL;
	k->pid = ev->who.pid;
	k->cgroup_id = ev->who.cgroup_id;
	k->opcode = ev->req.opcode;
	k->plane = ev->plane;
	return k->fs && k->cause && k->path && k->comm && k->cgroup && k->waker && k->holder &&
	       (k->stack || !ev->stack || !ev->stack->depth) &&
	       (k->user_stack || !ev->user_stack || !ev->user_stack->depth);
}

static const char *other_frame[] = {LEDGER_OTHER};
static const struct stack other_stack = {.depth = 1, .frames = other_frame};

/* The same with less in it. False on lack of memory; to be released either way. */
static bool key__fold(struct ledger *l, struct ledger_key *k, const struct ledger_key *of,
		      enum ledger_fold fold)
{
	bool all = fold == FOLD_STACK;

	*k = *of;
	k->fold = (uint16_t)fold;
	k->path = ledger__name(l, LEDGER_OTHER);
	k->comm = ledger__name(l, LEDGER_OTHER);
	k->cgroup = ledger__name(l, LEDGER_OTHER);
	k->waker = ledger__name(l, all ? LEDGER_OTHER : of->waker->text);
	k->holder = ledger__name(l, all ? "" : of->holder->text);
	k->stack = all ? ledger__stack(l, &other_stack) : of->stack;
	if (k->stack && !all)
		k->stack->refs++;
	k->user_stack = NULL;
	k->pid = 0;
	k->cgroup_id = 0;
	k->opcode = 0;
	if (all) {
		k->waker_kind = WAKER_TASK;
		k->holder_pid = 0;
	}
	return k->path && k->comm && k->cgroup && k->waker && k->holder && (k->stack || !all);
}

/* ---- rows ---- */

/* NULL for keys that are not told apart any further: they stay. */
static struct ledger_lru *lru_of(struct ledger *l, const struct ledger_row *row)
{
	return row->key.fold < ARRAY_SIZE(l->lru) ? &l->lru[row->key.fold] : NULL;
}

/* Takes over the key's references, or releases them. */
static struct ledger_row *add_row(struct ledger *l, struct ledger_key *key)
{
	struct ledger_row *row = calloc(1, sizeof(*row));
	struct ledger_lru *lru;

	if (row) {
		row->key = *key;
		HASH_ADD(hh, l->rows, key, sizeof(*key), row);
		if (row->hh.tbl) {
			DL_APPEND2(row->key.fs->rows, row, prev_of_fs, next_of_fs);
			lru = lru_of(l, row);
			if (lru) {
				DL_APPEND(lru->first, row);
				lru->nr++;
			}
			return row;
		}
	}
	key__release(l, key);
	free(row);
	return NULL;
}

static struct ledger_row *find_row(struct ledger *l, const struct ledger_key *key)
{
	struct ledger_row *row;

	HASH_FIND(hh, l->rows, key, sizeof(*key), row);
	return row;
}

static void worst__release(struct ledger *l, struct ledger_worst *w)
{
	ledger__put_name(l, w->comm);
	ledger__put_name(l, ledger_name__of(w->req.path));
}

static void cell__reset(struct ledger *l, struct ledger_cell *c)
{
	struct sparse hist = c->hist;

	ledger__put_name(l, c->worst_waker);
	if (c->row)
		c->row->cell = NULL;
	hist.nr = 0;
	*c = (struct ledger_cell){.hist = hist};
}

static void drop_row(struct ledger *l, struct ledger_row *row)
{
	struct ledger_lru *lru = lru_of(l, row);

	if (row->no && l->slice.gone)
		l->slice.gone(l->slice.gone_ctx, LEDGER_ROWS, row->no);
	HASH_DEL(l->rows, row);
	DL_DELETE2(row->key.fs->rows, row, prev_of_fs, next_of_fs);
	if (lru) {
		DL_DELETE(lru->first, row);
		lru->nr--;
	}
	worst__release(l, &row->worst);
	key__release(l, &row->key);
	sparse__free(&row->hist);
	free(row);
}

/* What one says is said by the other from now on. */
static void move_row(struct ledger *l, struct ledger_row *to, struct ledger_row *from)
{
	sleep_sum__add(&to->sum, &from->sum);
	if (sparse__merge(&to->hist, &from->hist))
		l->evicted = sat_add(l->evicted, 1);
	if (from->worst.comm &&
	    (!to->worst.comm || from->worst.blocked_ns > to->worst.blocked_ns)) {
		worst__release(l, &to->worst);
		to->worst = from->worst;
		from->worst = (struct ledger_worst){0};
	}
	shapes__add(&to->shapes, from->shapes);
	to->last_slice = from->last_slice > to->last_slice ? from->last_slice : to->last_slice;
}

static struct ledger_row *row_of_key(struct ledger *l, struct ledger_key *key);

/* The row of a key with less in it. NULL on lack of memory. */
static struct ledger_row *folded_row(struct ledger *l, const struct ledger_key *of)
{
	struct ledger_key key;

	l->evicted = sat_add(l->evicted, 1);
	if (key__fold(l, &key, of, (enum ledger_fold)(of->fold + 1)))
		return row_of_key(l, &key);
	key__release(l, &key);
	return NULL;
}

/* False if the row that was used longest ago must stay: this slice, or one that is kept, uses it. */
static bool make_room(struct ledger *l, struct ledger_lru *lru)
{
	struct ledger_row *oldest = lru->first, *to;

	if (!oldest || oldest->cell || (oldest->no && ledger__is_kept(l, oldest->last_slice)))
		return false;
	to = folded_row(l, &oldest->key);
	if (!to)
		return false;
	move_row(l, to, oldest);
	drop_row(l, oldest);
	return true;
}

/* Takes over the key's references. NULL on lack of memory. */
static struct ledger_row *row_of_key(struct ledger *l, struct ledger_key *key)
{
	struct ledger_row *row = find_row(l, key);
	struct ledger_lru *lru;

	if (row) {
		key__release(l, key);
		return row;
	}
	lru = key->fold < ARRAY_SIZE(l->lru) ? &l->lru[key->fold] : NULL;
	if (!lru || lru->nr < lru->max || make_room(l, lru))
		return add_row(l, key);
	row = folded_row(l, key);
	key__release(l, key);
	return row;
}

bool rows__fold_fs(struct ledger *l, struct ledger_fs *fs, struct ledger_fs *other)
{
	struct ledger_row *row, *next, *to;
	struct ledger_key key;

	DL_FOREACH_SAFE2(fs->rows, row, next, next_of_fs)
	{
		if (!key__fold(l, &key, &row->key, FOLD_STACK)) {
			key__release(l, &key);
			return false;
		}
		key.fs = other;
		to = row_of_key(l, &key);
		if (!to)
			return false;
		move_row(l, to, row);
		drop_row(l, row);
	}
	return true;
}

static void use(struct ledger *l, struct ledger_row *row)
{
	struct ledger_lru *lru = lru_of(l, row);

	row->last_slice = l->slice.no;
	if (!lru || !row->next)
		return;
	DL_DELETE(lru->first, row);
	DL_APPEND(lru->first, row);
}

struct ledger_row *ledger__row(struct ledger *l, const struct ev_stall *like,
			       const struct cause *cause)
{
	struct ledger_row *row;
	struct ledger_key key;

	if (!key__of(l, &key, like, cause)) {
		key__release(l, &key);
		return NULL;
	}
	row = row_of_key(l, &key);
	if (row)
		use(l, row);
	return row;
}

/* ---- adding ---- */

static struct ledger_cell *cell_of(struct ledger *l, struct ledger_row *row)
{
	struct ledger_cell *c = row->cell;

	if (c || !l->slice.taken)
		return c;
	c = l->slice.spare;
	if (c)
		LL_DELETE(l->slice.spare, c);
	else
		c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->row = row;
	row->cell = c;
	LL_PREPEND(l->slice.cells, c);
	return c;
}

static void add_hist(struct ledger *l, struct sparse *s, const struct sleep_sum *sum,
		     const struct hist *hist)
{
	int rc = hist ? sparse__add_hist(s, hist)
		      : sparse__add(s, hist__bucket(sum->max_ns), sum->sleeps);

	if (rc)
		l->evicted = sat_add(l->evicted, 1);
}

void ledger__add_sum(struct ledger *l, struct ledger_row *row, const struct sleep_sum *sum,
		     const struct hist *hist)
{
	struct ledger_cell *cell = cell_of(l, row);

	sleep_sum__add(&row->sum, sum);
	add_hist(l, &row->hist, sum, hist);
	if (cell) {
		sleep_sum__add(&cell->sum, sum);
		add_hist(l, &cell->hist, sum, hist);
	} else if (l->slice.taken) {
		l->evicted = sat_add(l->evicted, 1);
	}
	if (!row->key.fs->has_counts)
		fs_counts__add_sleeps(&row->key.fs->counts, row->key.plane, sum, hist);
}

void shapes__add(struct ledger_shapes *s, struct ledger_shapes of)
{
	if (!of.known)
		return;
	s->all = s->known ? s->all & of.all : of.all;
	s->any |= of.any;
	s->known = true;
}

static struct ledger_shapes shapes_of(const struct request *q)
{
	return (struct ledger_shapes){
		.all = q->shape,
		.any = q->shape,
		.known = q->how == HOW_EXACT || q->how == HOW_SCANNED,
	};
}

void ledger__note_stall(struct ledger *l, struct ledger_row *row, const struct ev_stall *ev)
{
	struct ledger_worst *w = &row->worst;
	struct ledger_name *comm, *path;

	shapes__add(&row->shapes, shapes_of(&ev->req));
	if (w->comm && ev->blocked_ns <= w->blocked_ns)
		return;
	comm = ledger__name(l, ev->who.comm);
	path = ledger__name(l, ev->req.path);
	if (!comm || !path) {
		l->evicted = sat_add(l->evicted, 1);
		ledger__put_name(l, comm);
		ledger__put_name(l, path);
		return;
	}
	worst__release(l, w);
	*w = (struct ledger_worst){
		.blocked_ns = ev->blocked_ns,
		.pid = ev->who.pid,
		.tid = ev->who.tid,
		.req = ev->req,
		.comm = comm,
		.began_ns = sat_sub(ev->end_ns, sat_add(ev->blocked_ns, ev->runqueue_ns)),
		.end_ns = ev->end_ns,
		.clock_ns = l->clock_ns,
	};
	w->req.path = path->text;
}

static void note_worst_of_slice(struct ledger *l, struct ledger_row *row, const struct ev_stall *ev)
{
	struct ledger_cell *c = cell_of(l, row);

	if (!c || (c->sum.sleeps && ev->blocked_ns <= c->sum.max_ns))
		return;
	c->worst = *ev;
	c->worst_no = l->slice.events;
	ledger__put_name(l, c->worst_waker);
	c->worst_waker = ledger__name(l, ev->waker_comm);
}

struct sleep_sum ledger__sum_of(struct ledger *l, const struct ledger_row *row,
				const struct ev_stall *ev)
{
	struct sleep_sum one = sleep_sum__of(ev);
	enum call_stall is = calls__note(&l->calls, ev, l->origin ? l->origin->host : 0,
					 row->key.fs->id, row->key.cause);

	one.further_sleeps = is == CALL_UNKNOWN ? SUBMITS_UNKNOWN : is == CALL_BLOCKED_AGAIN;
	return one;
}

/* The row, in which the stall is noted by itself; NULL on lack of memory. */
static struct ledger_row *note_like(struct ledger *l, const struct ev_stall *ev, uint64_t sleeps)
{
	struct ledger_row *row = ledger__row(l, ev, NULL);

	l->slice.events++;
	if (!row) {
		l->evicted = sat_add(l->evicted, sleeps);
		return NULL;
	}
	note_worst_of_slice(l, row, ev);
	ledger__note_stall(l, row, ev);
	return row;
}

/* Whose sleep it stands behind; a recording has said it before. */
static struct convoy_found find_behind(struct ledger *l, const struct ev_stall *ev)
{
	const struct ledger_cause *cause;
	struct ledger_stack *stack;

	if (ev->plane != PLANE_WORKER || ev->behind)
		return (struct convoy_found){0};
	if (!l->convoy)
		l->convoy = convoy__new();
	if (!l->convoy)
		return (struct convoy_found){0};
	stack = ledger__stack(l, ev->stack);
	cause = ledger__cause_of(l, stack);
	ledger__put_stack(l, stack);
	return convoy__add(l->convoy, ev, cause);
}

struct ledger_row *ledger__add_stall(struct ledger *l, const struct ev_stall *stall)
{
	const struct convoy_found found = find_behind(l, stall);
	struct ev_stall with = *stall, *ev = &with;
	struct ledger_row *row;
	struct sleep_sum one;

	if (found.behind)
		with.behind = found.behind->cause;
	row = note_like(l, ev, 1);
	if (row) {
		one = ledger__sum_of(l, row, ev);
		one.together = found.together;
		ledger__add_sum(l, row, &one, NULL);
	}
	return row;
}

struct ledger_row *ledger__add_stalls(struct ledger *l, const struct ev_stalls *ev)
{
	struct ledger_row *row = note_like(l, &ev->longest, ev->sum.sleeps);
	struct sleep_sum sum = ev->sum;

	/* whose calls these were, no sum says */
	sum.further_sleeps = SUBMITS_UNKNOWN;
	if (row)
		ledger__add_sum(l, row, &sum, &ev->hist);
	return row;
}

/* ---- slices ---- */

void ledger__take_slices(struct ledger *l, uint32_t keep,
			 void (*gone)(void *ctx, enum ledger_table table, uint32_t no), void *ctx)
{
	l->slice = (struct ledger_slice){
		.taken = true, .no = 1, .keep = keep, .gone = gone, .gone_ctx = ctx};
}

void ledger__next_slice(struct ledger *l)
{
	struct ledger_slice *s = &l->slice;
	struct ledger_cell *c, *next;

	LL_FOREACH_SAFE(s->cells, c, next)
	{
		cell__reset(l, c);
		LL_PREPEND(s->spare, c);
	}
	s->cells = NULL;
	for (struct ledger_fs *fs = s->counted; fs; fs = fs->next_counted) {
		free(fs->slice);
		fs->slice = NULL;
	}
	s->counted = NULL;
	memset(&s->totals, 0, sizeof(s->totals));
	memset(&s->loss, 0, sizeof(s->loss));
	s->slow_submits = 0;
	s->events = 0;
	s->no++;
}

void ledger__free_rows(struct ledger *l)
{
	struct ledger_row *row, *next;
	struct ledger_cell *c;

	l->slice.gone = NULL;
	l->slice.keep = 0;
	ledger__next_slice(l);
	while ((c = l->slice.spare)) {
		LL_DELETE(l->slice.spare, c);
		sparse__free(&c->hist);
		free(c);
	}
	HASH_ITER(hh, l->rows, row, next)
	{
		drop_row(l, row);
	}
}
