// SPDX-License-Identifier: GPL-2.0
/* The report of what the model has gathered: every figure computed, every list sorted. */
#include "model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/loss.h"
#include "model/state.h"

#define TELLING_FRAMES 4

/* Indexed by IOCB_CMD_*. */
static const char *const op_names[] = {
	"pread", "pwrite", "fsync", "fdsync", "other", "poll", "noop", "preadv", "pwritev",
};

static double ratio(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

/* -1, 0 or 1: the larger one first. */
static int descending(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

static int key_order(const struct tally *x, const struct tally *y)
{
	int d = memcmp(x->key, y->key, x->key_len < y->key_len ? x->key_len : y->key_len);

	return d ? d : descending(y->key_len, x->key_len);
}

/* Equal figures are ordered by name, so that equal captures give equal reports. */
static int by_blocked(const void *a, const void *b)
{
	const struct tally *x = *(const struct tally *const *)a;
	const struct tally *y = *(const struct tally *const *)b;
	int d = descending(x->blocked_ns, y->blocked_ns);

	if (!d)
		d = descending(x->sleeps, y->sleeps);
	return d ? d : key_order(x, y);
}

static int by_sleeps(const void *a, const void *b)
{
	const struct tally *x = *(const struct tally *const *)a;
	const struct tally *y = *(const struct tally *const *)b;
	int d = descending(x->sleeps, y->sleeps);

	return d ? d : key_order(x, y);
}

/* The entries of a table in order; *n is their number, 0 if memory is short. */
static const struct tally **sorted(struct pool *p, const struct tally *table,
				   int (*order)(const void *, const void *), size_t *n)
{
	const struct tally **list;
	size_t i = 0;

	*n = HASH_COUNT(table);
	list = pool__array(p, *n, sizeof(const struct tally *));
	if (!list) {
		*n = 0;
		return NULL;
	}
	for (const struct tally *t = table; t; t = t->hh.next)
		list[i++] = t;
	qsort(list, *n, sizeof(const struct tally *), order);
	return list;
}

static struct report_file *build_files(struct pool *p, const struct tally *table, size_t *n)
{
	const struct tally **list = sorted(p, table, by_blocked, n);
	struct report_file *files = pool__array(p, *n, sizeof(*files));

	if (!files)
		*n = 0;
	for (size_t i = 0; i < *n; i++) {
		files[i] = (struct report_file){
			.path = list[i]->key,
			.sleeps = list[i]->sleeps,
			.blocked_ns = list[i]->blocked_ns,
			.max_ns = list[i]->max_ns,
		};
	}
	return files;
}

static struct report_waker *build_wakers(struct pool *p, const struct tally *table, size_t *n)
{
	const struct tally **list = sorted(p, table, by_sleeps, n);
	struct report_waker *wakers = pool__array(p, *n, sizeof(*wakers));

	if (!wakers)
		*n = 0;
	for (size_t i = 0; i < *n; i++)
		wakers[i] = (struct report_waker){list[i]->key, list[i]->sleeps};
	return wakers;
}

static struct report_holder *build_holders(struct pool *p, const struct tally *table, size_t *n)
{
	const struct tally **list = sorted(p, table, by_sleeps, n);
	struct report_holder *holders = pool__array(p, *n, sizeof(*holders));

	if (!holders)
		*n = 0;
	for (size_t i = 0; i < *n; i++) {
		char *comm;
		unsigned long pid = strtoul(list[i]->key, &comm, 10);

		/* "(other)" has no number before it */
		holders[i] = (struct report_holder){(uint32_t)pid, comm + (*comm == ' '),
						    list[i]->sleeps};
	}
	return holders;
}

static const struct stack *stack_of(const struct tally *t)
{
	static const char *other_frame[] = {TALLY_OTHER};
	static const struct stack other = {.depth = 1, .frames = other_frame};

	return t->key_len == sizeof(uint64_t) ? t->stack : &other;
}

static struct report_stack *build_stacks(struct pool *p, const struct tally *table, size_t *n)
{
	const struct tally **list = sorted(p, table, by_blocked, n);
	struct report_stack *stacks = pool__array(p, *n, sizeof(*stacks));

	if (!stacks)
		*n = 0;
	for (size_t i = 0; i < *n; i++) {
		const struct tally *comm = tally__top(list[i]->comms);
		const struct tally *user = tally__top(list[i]->user_stacks);

		stacks[i] = (struct report_stack){
			.stack = stack_of(list[i]),
			.user_stack = user ? stack_of(user) : NULL,
			.sleeps = list[i]->sleeps,
			.blocked_ns = list[i]->blocked_ns,
			.max_ns = list[i]->max_ns,
			.comm = comm ? comm->key : TALLY_OTHER,
		};
	}
	return stacks;
}

static const char *build_telling(struct model *m, const struct report_cause *c)
{
	const struct stack *s = c->nr_stacks ? c->stacks[0].stack : NULL;
	char buf[512];

	if (!s || !m->opts.causes)
		return "";
	return pool__str(&m->pool, causes__telling(m->opts.causes, s->frames, s->depth,
						   TELLING_FRAMES, buf, sizeof(buf)));
}

/* What the operator can do, then what the program's author can. */
static const char *build_advice(struct pool *p, const struct cause *cause)
{
	const char *host = cause->operator_advice ? cause->operator_advice : "";
	const char *program = cause->author_advice ? cause->author_advice : "";
	size_t size = strlen(host) + strlen(program) + sizeof(" In the program: ");
	char *both;

	if (!*host || !*program)
		return *program ? program : host;
	both = pool__array(p, size, 1);
	if (!both)
		return host;
	snprintf(both, size, "%s In the program: %s", host, program);
	return both;
}

static void build_worst(struct pool *p, struct report_cause *c, const struct worst *w)
{
	uint16_t op = w->req.opcode;

	c->worst_pid = w->pid;
	c->worst_tid = w->tid;
	c->worst_index = w->req.index;
	c->worst_nr = w->req.nr;
	c->worst_how = w->req.how;
	c->worst_comm = pool__str(p, w->comm);
	c->worst_path = pool__str(p, w->path);
	c->worst_op = op < sizeof(op_names) / sizeof(op_names[0]) ? op_names[op] : "other";
	c->worst_offset = w->req.offset;
	c->worst_len_bytes = w->req.len_bytes;
	c->worst_shape = w->req.shape;
}

static void build_cause(struct model *m, struct report_cause *c, const struct cause_row *row)
{
	struct pool *p = &m->pool;

	*c = (struct report_cause){
		.id = row->cause->id,
		.name = row->cause->name,
		.advice = build_advice(p, row->cause),
		.todo = row->cause->todo,
		.sleeps = row->sleeps,
		.blocked_ns = row->blocked_ns,
		.max_ns = row->max_ns,
		.held_up_requests = row->held_up_requests,
		.iowait_sleeps = row->iowait_sleeps,
		.nowait_sleeps = row->nowait_sleeps,
	};
	memcpy(c->how, row->how, sizeof(c->how));
	c->stacks = build_stacks(p, row->stacks, &c->nr_stacks);
	c->wakers = build_wakers(p, row->wakers, &c->nr_wakers);
	c->holders = build_holders(p, row->holders, &c->nr_holders);
	c->files = build_files(p, row->files, &c->nr_files);
	c->telling_frames = build_telling(m, c);
	build_worst(p, c, &row->worst);
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

/* The kernel's counters less what the stalls explain. */
static void add_unexplained(struct report_fs *f, const struct fs_row *row)
{
	const struct counters *c = &row->counts.c;
	uint64_t lost = sat_sub(sat_sub(c->sleeps, c->below_min_sleeps), row->sleeps);
	uint64_t lost_ns = sat_sub(sat_sub(c->blocked_ns, c->below_min_ns), row->blocked_ns);
	/* the longest sleep of all, if it is none of those on record */
	uint64_t max_ns = c->max_sleep_ns > row->max_ns ? c->max_sleep_ns : 0;

	if (c->below_min_sleeps)
		add_pseudo(f, PSEUDO_BELOW_MIN, c->below_min_sleeps, c->below_min_ns,
			   lost ? 0 : max_ns);
	if (lost)
		add_pseudo(f, PSEUDO_LOST, lost, lost_ns, max_ns);
}

static int cause_order(const void *a, const void *b)
{
	const struct report_cause *x = a, *y = b;
	int d = descending(x->blocked_ns, y->blocked_ns);

	if (!d)
		d = descending(x->sleeps, y->sleeps);
	return d ? d : strcmp(x->id, y->id);
}

/* Last of all: they look at the finished row. */
static void build_facts(struct model *m, struct report_fs *f)
{
	char buf[2048];

	for (size_t i = 0; i < f->nr_causes; i++) {
		buf[0] = '\0';
		if (m->opts.facts)
			m->opts.facts(m->opts.facts_ctx, f->fs, &f->causes[i], buf, sizeof(buf));
		f->causes[i].facts = *buf ? pool__str(&m->pool, buf) : "";
	}
}

static void build_causes(struct model *m, struct report_fs *f, const struct fs_row *row)
{
	uint64_t sum = 0, whole;

	f->causes = pool__array(&m->pool, HASH_COUNT(row->causes) + 2, sizeof(*f->causes));
	if (!f->causes)
		return;
	for (const struct cause_row *c = row->causes; c; c = c->hh.next)
		build_cause(m, &f->causes[f->nr_causes++], c);
	add_unexplained(f, row);
	for (size_t i = 0; i < f->nr_causes; i++)
		sum = sat_add(sum, f->causes[i].blocked_ns);
	/* calls still under way have sent stalls that are not in the counters yet */
	whole = sum > f->c.blocked_ns ? sum : f->c.blocked_ns;
	for (size_t i = 0; i < f->nr_causes; i++)
		f->causes[i].share = ratio(f->causes[i].blocked_ns, whole);
	qsort(f->causes, f->nr_causes, sizeof(*f->causes), cause_order);
	build_facts(m, f);
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

static void build_fs(struct model *m, struct report_fs *f, const struct fs_row *row)
{
	const struct counters *c = &row->counts.c;

	f->fs = row->fs;
	f->c = *c;
	f->blocked_share = ratio(c->submits_blocked, c->submits);
	f->ctxsw_per_io = ratio(c->sleeps, c->requests);
	build_dist(&f->sleep, &row->counts.sleep, c->max_sleep_ns);
	build_dist(&f->submit, &row->counts.submit, c->max_submit_ns);
	build_causes(m, f, row);
	f->files = build_files(&m->pool, row->files, &f->nr_files);
}

static int fs_order(const void *a, const void *b)
{
	const struct report_fs *x = a, *y = b;
	int d = descending(x->c.blocked_ns, y->c.blocked_ns);

	if (!d)
		d = descending(x->c.submits, y->c.submits);
	if (!d)
		d = strcmp(x->fs->fstype ? x->fs->fstype : "", y->fs->fstype ? y->fs->fstype : "");
	if (!d)
		d = descending(y->fs->major, x->fs->major);
	return d ? d : descending(y->fs->minor, x->fs->minor);
}

static void build_all_fs(struct model *m, struct report *r)
{
	r->fs = pool__array(&m->pool, HASH_COUNT(m->fs), sizeof(*r->fs));
	if (!r->fs)
		return;
	for (const struct fs_row *row = m->fs; row; row = row->hh.next)
		build_fs(m, &r->fs[r->nr_fs++], row);
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

static void build_loss(const struct model *m, struct report *r)
{
	struct loss *l = &r->loss;

	*l = m->loss;
	l->model_evicted = sat_add(l->model_evicted, m->evicted);
	for (size_t i = 0; i < BUDGETS; i++)
		l->model_evicted = sat_add(l->model_evicted, m->budget[i].evicted);
	r->any_loss = loss__any(l);
}

/* What is printed when the source knows nothing of itself. */
static void build_capture(struct model *m, const struct capture_info *capture)
{
	struct capture_info *c = &m->capture;

	*c = capture ? *capture : (struct capture_info){0};
	c->command = pool__str(&m->pool, c->command);
	c->filters = pool__str(&m->pool, c->filters);
	for (size_t i = 0; i < NEED_MAX; i++)
		c->probe[i] = pool__str(&m->pool, c->probe[i]);
}

static int sample_order(const void *a, const void *b)
{
	const struct ev_sample *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return x->stack < y->stack ? -1 : x->stack > y->stack;
}

const struct report *model__report(struct model *m, const struct capture_info *capture)
{
	struct report *r = &m->report;
	const struct counters *c = &m->totals.c;

	pool__clear(&m->pool);
	build_capture(m, capture);
	*r = (struct report){
		.capture = &m->capture,
		.totals = *c,
		.blocked_share = ratio(c->submits_blocked, c->submits),
		.ctxsw_per_io = ratio(c->sleeps, c->requests),
		.slow = m->slow,
		.nr_slow = m->nr_slow,
		.slow_total = m->slow_total,
		.slow_threshold_ns = m->opts.slow_threshold_ns,
		.unfinished = m->unfinished,
		.nr_unfinished = m->nr_unfinished,
		.samples = m->samples,
		.nr_samples = m->nr_samples,
		.samples_total = m->samples_total,
	};
	build_dist(&r->sleep, &m->totals.sleep, c->max_sleep_ns);
	build_dist(&r->submit, &m->totals.submit, c->max_submit_ns);
	build_loss(m, r);
	build_all_fs(m, r);
	qsort(m->slow, m->nr_slow, sizeof(*m->slow), slow_order);
	if (m->nr_samples)
		qsort(m->samples, m->nr_samples, sizeof(*m->samples), sample_order);
	if (m->nr_unfinished)
		qsort(m->unfinished, m->nr_unfinished, sizeof(*m->unfinished), unfinished_order);
	return m->pool.failed ? NULL : r;
}
