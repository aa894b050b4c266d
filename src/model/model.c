// SPDX-License-Identifier: GPL-2.0
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#include "model/state.h"

#define DEFAULT_MAX_KEYS 20000

static struct cause_row *cause_row__find(const struct fs_row *fs, const struct cause *cause)
{
	struct cause_row *row;

	HASH_FIND_PTR(fs->causes, &cause, row);
	return row;
}

static struct cause_row *cause_row__get(struct model *m, struct fs_row *fs,
					const struct cause *cause)
{
	struct cause_row *row = cause_row__find(fs, cause);

	if (row)
		return row;
	if (!budget__take(&m->budget[BUDGET_ROWS])) {
		cause = pseudo__cause(PSEUDO_OTHER);
		row = cause_row__find(fs, cause);
		if (row)
			return row;
	}
	row = calloc(1, sizeof(*row));
	if (!row)
		return NULL;
	row->cause = cause;
	HASH_ADD_PTR(fs->causes, cause, row);
	if (!row->hh.tbl) {
		free(row);
		return NULL;
	}
	return row;
}

static struct fs_row *fs_row__find(const struct model *m, const struct fs_info *fs,
				   struct fs_key *key)
{
	struct fs_row *row;
	const char *type = fs->fstype ? fs->fstype : "";

	memset(key, 0, sizeof(*key));
	key->major = fs->major;
	key->minor = fs->minor;
	key->origin = m->origin;
	memcpy(key->fstype, type, strnlen(type, sizeof(key->fstype)));
	HASH_FIND(hh, m->fs, key, sizeof(*key), row);
	return row;
}

static struct fs_row *fs_row__get(struct model *m, const struct fs_info *fs)
{
	struct fs_key key;
	struct fs_row *row;

	if (!fs)
		fs = &pseudo_fs_unknown;
	row = fs_row__find(m, fs, &key);
	if (!row && !budget__take(&m->budget[BUDGET_ROWS])) {
		fs = &pseudo_fs_other;
		row = fs_row__find(m, fs, &key);
	}
	if (row) {
		/* the mount may have become known since */
		row->fs = fs;
		return row;
	}
	row = calloc(1, sizeof(*row));
	if (!row)
		return NULL;
	row->key = key;
	row->fs = fs;
	HASH_ADD(hh, m->fs, key, sizeof(key), row);
	if (!row->hh.tbl) {
		free(row);
		return NULL;
	}
	return row;
}

static const struct cause *match(const struct model *m, const struct stack *stack)
{
	if (!m->opts.causes)
		return pseudo__cause(PSEUDO_UNKNOWN);
	return causes__match(m->opts.causes, stack->frames, stack->depth);
}

const struct cause *model__cause_of(struct model *m, const struct stack *stack)
{
	struct cached *c;

	if (!stack || !stack->depth)
		return pseudo__cause(PSEUDO_NO_STACK);
	HASH_FIND(hh, m->cache, &stack->id, sizeof(stack->id), c);
	if (c)
		return c->cause;
	/* a cache that is full costs time, not truth */
	if (!stack->id || !m->cache_budget.left)
		return match(m, stack);
	c = calloc(1, sizeof(*c));
	if (!c)
		return match(m, stack);
	c->stack_id = stack->id;
	c->cause = match(m, stack);
	HASH_ADD(hh, m->cache, stack_id, sizeof(c->stack_id), c);
	if (!c->hh.tbl) {
		free(c);
		return match(m, stack);
	}
	m->cache_budget.left--;
	return c->cause;
}

static char *copy(struct model *m, const char *s)
{
	char *new = strdup(s ? s : "");

	if (!new)
		m->evicted = sat_add(m->evicted, 1);
	return new;
}

static void worst__set(struct model *m, struct worst *w, const struct ev_stall *ev)
{
	free(w->comm);
	free(w->path);
	*w = (struct worst){.pid = ev->who.pid, .tid = ev->who.tid, .req = ev->req};
	w->comm = copy(m, ev->who.comm);
	w->path = copy(m, ev->req.path);
	w->req.path = w->path;
}

static const char *waker_name(const struct ev_stall *ev)
{
	if (ev->waker_kind == WAKER_IRQ)
		return "(interrupt)";
	if (ev->waker_kind == WAKER_TASK && ev->waker_comm && *ev->waker_comm)
		return ev->waker_comm;
	return "(unknown)";
}

