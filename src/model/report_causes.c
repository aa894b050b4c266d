// SPDX-License-Identifier: GPL-2.0
#include "model/report_causes.h"

#include <stdlib.h>
#include <string.h>

#include "model/judge.h"

#define TELLING_FRAMES 4

struct report_file *report_files__build(struct pool *p, const struct ledger_row **rows, size_t nr,
					size_t *n)
{
	const struct part *parts = parts__of(p, rows, nr, row__by_path, PARTS_BY_BLOCKED, n);
	struct report_file *files = pool__array(p, *n, sizeof(*files));

	if (!files)
		*n = 0;
	for (size_t i = 0; i < *n; i++) {
		files[i] = (struct report_file){
			.path = row__path(parts[i].rows[0]),
			.sleeps = parts[i].sum.sleeps,
			.blocked_ns = parts[i].sum.blocked_ns,
			.max_ns = parts[i].sum.max_ns,
		};
	}
	return files;
}

static struct report_waker *build_wakers(struct pool *p, const struct ledger_row **rows, size_t nr,
					 size_t *n)
{
	const struct part *parts = parts__of(p, rows, nr, row__by_waker, PARTS_BY_SLEEPS, n);
	struct report_waker *wakers = pool__array(p, *n, sizeof(*wakers));

	if (!wakers)
		*n = 0;
	for (size_t i = 0; i < *n; i++)
		wakers[i] =
			(struct report_waker){row__waker(parts[i].rows[0]), parts[i].sum.sleeps};
	return wakers;
}

/* Of locks whose holder is known. */
static struct report_holder *build_holders(struct pool *p, const struct ledger_row **rows,
					   size_t nr, size_t *n)
{
	const struct part *parts = parts__of(p, rows, nr, row__by_holder, PARTS_BY_SLEEPS, n);
	struct report_holder *holders = pool__array(p, *n, sizeof(*holders));
	size_t known = 0;

	for (size_t i = 0; holders && i < *n; i++) {
		const struct ledger_key *k = &parts[i].rows[0]->key;

		if (k->holder_pid)
			holders[known++] = (struct report_holder){k->holder_pid, k->holder->text,
								  parts[i].sum.sleeps};
	}
	*n = known;
	return holders;
}

static bool is_behind_own_worker(const struct ledger_key *k)
{
	return k->plane == PLANE_WORKER && k->holder_pid && k->holder_pid == k->pid &&
	       !strncmp(k->holder->text, "iou-wrk-", strlen("iou-wrk-"));
}

/* By what those slept for that held the lock. */
static void build_behind(struct pool *p, struct report_cause *c, const struct part *part)
{
	const struct ledger_row **rows = pool__array(p, part->nr, sizeof(*rows));
	const struct part *parts;
	size_t n = 0;

	for (size_t i = 0; rows && i < part->nr; i++)
		if (is_behind_own_worker(&part->rows[i]->key))
			rows[n++] = part->rows[i];
	if (!n)
		return;
	c->together = part->sum.together;
	parts = parts__of(p, rows, n, row__by_behind, PARTS_BY_BLOCKED, &n);
	c->behind = pool__array(p, n, sizeof(*c->behind));
	for (size_t i = 0; c->behind && i < n; i++) {
		const struct ledger_cause *by = parts[i].rows[0]->key.behind;

		c->behind[c->nr_behind++] = (struct report_behind){
			by ? by->cause->id : NULL, parts[i].sum.sleeps, parts[i].sum.blocked_ns};
	}
}

/* Their time is the holders', too. */
static void add_followers(struct report_fs *f)
{
	for (size_t i = 0; i < f->nr_causes; i++) {
		const struct report_cause *c = &f->causes[i];

		for (size_t k = 0; k < c->nr_behind; k++) {
			const struct report_behind *b = &c->behind[k];

			for (size_t j = 0; b->id && j < f->nr_causes; j++) {
				struct report_cause *of = &f->causes[j];

				if (of->plane != c->plane || strcmp(of->id, b->id) != 0)
					continue;
				of->followers = sat_add(of->followers, b->sleeps);
				of->followers_ns = sat_add(of->followers_ns, b->blocked_ns);
			}
		}
	}
}

/* The stack of the most sleeps among those that have one. */
static const struct stack *top_user_stack(struct pool *p, const struct part *part)
{
	const struct part *parts;
	size_t n;

	parts = parts__of(p, part->rows, part->nr, row__by_user_stack, PARTS_BY_SLEEPS, &n);
	for (size_t i = 0; i < n; i++)
		if (parts[i].rows[0]->key.user_stack)
			return &parts[i].rows[0]->key.user_stack->stack;
	return NULL;
}

static const char *top_comm(struct pool *p, const struct part *part)
{
	size_t n;
	const struct part *parts =
		parts__of(p, part->rows, part->nr, row__by_comm, PARTS_BY_SLEEPS, &n);

	return n ? parts[0].rows[0]->key.comm->text : LEDGER_OTHER;
}

