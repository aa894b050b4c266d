// SPDX-License-Identifier: GPL-2.0
/* From the tables to a report: sorted, every figure computed. */
#include <stdlib.h>
#include <string.h>

#include "model/tables.h"

struct block {
	struct block *next;
	max_align_t data[];
};

/* Zeroed memory that lives as long as the report; NULL when out of memory. */
static void *keep(struct model *m, size_t n, size_t size)
{
	struct block *b;

	if (n > (SIZE_MAX - sizeof(*b)) / (size ? size : 1))
		return NULL;
	b = calloc(1, sizeof(*b) + n * size);
	if (!b)
		return NULL;
	b->next = m->blocks;
	m->blocks = b;
	return b->data;
}

void model__report_free(struct model *m)
{
	while (m->blocks) {
		struct block *b = m->blocks;

		m->blocks = b->next;
		free(b);
	}
}

static double ratio(uint64_t a, uint64_t b)
{
	return b ? (double)a / (double)b : 0;
}

static void fill_dist(struct report_dist *d, const struct hist *h, uint64_t max_ns)
{
	d->hist = *h;
	d->p50 = hist__quantile(h, 0.50, max_ns);
	d->p90 = hist__quantile(h, 0.90, max_ns);
	d->p99 = hist__quantile(h, 0.99, max_ns);
	d->max = max_ns;
}

/* ---- order: most blocked time first, then what makes it the same on every run ---- */

#define DESCENDING(a, b) ((a) < (b) ? 1 : (a) > (b) ? -1 : 0)

static int by_file(const void *a, const void *b)
{
	const struct report_file *x = a, *y = b;

	return x->blocked_ns != y->blocked_ns ? DESCENDING(x->blocked_ns, y->blocked_ns) :
						strcmp(x->path, y->path);
}

static int by_waker(const void *a, const void *b)
{
	const struct report_waker *x = a, *y = b;

	return x->sleeps != y->sleeps ? DESCENDING(x->sleeps, y->sleeps) : strcmp(x->comm, y->comm);
}

static int compare_frames(const struct stack *x, const struct stack *y)
{
	for (uint32_t i = 0; x && y && i < x->depth && i < y->depth; i++) {
		int d = strcmp(x->frames[i], y->frames[i]);

		if (d)
			return d;
	}
	return x && y ? DESCENDING(x->depth, y->depth) : !x - !y;
}

static int by_stack(const void *a, const void *b)
{
	const struct report_stack *x = a, *y = b;

	if (x->blocked_ns != y->blocked_ns)
		return DESCENDING(x->blocked_ns, y->blocked_ns);
	return compare_frames(x->stack, y->stack);
}

static int by_cause(const void *a, const void *b)
{
	const struct report_cause *x = a, *y = b;

	return x->blocked_ns != y->blocked_ns ? DESCENDING(x->blocked_ns, y->blocked_ns) :
						strcmp(x->id, y->id);
}

static int by_fs(const void *a, const void *b)
{
	const struct report_fs *x = a, *y = b;

	if (x->c.blocked_ns != y->c.blocked_ns)
		return DESCENDING(x->c.blocked_ns, y->c.blocked_ns);
	if (x->c.submits != y->c.submits)
		return DESCENDING(x->c.submits, y->c.submits);
	if (x->fs->major != y->fs->major)
		return x->fs->major < y->fs->major ? -1 : 1;
	return x->fs->minor < y->fs->minor ? -1 : x->fs->minor > y->fs->minor;
}

static int by_slow(const void *a, const void *b)
{
	const struct report_slow *x = a, *y = b;

	return DESCENDING(x->wall_ns, y->wall_ns);
}

static int by_age(const void *a, const void *b)
{
	const struct report_unfinished *x = a, *y = b;

	if (x->ev.age_ns != y->ev.age_ns)
		return DESCENDING(x->ev.age_ns, y->ev.age_ns);
	return x->ev.who.tid < y->ev.who.tid ? -1 : x->ev.who.tid > y->ev.who.tid;
}

/* ---- parts ---- */

static bool build_files(struct model *m, const struct tally *table, struct report_file **out, size_t *nr)
{
	struct report_file *f = *out = keep(m, HASH_COUNT(table), sizeof(**out));

	*nr = 0;
	if (!f)
		return false;
	for (const struct tally *t = table; t; t = t->hh.next)
		f[(*nr)++] = (struct report_file){t->key, t->sleeps, t->blocked_ns, t->max_ns};
	qsort(f, *nr, sizeof(*f), by_file);
	return true;
}