static void add_stack(struct model *m, struct cause_row *row, const struct ev_stall *ev,
		      const struct model_stalls *sum)
{
	uint64_t id = ev->stack ? ev->stack->id : 0;
	struct tally *t, *user;

	t = tally__get(&row->stacks, &id, sizeof(id), &m->budget[BUDGET_STACKS]);
	if (!t)
		return;
	tally__add(t, sum->sleeps, sum->blocked_ns, sum->max_ns);
	/* "(other)" has no frames of its own */
	if (t->key_len != sizeof(id))
		return;
	t->stack = ev->stack;
	tally__add(tally__get_str(&t->comms, ev->who.comm, &m->budget[BUDGET_NAMES]), sum->sleeps,
		   sum->blocked_ns, sum->max_ns);
	if (!ev->user_stack)
		return;
	id = ev->user_stack->id;
	user = tally__get(&t->user_stacks, &id, sizeof(id), &m->budget[BUDGET_STACKS]);
	tally__add(user, sum->sleeps, sum->blocked_ns, sum->max_ns);
	if (user && user->key_len == sizeof(id))
		user->stack = ev->user_stack;
}

/* Of a lock whose holder is known. */
static void add_holder(struct model *m, struct cause_row *row, const struct ev_stall *ev,
		       const struct model_stalls *sum)
{
	char key[128];

	if (!ev->holder_pid)
		return;
	snprintf(key, sizeof(key), "%u %s", ev->holder_pid, ev->holder_comm ? ev->holder_comm : "");
	tally__add(tally__get_str(&row->holders, key, &m->budget[BUDGET_NAMES]), sum->sleeps,
		   sum->blocked_ns, sum->max_ns);
}

static void cause_row__add(struct model *m, struct cause_row *row, const struct ev_stall *ev,
			   const struct model_stalls *sum)
{
	if (!row->sleeps || sum->max_ns > row->max_ns) {
		row->max_ns = sum->max_ns;
		worst__set(m, &row->worst, ev);
	}
	row->sleeps = sat_add(row->sleeps, sum->sleeps);
	row->blocked_ns = sat_add(row->blocked_ns, sum->blocked_ns);
	row->held_up_requests = sat_add(row->held_up_requests, sum->held_up_requests);
	row->iowait_sleeps = sat_add(row->iowait_sleeps, sum->iowait_sleeps);
	row->nowait_sleeps = sat_add(row->nowait_sleeps, sum->nowait_sleeps);
	for (size_t i = 0; i <= HOW_BATCH; i++)
		row->how[i] = sat_add(row->how[i], sum->how[i]);
	add_stack(m, row, ev, sum);
	tally__add(tally__get_str(&row->wakers, waker_name(ev), &m->budget[BUDGET_NAMES]),
		   sum->sleeps, sum->blocked_ns, sum->max_ns);
	add_holder(m, row, ev, sum);
	tally__add(tally__get_str(&row->files, ev->req.path, &m->budget[BUDGET_FILES]), sum->sleeps,
		   sum->blocked_ns, sum->max_ns);
}

/* Where the kernel's table of filesystems was full, stalls are all there is. */
static void count_without_counters(struct fs_counts *counts, const struct model_stalls *sum)
{
	struct counters *c = &counts->c;

	c->sleeps = sat_add(c->sleeps, sum->sleeps);
	c->blocked_ns = sat_add(c->blocked_ns, sum->blocked_ns);
	c->runqueue_ns = sat_add(c->runqueue_ns, sum->runqueue_ns);
	c->held_up_requests = sat_add(c->held_up_requests, sum->held_up_requests);
	if (sum->max_ns > c->max_sleep_ns)
		c->max_sleep_ns = sum->max_ns;
	if (sum->hist)
		hist__merge(&counts->sleep, sum->hist);
	else
		hist__add(&counts->sleep, sum->max_ns, sum->sleeps);
}

void model__add_stalls(struct model *m, const struct ev_stall *ev, const struct model_stalls *sum)
{
	struct fs_row *fs = fs_row__get(m, ev->fs);
	struct cause_row *row = fs ? cause_row__get(m, fs, sum->cause) : NULL;

	if (!row) {
		m->evicted = sat_add(m->evicted, 1);
		return;
	}
	fs->sleeps = sat_add(fs->sleeps, sum->sleeps);
	fs->blocked_ns = sat_add(fs->blocked_ns, sum->blocked_ns);
	if (sum->max_ns > fs->max_ns)
		fs->max_ns = sum->max_ns;
	if (!fs->has_counts)
		count_without_counters(&fs->counts, sum);
	cause_row__add(m, row, ev, sum);
	tally__add(tally__get_str(&fs->files, ev->req.path, &m->budget[BUDGET_FILES]), sum->sleeps,
		   sum->blocked_ns, sum->max_ns);
}