static const char *build_via(struct selection *s, const struct ledger_stack *of)
{
	const struct causes *causes = s->ledger->opts.causes;
	char buf[256];

	if (!of || !causes)
		return "";
	return pool__str(s->pool,
			 causes__via(causes, of->stack.frames, of->stack.depth, buf, sizeof(buf)));
}

static struct report_stack *build_stacks(struct selection *sel, const struct ledger_row **rows,
					 size_t nr, size_t *n)
{
	struct pool *p = sel->pool;
	const struct part *parts = parts__of(p, rows, nr, row__by_stack, PARTS_BY_BLOCKED, n);
	struct report_stack *stacks = pool__array(p, *n, sizeof(*stacks));

	if (!stacks)
		*n = 0;
	for (size_t i = 0; i < *n; i++) {
		const struct ledger_stack *s = parts[i].rows[0]->key.stack;

		stacks[i] = (struct report_stack){
			.stack = s ? &s->stack : NULL,
			.user_stack = top_user_stack(p, &parts[i]),
			.sleeps = parts[i].sum.sleeps,
			.blocked_ns = parts[i].sum.blocked_ns,
			.max_ns = parts[i].sum.max_ns,
			.comm = top_comm(p, &parts[i]),
			.via = build_via(sel, s),
			.doubt = ledger__doubt(sel->ledger, parts[i].rows[0]->key.stack,
					       parts[i].rows[0]->key.cause),
		};
	}
	return stacks;
}

/* The function of the stack of most time, where stacks with doubt make up more than half of the time. */
static const char *doubt_of(const struct report_cause *c)
{
	const char *first = NULL;
	uint64_t ns = 0;

	for (size_t i = 0; i < c->nr_stacks; i++) {
		if (!c->stacks[i].doubt)
			continue;
		first = first ? first : c->stacks[i].doubt;
		ns = sat_add(ns, c->stacks[i].blocked_ns);
	}
	return ns > c->blocked_ns / 2 ? first : NULL;
}

static const char *build_telling(struct selection *s, const struct report_cause *c)
{
	const struct stack *st = c->nr_stacks ? c->stacks[0].stack : NULL;
	const struct causes *causes = s->ledger->opts.causes;
	char buf[512];

	if (!st || !causes)
		return "";
	return pool__str(s->pool, causes__telling(causes, st->frames, st->depth, TELLING_FRAMES,
						  buf, sizeof(buf)));
}

/* The row with the longest stall; of those as long, the one whose stall is known in full. */
static const struct ledger_row *worst_row(const struct part *part)
{
	const struct ledger_row *worst = part->rows[0];

	for (size_t i = 1; i < part->nr; i++) {
		const struct ledger_row *row = part->rows[i];
		int d = descending(worst->sum.max_ns, row->sum.max_ns);

		if (d > 0 || (!d && row->worst.blocked_ns > worst->worst.blocked_ns))
			worst = row;
	}
	return worst;
}

/* Where the longest stall is not on record, what its key says of it. */
static int64_t wall_of(const struct capture_info *c, const struct ledger_worst *w)
{
	int64_t clock_ns = w->clock_ns;

	if (!clock_ns && c->started_mono_ns)
		clock_ns = c->started_unix_ns - (int64_t)c->started_mono_ns;
	/* hostile recordings have any number */
	return w->end_ns && clock_ns && w->began_ns <= INT64_MAX / 4 && clock_ns < INT64_MAX / 4 &&
			       clock_ns > INT64_MIN / 4
		       ? clock_ns + (int64_t)w->began_ns
		       : 0;
}

static void build_worst(struct report_cause *c, const struct ledger_row *row,
			const struct capture_info *capture)
{
	const struct ledger_worst *w = &row->worst;
	const struct ledger_key *k = &row->key;
	bool known = w->comm && w->blocked_ns >= row->sum.max_ns;
	uint16_t op = known ? w->req.opcode : k->opcode;

	c->worst_pid = known ? w->pid : k->pid;
	c->worst_comm = known ? w->comm->text : k->comm->text;
	c->worst_path = known ? w->req.path : k->path->text;
	c->worst_op = op__name(op);
	if (!known)
		return;
	c->worst_tid = w->tid;
	c->worst_end_ns = w->end_ns;
	c->worst_began_unix_ns = wall_of(capture, w);
	c->worst_index = w->req.index;
	c->worst_nr = w->req.nr;
	c->worst_how = w->req.how;
	c->worst_fd = w->req.fd;
	c->worst_ino = w->req.ino;
	c->worst_offset = w->req.offset;
	c->worst_len_bytes = w->req.len_bytes;
	c->worst_shape = w->req.shape;
}