static bool build_wakers(struct model *m, const struct tally *table, struct report_cause *c)
{
	c->wakers = keep(m, HASH_COUNT(table), sizeof(*c->wakers));
	if (!c->wakers)
		return false;
	for (const struct tally *t = table; t; t = t->hh.next)
		c->wakers[c->nr_wakers++] = (struct report_waker){t->key, t->sleeps};
	qsort(c->wakers, c->nr_wakers, sizeof(*c->wakers), by_waker);
	return true;
}

static bool build_stacks(struct model *m, const struct cause_sum *from, struct report_cause *c)
{
	c->stacks = keep(m, HASH_COUNT(from->stacks), sizeof(*c->stacks));
	if (!c->stacks)
		return false;
	for (const struct stack_sum *s = from->stacks; s; s = s->hh.next)
		c->stacks[c->nr_stacks++] = (struct report_stack){
			.stack = s->stack, .user_stack = s->user_stack.who, .sleeps = s->sleeps,
			.blocked_ns = s->blocked_ns, .max_ns = s->max_ns, .comm = s->comm ? s->comm : "",
		};
	qsort(c->stacks, c->nr_stacks, sizeof(*c->stacks), by_stack);
	return true;
}

static const char *op_name(uint16_t opcode)
{
	static const char *const names[] = {
		"pread", "pwrite", "fsync", "fdsync", "preadx", "poll", "noop", "preadv", "pwritev",
	};

	return opcode < sizeof(names) / sizeof(*names) ? names[opcode] : "other";
}

static void build_worst(struct report_cause *c, const struct worst *w)
{
	c->worst_pid = w->ev.who.pid;
	c->worst_tid = w->ev.who.tid;
	c->worst_index = w->ev.req.index;
	c->worst_nr = w->ev.req.nr;
	c->worst_how = w->ev.req.how;
	c->worst_comm = w->comm ? w->comm : "";
	c->worst_path = w->path ? w->path : "";
	c->worst_op = op_name(w->ev.req.opcode);
	c->worst_offset = w->ev.req.offset;
	c->worst_len_bytes = w->ev.req.len_bytes;
	c->worst_shape = w->ev.req.shape;
}

#define TELLING_FRAMES 4
#define TELLING_BYTES 256

static bool build_telling(struct model *m, struct report_cause *c)
{
	char *text = keep(m, 1, TELLING_BYTES);

	if (!text)
		return false;
	if (m->opts.causes && c->nr_stacks && c->stacks[0].stack)
		causes__telling(m->opts.causes, c->stacks[0].stack->frames, c->stacks[0].stack->depth,
				TELLING_FRAMES, text, TELLING_BYTES);
	c->telling_frames = text;
	return true;
}

static bool build_cause(struct model *m, const struct cause_sum *from, struct report_cause *c,
			uint64_t fs_blocked_ns)
{
	c->id = from->cause->id;
	c->name = from->cause->name;
	c->advice = from->cause->operator_advice;
	c->sleeps = from->sleeps;
	c->blocked_ns = from->blocked_ns;
	c->max_ns = from->max_ns;
	c->held_up_requests = from->held_up_requests;
	c->iowait_sleeps = from->iowait_sleeps;
	c->share = ratio(from->blocked_ns, fs_blocked_ns);
	memcpy(c->how, from->how, sizeof(c->how));
	build_worst(c, &from->worst);
	return build_stacks(m, from, c) && build_wakers(m, from->wakers, c) &&
	       build_files(m, from->files, &c->files, &c->nr_files) && build_telling(m, c);
}

/* Sleeps that the kernel counted and that no event tells about. */
static void build_pseudo(struct report_fs *f, const char *id, const char *name, const char *advice,
			 uint64_t sleeps, uint64_t blocked_ns)
{
	if (!sleeps)
		return;
	f->causes[f->nr_causes++] = (struct report_cause){
		.id = id, .name = name, .advice = advice, .telling_frames = "", .sleeps = sleeps,
		.blocked_ns = blocked_ns, .share = ratio(blocked_ns, f->c.blocked_ns),
		.worst_comm = "", .worst_path = "", .worst_op = "",
	};
}