static enum request_how how_of(const struct ev_stall *ev)
{
	return (unsigned int)ev->req.how <= HOW_BATCH ? ev->req.how : HOW_UNKNOWN;
}

static void on_stall(void *ctx, const struct ev_stall *ev)
{
	struct model *m = ctx;
	struct model_stalls one = {
		.cause = model__cause_of(m, ev->stack),
		.sleeps = 1,
		.blocked_ns = ev->blocked_ns,
		.runqueue_ns = ev->runqueue_ns,
		.max_ns = ev->blocked_ns,
		.held_up_requests = ev->held_up_requests,
		.iowait_sleeps = ev->iowait,
		.nowait_sleeps = (ev->req.shape & SHAPE_NOWAIT) != 0,
	};

	one.how[how_of(ev)] = 1;
	model__add_stalls(m, ev, &one);
}

static void on_stalls(void *ctx, const struct ev_stalls *ev)
{
	struct model *m = ctx;
	struct model_stalls sum = {
		.cause = model__cause_of(m, ev->longest.stack),
		.sleeps = ev->sleeps,
		.blocked_ns = ev->blocked_ns,
		.runqueue_ns = ev->runqueue_ns,
		.max_ns = ev->longest.blocked_ns,
		.held_up_requests = ev->held_up_requests,
		.iowait_sleeps = ev->iowait_sleeps,
		.nowait_sleeps = ev->nowait_sleeps,
		.hist = &ev->hist,
	};

	sum.how[how_of(&ev->longest)] = ev->sleeps;
	model__add_stalls(m, &ev->longest, &sum);
}

static void who__release(struct who *who)
{
	free((char *)who->comm);
	free((char *)who->cgroup);
}

static void who__own(struct model *m, struct who *to, const struct who *from)
{
	*to = *from;
	to->comm = copy(m, from->comm);
	to->cgroup = copy(m, from->cgroup);
}

/* Where a slow submit goes: a free place, or that of the shortest kept if it is longer. */
static struct report_slow *slow_place(struct model *m, uint64_t wall_ns)
{
	struct report_slow *least = &m->slow[0];

	if (m->nr_slow < MODEL_SLOW_MAX)
		return &m->slow[m->nr_slow++];
	for (size_t i = 1; i < MODEL_SLOW_MAX; i++) {
		if (m->slow[i].wall_ns < least->wall_ns)
			least = &m->slow[i];
	}
	return wall_ns > least->wall_ns ? least : NULL;
}

/* A source may send every submit; only long ones that did not sleep belong here. */
static void on_submit(void *ctx, const struct ev_submit *ev)
{
	struct model *m = ctx;
	struct report_slow *slow;

	if (ev->sleeps || !m->opts.slow_threshold_ns || ev->wall_ns < m->opts.slow_threshold_ns)
		return;
	m->slow_total = sat_add(m->slow_total, 1);
	slow = slow_place(m, ev->wall_ns);
	if (!slow)
		return;
	who__release(&slow->who);
	*slow = (struct report_slow){
		.fs = ev->fs ? ev->fs : &pseudo_fs_unknown,
		.wall_ns = ev->wall_ns,
		.on_cpu_ns = ev->on_cpu_ns,
		.runqueue_ns = ev->runqueue_ns,
		.preempted_ns = ev->preempted_ns,
		.nr = ev->nr,
		.ret = ev->ret,
	};
	who__own(m, &slow->who, &ev->who);
}

static void unfinished__release(struct report_unfinished *u)
{
	who__release(&u->ev.who);
	free((char *)u->ev.req.path);
}

/* A thread sleeps once at a time: what is said last of it holds. */
static struct report_unfinished *unfinished_place(struct model *m, uint32_t tid)
{
	struct report_unfinished *grown;