static void build_cause(struct selection *s, struct report_cause *c, const struct part *part)
{
	const struct cause *cause = part->rows[0]->key.cause->cause;
	struct pool *p = s->pool;

	*c = (struct report_cause){
		.id = cause->id,
		.name = cause->name,
		.plane = part->rows[0]->key.plane,
		.asks = cause->asks,
		.sleeps = part->sum.sleeps,
		.blocked_ns = part->sum.blocked_ns,
		.max_ns = part->sum.max_ns,
		.held_up_requests = part->sum.held_up_requests,
		.iowait_sleeps = part->sum.iowait_sleeps,
		.nowait_sleeps = part->sum.nowait_sleeps,
		.submits_blocked = sat_sub(part->sum.sleeps, part->sum.further_sleeps),
		.knows_submits = part->sum.further_sleeps != SUBMITS_UNKNOWN &&
				 !capture__sleeps_only(&s->ledger->capture),
	};
	memcpy(c->how, part->sum.how, sizeof(c->how));
	build_worst(c, worst_row(part), &s->ledger->capture);
	c->stacks = build_stacks(s, part->rows, part->nr, &c->nr_stacks);
	c->doubt = doubt_of(c);
	c->wakers = build_wakers(p, part->rows, part->nr, &c->nr_wakers);
	c->holders = build_holders(p, part->rows, part->nr, &c->nr_holders);
	build_behind(p, c, part);
	c->files = report_files__build(p, part->rows, part->nr, &c->nr_files);
	c->telling_frames = build_telling(s, c);
	remedies__build(s, c, part);
}

/* A cause of sleeps that were counted but of which there is no record. */
static void add_pseudo(struct report_fs *f, enum pseudo which, uint64_t sleeps, uint64_t blocked_ns,
		       uint64_t max_ns)
{
	const struct cause *cause = pseudo__cause(which);

	f->causes[f->nr_causes++] = (struct report_cause){
		.id = cause->id,
		.name = cause->name,
		.advice = cause->operator_advice,
		.telling_frames = "",
		.worst_comm = "",
		.worst_path = "",
		.worst_op = "other",
		.sleeps = sleeps,
		.blocked_ns = blocked_ns,
		.max_ns = max_ns,
	};
}

/* Or else what has no record has it in another file, or outside of the time that was asked for. */
static bool lost_records(const struct ledger *l)
{
	return l->loss.events || l->loss.malformed || l->loss.model_evicted || l->evicted;
}

/* The counters less what the stalls explain. */
static void add_unexplained(struct report_fs *f, const struct sleep_sum *stalls, bool any_lost)
{
	const struct counters *c = &f->c;
	uint64_t untold = sat_sub(sat_sub(c->sleeps, c->below_min_sleeps), stalls->sleeps);
	uint64_t untold_ns = sat_sub(sat_sub(c->blocked_ns, c->below_min_ns), stalls->blocked_ns);
	/* the longest sleep of all, if it is none of those on record */
	uint64_t max_ns = c->max_sleep_ns > stalls->max_ns ? c->max_sleep_ns : 0;

	if (c->below_min_sleeps)
		add_pseudo(f, PSEUDO_BELOW_MIN, c->below_min_sleeps, c->below_min_ns,
			   untold ? 0 : max_ns);
	if (untold)
		add_pseudo(f, any_lost ? PSEUDO_LOST : PSEUDO_BEYOND, untold, untold_ns, max_ns);
}

static int cause_order(const void *a, const void *b)
{
	const struct report_cause *x = a, *y = b;
	int d = descending(y->plane, x->plane);

	if (!d)
		d = descending(x->blocked_ns, y->blocked_ns);
	if (!d)
		d = descending(x->sleeps, y->sleeps);
	return d ? d : strcmp(x->id, y->id);
}

/* Of a cause's sleeps those of each plane are by themselves. */
static int row_by_cause(const void *a, const void *b)
{
	const struct ledger_row *x = *(const struct ledger_row *const *)a;
	const struct ledger_row *y = *(const struct ledger_row *const *)b;

	if (x->key.plane != y->key.plane)
		return descending(y->key.plane, x->key.plane);
	return x->key.cause == y->key.cause
		       ? 0
		       : strcmp(x->key.cause->cause->id, y->key.cause->cause->id);
}

void report_causes__build(struct selection *s, struct report_fs *f, const struct ledger_row **rows,
			  size_t nr)
{
	struct sleep_sum stalls = {0};
	size_t n;
	struct part *parts = parts__of(s->pool, rows, nr, row_by_cause, PARTS_BY_BLOCKED, &n);

	f->causes = pool__array(s->pool, n + 2, sizeof(*f->causes));
	if (!f->causes)
		return;
	for (size_t i = 0; i < n; i++) {
		build_cause(s, &f->causes[f->nr_causes++], &parts[i]);
		if (f->causes[i].plane == PLANE_SUBMIT)
			sleep_sum__add(&stalls, &parts[i].sum);
	}
	add_followers(f);
	add_unexplained(f, &stalls, lost_records(s->ledger));
	for (int plane = 0; plane < PLANES; plane++)
		judge__shares(f, (enum plane)plane);
	qsort(f->causes, f->nr_causes, sizeof(*f->causes), cause_order);
}