static uint64_t beyond(uint64_t all, uint64_t a, uint64_t b)
{
	if (all < a)
		return 0;
	return all - a < b ? 0 : all - a - b;
}

static bool build_causes(struct model *m, const struct fs_sum *from, struct report_fs *f)
{
	const struct counters *c = &f->c;

	f->causes = keep(m, HASH_COUNT(from->causes) + 2, sizeof(*f->causes));
	if (!f->causes)
		return false;
	for (const struct cause_sum *s = from->causes; s; s = s->hh.next)
		if (!build_cause(m, s, &f->causes[f->nr_causes++], c->blocked_ns))
			return false;
	build_pseudo(f, "below_min", "shorter than the shortest stall kept (-m)", "",
		     c->below_min_sleeps, c->below_min_ns);
	build_pseudo(f, "lost", "the records of these sleeps were lost", "trace less at once, with a filter or -m",
		     beyond(c->sleeps, from->sleeps, c->below_min_sleeps),
		     beyond(c->blocked_ns, from->blocked_ns, c->below_min_ns));
	qsort(f->causes, f->nr_causes, sizeof(*f->causes), by_cause);
	return true;
}

static bool build_fs(struct model *m, const struct fs_sum *from, struct report_fs *f)
{
	f->fs = from->fs;
	f->c = from->counts.c;
	f->blocked_share = ratio(f->c.submits_blocked, f->c.submits);
	f->ctxsw_per_io = ratio(f->c.sleeps, f->c.requests);
	fill_dist(&f->sleep, &from->counts.sleep, f->c.max_sleep_ns);
	fill_dist(&f->submit, &from->counts.submit, f->c.max_submit_ns);
	return build_causes(m, from, f) && build_files(m, from->files, &f->files, &f->nr_files);
}

static bool build_filesystems(struct model *m, struct report *r)
{
	r->fs = keep(m, HASH_COUNT(m->fs), sizeof(*r->fs));
	if (!r->fs)
		return false;
	for (const struct fs_sum *f = m->fs; f; f = f->hh.next)
		if (!build_fs(m, f, &r->fs[r->nr_fs++]))
			return false;
	qsort(r->fs, r->nr_fs, sizeof(*r->fs), by_fs);
	return true;
}

static bool build_lists(struct model *m, struct report *r)
{
	r->slow = keep(m, m->nr_slow, sizeof(*r->slow));
	r->unfinished = keep(m, m->nr_unfinished, sizeof(*r->unfinished));
	if (!r->slow || !r->unfinished)
		return false;
	memcpy(r->slow, m->slow, m->nr_slow * sizeof(*r->slow));
	r->nr_slow = m->nr_slow;
	qsort(r->slow, r->nr_slow, sizeof(*r->slow), by_slow);
	for (size_t i = 0; i < m->nr_unfinished; i++)
		r->unfinished[r->nr_unfinished++] = (struct report_unfinished){
			m->unfinished[i].ev, m->unfinished[i].cause->id, m->unfinished[i].cause->name,
		};
	qsort(r->unfinished, r->nr_unfinished, sizeof(*r->unfinished), by_age);
	return true;
}

static bool lost_something(const struct loss *l)
{
	return l->events || l->stacks || l->map_full || l->unmatched || l->unattributed ||
	       l->model_evicted || l->malformed;
}

const struct report *model__report(struct model *m, const struct capture_info *capture)
{
	struct report *r = &m->report;

	model__report_free(m);
	memset(r, 0, sizeof(*r));
	r->capture = capture;
	r->loss = m->loss;
	r->loss.model_evicted += m->evicted;
	r->any_loss = lost_something(&r->loss);
	r->totals = m->totals.c;
	r->blocked_share = ratio(r->totals.submits_blocked, r->totals.submits);
	r->ctxsw_per_io = ratio(r->totals.sleeps, r->totals.requests);
	fill_dist(&r->sleep, &m->totals.sleep, r->totals.max_sleep_ns);
	fill_dist(&r->submit, &m->totals.submit, r->totals.max_submit_ns);
	r->slow_total = m->slow_total;
	r->slow_threshold_ns = m->opts.slow_threshold_ns;
	return build_filesystems(m, r) && build_lists(m, r) ? r : NULL;
}