	for (size_t i = 0; i < m->nr_unfinished; i++) {
		if (m->unfinished[i].ev.who.tid == tid && m->unfinished[i].origin == m->origin) {
			unfinished__release(&m->unfinished[i]);
			return &m->unfinished[i];
		}
	}
	if (m->nr_unfinished == MODEL_UNFINISHED_MAX)
		return NULL;
	grown = realloc(m->unfinished, (m->nr_unfinished + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	m->unfinished = grown;
	return &m->unfinished[m->nr_unfinished++];
}

void model__add_unfinished(struct model *m, const struct ev_unfinished *ev,
			   const struct cause *cause)
{
	struct report_unfinished *u = unfinished_place(m, ev->who.tid);

	if (!u) {
		m->evicted = sat_add(m->evicted, 1);
		return;
	}
	*u = (struct report_unfinished){
		.ev = *ev, .cause_id = cause->id, .cause_name = cause->name, .origin = m->origin};
	who__own(m, &u->ev.who, &ev->who);
	u->ev.req.path = copy(m, ev->req.path);
	if (!u->ev.fs)
		u->ev.fs = &pseudo_fs_unknown;
}

static void on_unfinished(void *ctx, const struct ev_unfinished *ev)
{
	struct model *m = ctx;

	model__add_unfinished(m, ev, model__cause_of(m, ev->stack));
}

static void on_fs_counts(void *ctx, const struct fs_info *fs, const struct fs_counts *counts)
{
	struct model *m = ctx;
	struct fs_row *row = fs_row__get(m, fs);

	if (!row) {
		m->evicted = sat_add(m->evicted, 1);
		return;
	}
	/* cumulative figures of several filesystems cannot be kept in one row */
	if (row->fs == &pseudo_fs_other)
		return;
	row->counts = *counts;
	row->has_counts = true;
}

static void on_totals(void *ctx, const struct fs_counts *counts)
{
	struct model *m = ctx;

	m->totals = *counts;
}

static void on_loss(void *ctx, const struct loss *loss)
{
	struct model *m = ctx;

	m->loss = *loss;
}

static void on_sample(void *ctx, const struct ev_sample *ev)
{
	struct model *m = ctx;
	struct ev_sample *grown;

	m->samples_total = sat_add(m->samples_total, ev->count);
	grown = m->nr_samples < MODEL_SAMPLES_MAX
			? realloc(m->samples, (m->nr_samples + 1) * sizeof(*grown))
			: NULL;
	if (!grown) {
		m->evicted = sat_add(m->evicted, 1);
		return;
	}
	m->samples = grown;
	grown[m->nr_samples] = *ev;
	if (!ev->fs)
		grown[m->nr_samples].fs = &pseudo_fs_unknown;
	m->nr_samples++;
}

struct model *model__new(const struct model_opts *opts)
{
	struct model *m = calloc(1, sizeof(*m));
	size_t keys;

	if (!m)
		return NULL;
	if (opts)
		m->opts = *opts;
	keys = m->opts.max_keys ? m->opts.max_keys : DEFAULT_MAX_KEYS;
	for (size_t i = 0; i < BUDGETS; i++)
		m->budget[i].left = keys > BUDGETS ? keys / BUDGETS : 1;
	m->cache_budget.left = keys;
	m->sink = (struct sink){
		.ctx = m,
		.stall = on_stall,
		.stalls = on_stalls,
		.submit = on_submit,
		.unfinished = on_unfinished,
		.fs_counts = on_fs_counts,
		.totals = on_totals,
		.loss = on_loss,
		.sample = on_sample,
	};
	return m;
}

static void cause_rows__free(struct cause_row **rows)
{
	struct cause_row *row, *next;

	HASH_ITER(hh, *rows, row, next)
	{
		HASH_DEL(*rows, row);
		free(row->worst.comm);
		free(row->worst.path);
		tally__free(&row->stacks);
		tally__free(&row->wakers);
		tally__free(&row->holders);
		tally__free(&row->files);
		free(row);
	}
}

static void free_tables(struct model *m)
{
	struct fs_row *fs, *next_fs;
	struct cached *c, *next;

	HASH_ITER(hh, m->fs, fs, next_fs)
	{
		HASH_DEL(m->fs, fs);
		cause_rows__free(&fs->causes);
		tally__free(&fs->files);
		free(fs);
	}
	HASH_ITER(hh, m->cache, c, next)
	{
		HASH_DEL(m->cache, c);
		free(c);
	}
}

void model__free(struct model *m)
{
	if (!m)
		return;
	free_tables(m);
	for (size_t i = 0; i < m->nr_slow; i++)
		who__release(&m->slow[i].who);
	for (size_t i = 0; i < m->nr_unfinished; i++)
		unfinished__release(&m->unfinished[i]);
	free(m->unfinished);
	free(m->samples);
	pool__clear(&m->pool);
	free(m);
}

void model__add_slow(struct model *m, uint64_t n)
{
	m->slow_total = sat_add(m->slow_total, n);
}

void model__set_origin(struct model *m, uint32_t origin)
{
	m->origin = origin;
}

const struct sink *model__sink(struct model *m)
{
	return &m->sink;
}

const struct fs_counts *model__totals(const struct model *m)
{
	return &m->totals;
}
