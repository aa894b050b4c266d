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
#include "model/report_causes.h"
#include "model/select.h"

/* Of the filesystems that the row is made of, what was said last. */
static const char *recorded_facts(const struct ledger_fs **of, size_t nr, const char *cause)
{
	for (size_t i = nr; i > 0; i--)
		for (const struct ledger_here *h = of[i - 1]->heres; h; h = h->next)
			if (!strcmp(h->cause, cause))
				return h->text;
	return "";
}

static void build_punts(struct selection *s, struct report_fs *f, const struct ledger_fs **of,
			size_t nr)
{
	char buf[256] = "";

	f->waiting_device = "";
	if (!f->c.punted_device)
		return;
	if (s->view->punts)
		s->view->punts(s->view->facts_ctx, f->fs, buf, sizeof(buf));
	f->waiting_device = !s->view->punts ? recorded_facts(of, nr, REPORT_PUNTED)
			    : *buf	    ? pool__str(s->pool, buf)
					    : "";
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
	report_causes__build(s, f, rows, nr_rows);
	f->files = report_files__build(s->pool, rows, nr_rows, &f->nr_files);
	build_punts(s, f, of, nr_of);
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

/* Before anything of a report points into these. */
static void put_in_order(struct ledger *l)
{
	qsort(l->slow, l->nr_slow, sizeof(*l->slow), slow_order);
	if (l->nr_samples)
		qsort(l->samples, l->nr_samples, sizeof(*l->samples), sample_order);
	if (l->nr_unfinished)
		qsort(l->unfinished, l->nr_unfinished, sizeof(*l->unfinished), unfinished_order);
}

const struct report *ledger__report(struct ledger *l, const struct view *v,
				    const struct capture_info *capture)
{
	static const struct view all;
	struct report *r = &l->report;
	struct selection s;

	pool__clear(&l->pool);
	build_capture(l, capture);
	put_in_order(l);
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
	return l->pool.failed ? NULL : r;
}
