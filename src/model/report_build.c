// SPDX-License-Identifier: GPL-2.0
/* The report of what is selected of the ledger: every figure computed, every list sorted. */
#include "model/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/judge.h"
#include "model/loss.h"
#include "model/moot.h"
#include "model/processes.h"
#include "model/select.h"

#define TELLING_FRAMES 4

static struct report_file *build_files(struct pool *p, const struct ledger_row **rows, size_t nr,
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
		};
	}
	return stacks;
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
	c->wakers = build_wakers(p, part->rows, part->nr, &c->nr_wakers);
	c->holders = build_holders(p, part->rows, part->nr, &c->nr_holders);
	c->files = build_files(p, part->rows, part->nr, &c->nr_files);
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

/* The counters less what the stalls explain. */
static void add_unexplained(struct report_fs *f, const struct sleep_sum *stalls)
{
	const struct counters *c = &f->c;
	uint64_t lost = sat_sub(sat_sub(c->sleeps, c->below_min_sleeps), stalls->sleeps);
	uint64_t lost_ns = sat_sub(sat_sub(c->blocked_ns, c->below_min_ns), stalls->blocked_ns);
	/* the longest sleep of all, if it is none of those on record */
	uint64_t max_ns = c->max_sleep_ns > stalls->max_ns ? c->max_sleep_ns : 0;

	if (c->below_min_sleeps)
		add_pseudo(f, PSEUDO_BELOW_MIN, c->below_min_sleeps, c->below_min_ns,
			   lost ? 0 : max_ns);
	if (lost)
		add_pseudo(f, PSEUDO_LOST, lost, lost_ns, max_ns);
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

/* Of the filesystems that the row is made of, what was said last. */
static const char *recorded_facts(const struct ledger_fs **of, size_t nr, const char *cause)
{
	for (size_t i = nr; i > 0; i--)
		for (const struct ledger_here *h = of[i - 1]->heres; h; h = h->next)
			if (!strcmp(h->cause, cause))
				return h->text;
	return "";
}

/* Last of all: they look at the finished row. */
static void build_facts(struct selection *s, struct report_fs *f, const struct ledger_fs **of,
			size_t nr)
{
	char buf[2048];

	for (size_t i = 0; i < f->nr_causes; i++) {
		struct report_cause *c = &f->causes[i];

		buf[0] = '\0';
		if (s->view->facts)
			s->view->facts(s->view->facts_ctx, f->fs, c, buf, sizeof(buf));
		c->facts = !s->view->facts ? recorded_facts(of, nr, c->id)
			   : *buf	   ? pool__str(s->pool, buf)
					   : "";
		moot__apply(s->pool, s->ledger->opts.causes, f->fs, c);
	}
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

static void build_causes(struct selection *s, struct report_fs *f, const struct ledger_row **rows,
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
	add_unexplained(f, &stalls);
	for (int plane = 0; plane < PLANES; plane++)
		judge__shares(f, (enum plane)plane);
	qsort(f->causes, f->nr_causes, sizeof(*f->causes), cause_order);
}

static void build_dist(struct report_dist *d, const struct hist *h, uint64_t max_ns)
{
	*d = (struct report_dist){
		.p50 = hist__quantile(h, 0.5, max_ns),
		.p90 = hist__quantile(h, 0.9, max_ns),
		.p99 = hist__quantile(h, 0.99, max_ns),
		.max = max_ns,
		.hist = *h,
	};
}

/* ---- filesystems ---- */

static int text_order(const char *a, const char *b)
{
	return a == b ? 0 : strcmp(a ? a : "", b ? b : "");
}

/* Anonymous devices get other numbers with each mount and boot. */
static uint32_t minor_of(const struct fs_info *fs)
{
	return !fs->major && *fs->mount ? 0 : fs->minor;
}

/* Those that are equal are one row: whatever kernel their host ran. */
static int same_fs_order(const void *a, const void *b)
{
	const struct ledger_fs *x = *(const struct ledger_fs *const *)a;
	const struct ledger_fs *y = *(const struct ledger_fs *const *)b;
	const uint32_t host_x = x->origin ? x->origin->host : 0;
	const uint32_t host_y = y->origin ? y->origin->host : 0;
	int d = descending(host_y, host_x);

	d = d ? d : descending(y->info.api, x->info.api);
	d = d ? d : descending(y->info.major, x->info.major);
	d = d ? d : descending(minor_of(&y->info), minor_of(&x->info));
	d = d ? d : descending(y->info.generation, x->info.generation);
	d = d ? d : text_order(x->info.fstype, y->info.fstype);
	d = d ? d : text_order(x->info.device_name, y->info.device_name);
	return d ? d : text_order(x->info.mount, y->info.mount);
}

static int row_by_fs(const void *a, const void *b)
{
	const struct ledger_row *x = *(const struct ledger_row *const *)a;
	const struct ledger_row *y = *(const struct ledger_row *const *)b;

	return descending(y->key.fs->view, x->key.fs->view);
}

/* With several hosts a mount point alone does not say where. */
static const struct fs_info *info_of(struct selection *s, const struct ledger_fs *fs)
{
	struct fs_info *info;
	char *mount;
	size_t size;

	if (s->ledger->nr_hosts < 2)
		return &fs->info;
	info = pool__array(s->pool, 1, sizeof(*info));
	size = strlen(fs->origin->hostname) + strlen(fs->info.mount) + 2;
	mount = pool__array(s->pool, size, 1);
	if (!info || !mount)
		return &fs->info;
	snprintf(mount, size, "%s:%s", fs->origin->hostname, fs->info.mount);
	*info = fs->info;
	info->mount = mount;
	return info;
}

static void add_row_counts(struct fs_counts *to, const struct ledger_row *row)
{
	struct hist hist = {0};

	hist__add_sparse(&hist, &row->hist);
	fs_counts__add_sleeps(to, row->key.plane, &row->sum, &hist);
}

static void sum_counts(const struct selection *s, struct fs_counts *sum,
		       const struct ledger_fs **of, size_t nr_of, const struct ledger_row **rows,
		       size_t nr_rows)
{
	memset(sum, 0, sizeof(*sum));
	for (size_t i = 0; !s->by_rows && i < nr_of; i++)
		fs_counts__add(sum, &of[i]->counts);
	for (size_t i = 0; s->by_rows && i < nr_rows; i++)
		add_row_counts(sum, rows[i]);
	fs_counts__fix_max(sum);
}

static void build_fs(struct selection *s, struct report_fs *f, const struct ledger_fs **of,
		     size_t nr_of, const struct ledger_row **rows, size_t nr_rows)
{
	struct fs_counts counts;

	sum_counts(s, &counts, of, nr_of, rows, nr_rows);
	f->fs = info_of(s, of[nr_of - 1]);
	f->c = counts.c;
	f->blocked_share = ratio(f->c.submits_blocked, f->c.submits);
	f->punted_share = ratio(f->c.punted, f->c.requests);
	f->ctxsw_per_io = ratio(f->c.sleeps, f->c.requests);
	build_dist(&f->sleep, &counts.sleep, f->c.max_sleep_ns);
	build_dist(&f->submit, &counts.submit, f->c.max_submit_ns);
	build_causes(s, f, rows, nr_rows);
	f->files = build_files(s->pool, rows, nr_rows, &f->nr_files);
	build_facts(s, f, of, nr_of);
	judge__fs(s, f, of, nr_of, rows, nr_rows);
}

static int fs_order(const void *a, const void *b)
{
	const struct report_fs *x = a, *y = b;
	int d = descending(x->severity, y->severity);

	d = d ? d : descending(x->c.blocked_ns, y->c.blocked_ns);
	d = d ? d : descending(x->c.submits, y->c.submits);
	if (!d)
		d = strcmp(x->fs->fstype ? x->fs->fstype : "", y->fs->fstype ? y->fs->fstype : "");
	if (!d)
		d = descending(y->fs->major, x->fs->major);
	return d ? d : descending(y->fs->minor, x->fs->minor);
}

static void build_all_fs(struct selection *s, struct report *r)
{
	const struct ledger_fs **list = (const struct ledger_fs **)s->filesystems;
	size_t row = 0;

	r->fs = pool__array(s->pool, s->nr_filesystems, sizeof(*r->fs));
	if (!r->fs)
		return;
	qsort(list, s->nr_filesystems, sizeof(*list), same_fs_order);
	for (size_t i = 0; i < s->nr_filesystems; i++) {
		r->nr_fs += !i || same_fs_order(&list[i - 1], &list[i]) != 0;
		s->filesystems[i]->view = (uint32_t)r->nr_fs;
	}
	if (s->nr_rows)
		qsort(s->rows, s->nr_rows, sizeof(*s->rows), row_by_fs);
	for (size_t i = 0, end = 0; i < s->nr_filesystems; i = end) {
		size_t first_row = row;

		while (end < s->nr_filesystems && list[end]->view == list[i]->view)
			end++;
		while (row < s->nr_rows && s->rows[row]->key.fs->view == list[i]->view)
			row++;
		/* without any row there is no table of them */
		build_fs(s, &r->fs[list[i]->view - 1], &list[i], end - i,
			 s->nr_rows ? &s->rows[first_row] : NULL, row - first_row);
	}
	qsort(r->fs, r->nr_fs, sizeof(*r->fs), fs_order);
}

static int slow_order(const void *a, const void *b)
{
	const struct report_slow *x = a, *y = b;
	int d = descending(x->wall_ns, y->wall_ns);

	return d ? d : descending(y->who.tid, x->who.tid);
}

static int unfinished_order(const void *a, const void *b)
{
	const struct report_unfinished *x = a, *y = b;
	int d = descending(x->ev.age_ns, y->ev.age_ns);

	return d ? d : descending(y->ev.who.tid, x->ev.who.tid);
}

static void build_loss(const struct selection *s, struct report *r, uint64_t evicted)
{
	const struct ledger *l = s->ledger;
	struct loss *loss = &r->loss;

	*loss = l->loss;
	loss->model_evicted = sat_add(loss->model_evicted, sat_add(l->evicted, evicted));
	judge__loss(s, r);
}

/* What is printed when the source knows nothing of itself. */
static void build_capture(struct ledger *l, const struct capture_info *capture)
{
	struct capture_info *c = &l->capture;

	*c = capture ? *capture : (struct capture_info){0};
	c->command = pool__str(&l->pool, c->command);
	c->filters = pool__str(&l->pool, c->filters);
	c->skips = pool__str(&l->pool, c->skips);
	c->skips_unknown = pool__str(&l->pool, c->skips_unknown);
	for (size_t i = 0; i < NEED_MAX; i++)
		c->probe[i] = pool__str(&l->pool, c->probe[i]);
}

static int sample_order(const void *a, const void *b)
{
	const struct ev_sample *x = a, *y = b;
	int d = descending(x->count, y->count);

	return d ? d : stack__compare(ledger_stack__of(x->stack), ledger_stack__of(y->stack));
}

/*
 * With a choice of filesystems or threads, what is chosen stands for all. Returns how many of the
 * sleeps have no request that was counted: of all only that is known, not where they fell.
 */
static uint64_t sum_totals(const struct selection *s, struct fs_counts *sum)
{
	const struct view_filter *f = s->view->filter;

	if (s->by_rows || (f && view_filter__is_of_fs(f))) {
		sum_counts(s, sum, (const struct ledger_fs **)s->filesystems, s->nr_filesystems,
			   s->rows, s->nr_rows);
		return 0;
	}
	*sum = s->ledger->totals;
	fs_counts__fix_max(sum);
	return s->ledger->loss.uncounted_sleeps;
}

static void build_totals(const struct selection *s, struct report *r)
{
	struct fs_counts sum;
	uint64_t uncounted = sum_totals(s, &sum);

	r->totals = sum.c;
	r->blocked_share = ratio(sum.c.submits_blocked, sum.c.submits);
	r->ctxsw_per_io = ratio(sat_sub(sum.c.sleeps, uncounted), sum.c.requests);
	build_dist(&r->sleep, &sum.sleep, sum.c.max_sleep_ns);
	build_dist(&r->submit, &sum.submit, sum.c.max_submit_ns);
}

const struct report *ledger__report(struct ledger *l, const struct view *v,
				    const struct capture_info *capture)
{
	static const struct view all;
	struct report *r = &l->report;
	struct selection s;

	pool__clear(&l->pool);
	build_capture(l, capture);
	*r = (struct report){
		.capture = &l->capture,
		.slow = l->slow,
		.nr_slow = l->nr_slow,
		.slow_total = l->slow_total,
		.slow_threshold_ns = l->opts.slow_threshold_ns,
		.unfinished = l->unfinished,
		.nr_unfinished = l->nr_unfinished,
		.samples = l->samples,
		.nr_samples = l->nr_samples,
		.samples_total = l->samples_total,
	};
	if (!selection__make(&s, l, v ? v : &all, &l->pool))
		return NULL;
	build_totals(&s, r);
	build_loss(&s, r, groups__build(&s, r));
	build_all_fs(&s, r);
	processes__build(&s, r);
	judge__report(&s, r);
	qsort(l->slow, l->nr_slow, sizeof(*l->slow), slow_order);
	if (l->nr_samples)
		qsort(l->samples, l->nr_samples, sizeof(*l->samples), sample_order);
	if (l->nr_unfinished)
		qsort(l->unfinished, l->nr_unfinished, sizeof(*l->unfinished), unfinished_order);
	return l->pool.failed ? NULL : r;
}
