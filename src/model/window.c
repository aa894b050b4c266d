// SPDX-License-Identifier: GPL-2.0
#include "model/window.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "model/state.h"
#include "model/tally.h"
#include "model/tap.h"

struct part {
	struct ledger *ledger;
	uint64_t began_ns, spilled;
};

struct window {
	struct ledger *of;
	struct ledger_opts opts;
	uint64_t span_ns, taken_ns;
	struct tap tap;
	struct tally tally;
	bool told; /* of processes, since the last slice */
	struct part older, newer;
	struct capture_info capture;
};

/* ---- what does not come by slices ---- */

/* The longest are kept in full, and a slice only counts them. */
static void on_submit(void *ctx, const struct ev_submit *ev)
{
	struct window *w = ctx;

	ledger__add_submit(w->of, ev);
	ledger__add_submit(w->older.ledger, ev);
	ledger__add_submit(w->newer.ledger, ev);
}

static void on_process(void *ctx, const struct ev_process *ev)
{
	struct window *w = ctx;

	ledger__add_process(w->of, ev);
	if (tally__process(&w->tally, ev))
		w->of->evicted = sat_add(w->of->evicted, 1);
	w->told = true;
}

static void on_failed(void *ctx, const struct ev_failed *ev)
{
	struct window *w = ctx;

	ledger__add_failed(w->of, ev);
	if (tally__failed(&w->tally, ev))
		w->of->evicted = sat_add(w->of->evicted, 1);
	w->told = true;
}

static void add_process(void *ctx, const struct ev_process *ev)
{
	struct window *w = ctx;

	ledger__add_process(w->older.ledger, ev);
	ledger__add_process(w->newer.ledger, ev);
}

static void add_failed(void *ctx, const struct ev_failed *ev)
{
	struct window *w = ctx;

	ledger__add_failed(w->older.ledger, ev);
	ledger__add_failed(w->newer.ledger, ev);
}

static void take_processes(struct window *w)
{
	const struct sink to = {.ctx = w, .process = add_process, .failed = add_failed};

	if (w->told)
		tally__tell(&w->tally, &to);
	w->told = false;
}

/* ---- slices ---- */

/* What all stalls of a row have in common, beside the numbers of the worst one. */
static struct ev_stall stall_of(const struct ledger_key *k, struct ev_stall ev)
{
	ev.who.pid = k->pid;
	ev.who.cgroup_id = k->cgroup_id;
	ev.who.comm = k->comm->text;
	ev.who.cgroup = k->cgroup->text;
	ev.fs = &k->fs->info;
	ev.plane = (enum plane)k->plane;
	ev.req.opcode = k->opcode;
	ev.req.path = k->path->text;
	ev.waker_kind = (enum waker_kind)k->waker_kind;
	ev.waker_comm = k->waker->text;
	ev.holder_pid = k->holder_pid;
	ev.holder_comm = k->holder->text;
	ev.behind = k->behind ? k->behind->cause : NULL;
	ev.stack = k->stack ? &k->stack->stack : NULL;
	ev.user_stack = k->user_stack ? &k->user_stack->stack : NULL;
	return ev;
}

static void add_cell(struct ledger *to, const struct ledger_cell *cell)
{
	const struct ledger_key *key = &cell->row->key;
	const struct ev_stall worst = stall_of(key, cell->worst);
	struct ledger_row *row = ledger__row(to, &worst, key->cause->cause);
	struct hist hist = {0};

	if (!row) {
		to->evicted = sat_add(to->evicted, cell->sum.sleeps);
		return;
	}
	hist__add_sparse(&hist, &cell->hist);
	ledger__add_sum(to, row, &cell->sum, &hist);
	/* of what was made room for, nothing is known in full */
	if (cell->worst_no)
		ledger__note_stall(to, row, &worst);
}

static bool is_nothing(const struct fs_counts *counts)
{
	static const struct fs_counts nothing;

	return !memcmp(counts, &nothing, sizeof(nothing));
}

/* A filesystem that nothing was done on has no row: its counters were told all the same. */
static void add_slice(struct ledger *to, const struct ledger_slice *s)
{
	struct ledger_cell *cell;

	for (struct ledger_fs *fs = s->counted; fs; fs = fs->next_counted)
		if (!is_nothing(fs->slice) && ledger__add_counts(to, &fs->info, fs->slice))
			to->evicted = sat_add(to->evicted, 1);
	ledger__add_counts(to, NULL, &s->totals);
	ledger__add_loss(to, &s->loss);
	LL_FOREACH(s->cells, cell)
	add_cell(to, cell);
}

void window__take(struct window *w, uint64_t now_ns)
{
	take_processes(w);
	add_slice(w->older.ledger, &w->of->slice);
	add_slice(w->newer.ledger, &w->of->slice);
	ledger__next_slice(w->of);
	w->taken_ns = now_ns;
}

/* ---- time ---- */

bool window__is_due(const struct window *w, uint64_t now_ns)
{
	return now_ns - w->newer.began_ns >= w->span_ns / 2;
}

void window__turn(struct window *w, const struct capture_info *capture, uint64_t now_ns)
{
	struct ledger *next = ledger__new(&w->opts);

	window__take(w, now_ns);
	/* where there is no memory now, what is there grows older */
	if (!next)
		return;
	ledger__set_clock(next, w->of->clock_ns);
	ledger__free(w->older.ledger);
	w->older = w->newer;
	w->newer = (struct part){next, now_ns, capture->spilled};
}

/* ---- the report ---- */

/* Who sleeps now is told of as a whole. */
static void tell_asleep(struct ledger *to, const struct ledger *of)
{
	for (size_t i = 0; i < of->nr_unfinished; i++)
		ledger__add_unfinished(to, &of->unfinished[i].ev, NULL);
}

static void raise(uint64_t *max_ns, uint64_t to_ns)
{
	if (to_ns > *max_ns)
		*max_ns = to_ns;
}

/* A slice of counters has the longest sleep only if none before it was longer, one of a row always. */
static void raise_longest(struct ledger *l)
{
	for (struct ledger_row *row = l->rows; row; row = row->hh.next) {
		if (row->key.plane != PLANE_SUBMIT)
			continue;
		raise(&row->key.fs->counts.c.max_sleep_ns, row->sum.max_ns);
		raise(&l->totals.c.max_sleep_ns, row->sum.max_ns);
	}
}

const struct report *window__report(struct window *w, const struct view *v,
				    const struct capture_info *capture)
{
	struct part *p = &w->older;
	uint64_t ago_ns;

	w->capture = *capture;
	w->capture.duration_ns = w->taken_ns - p->began_ns;
	ago_ns = sat_sub(capture->duration_ns, w->capture.duration_ns);
	w->capture.started_unix_ns += (int64_t)ago_ns;
	if (w->capture.started_mono_ns)
		w->capture.started_mono_ns += ago_ns;
	w->capture.spilled = sat_sub(capture->spilled, p->spilled);
	if (!p->ledger->loss.skipped)
		w->capture.skips = "";
	raise_longest(p->ledger);
	ledger__forget_unfinished(p->ledger);
	tell_asleep(p->ledger, w->of);
	return ledger__report(p->ledger, v, &w->capture);
}

/* ---- beginning and end ---- */

struct window *window__new(struct ledger *of, const struct ledger_opts *opts, uint64_t span_ns,
			   uint64_t now_ns)
{
	struct window *w = calloc(1, sizeof(*w));
	const struct sink own = {
		.ctx = w, .submit = on_submit, .process = on_process, .failed = on_failed};

	if (!w)
		return NULL;
	*w = (struct window){.of = of, .opts = *opts, .span_ns = span_ns, .taken_ns = now_ns};
	w->older = (struct part){ledger__new(opts), now_ns, 0};
	w->newer = (struct part){ledger__new(opts), now_ns, 0};
	if (!w->older.ledger || !w->newer.ledger) {
		window__free(w);
		return NULL;
	}
	tap__init(&w->tap, &own, ledger__sink(of));
	ledger__take_slices(of, 0, NULL, NULL);
	return w;
}

const struct sink *window__sink(struct window *w)
{
	return &w->tap.sink;
}

void window__free(struct window *w)
{
	if (!w)
		return;
	ledger__free(w->older.ledger);
	ledger__free(w->newer.ledger);
	tally__free(&w->tally);
	free(w);
}
