// SPDX-License-Identifier: GPL-2.0
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#include "model/tables.h"

#define DEFAULT_MAX_KEYS 20000

static const struct cause no_rules = {
	.id = "unknown", .name = "not classified", .meaning = "", .operator_advice = "",
	.author_advice = "", .kernels = "", .evidence = "",
};
static const struct cause no_stack = {
	.id = "no_stack", .name = "the stack of the sleep was lost", .meaning = "",
	.operator_advice = "", .author_advice = "", .kernels = "", .evidence = "",
};

/* Sums of hostile figures stay at the top instead of starting again at zero. */
static uint64_t add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static char *copy(const char *s)
{
	return strdup(s ? s : "");
}

/* ---- tables ---- */

static bool room(struct model *m)
{
	if (m->keys < m->opts.max_keys) {
		m->keys++;
		return true;
	}
	m->evicted++;
	return false;
}

static struct tally *tally_of(struct model *m, struct tally **table, const char *key)
{
	struct tally *t;

	HASH_FIND_STR(*table, key, t);
	if (t)
		return t;
	if (!room(m)) {
		key = MODEL_OTHER;
		HASH_FIND_STR(*table, key, t);
		if (t)
			return t;
	}
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->key = copy(key);
	if (!t->key) {
		free(t);
		return NULL;
	}
	HASH_ADD_KEYPTR(hh, *table, t->key, strlen(t->key), t);
	return t;
}

static void tally_add(struct tally *t, uint64_t blocked_ns)
{
	if (!t)
		return;
	t->sleeps++;
	t->blocked_ns = add(t->blocked_ns, blocked_ns);
	if (blocked_ns > t->max_ns)
		t->max_ns = blocked_ns;
}

static struct fs_sum *fs_of(struct model *m, const struct fs_info *fs)
{
	struct fs_sum *f;

	HASH_FIND_PTR(m->fs, &fs, f);
	if (f)
		return f;
	f = calloc(1, sizeof(*f));
	if (!f)
		return NULL;
	f->fs = fs;
	HASH_ADD_PTR(m->fs, fs, f);
	return f;
}

static struct cause_sum *cause_sum_of(struct fs_sum *f, const struct cause *cause)
{
	struct cause_sum *c;

	HASH_FIND_PTR(f->causes, &cause, c);
	if (c)
		return c;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->cause = cause;
	HASH_ADD_PTR(f->causes, cause, c);
	return c;
}

const struct cause *model__cause_of(struct model *m, const struct stack *stack)
{
	struct stack_cause *s;

	if (!stack)
		return &no_stack;
	if (!m->opts.causes)
		return &no_rules;
	HASH_FIND_PTR(m->cache, &stack, s);
	if (s)
		return s->cause;
	s = calloc(1, sizeof(*s));
	if (!s)
		return &no_rules;
	s->stack = stack;
	s->cause = causes__match(m->opts.causes, stack->frames, stack->depth);
	HASH_ADD_PTR(m->cache, stack, s);
	return s->cause;
}

/* ---- stalls ---- */

static void vote(struct majority *v, const void *who)
{
	if (v->who == who) {
		v->lead++;
	} else if (!v->lead) {
		v->who = who;
		v->lead = 1;
	} else {
		v->lead--;
	}
}

static void vote_comm(struct stack_sum *s, const char *comm)
{
	if (s->comm && !strcmp(s->comm, comm)) {
		s->comm_lead++;
	} else if (!s->comm || !s->comm_lead) {
		free(s->comm);
		s->comm = copy(comm);
		s->comm_lead = 1;
	} else {
		s->comm_lead--;
	}
}

static void add_to_stack(struct model *m, struct cause_sum *c, const struct ev_stall *ev)
{
	struct stack_sum *s;

	HASH_FIND_PTR(c->stacks, &ev->stack, s);
	if (!s) {
		if (!room(m))
			return;
		s = calloc(1, sizeof(*s));
		if (!s)
			return;
		s->stack = ev->stack;
		HASH_ADD_PTR(c->stacks, stack, s);
	}
	s->sleeps++;
	s->blocked_ns = add(s->blocked_ns, ev->blocked_ns);
	if (ev->blocked_ns > s->max_ns)
		s->max_ns = ev->blocked_ns;
	vote_comm(s, ev->who.comm);
	if (ev->user_stack)
		vote(&s->user_stack, ev->user_stack);
}

static const char *waker_name(const struct ev_stall *ev)
{
	if (ev->waker_kind == WAKER_TASK)
		return ev->waker_comm && *ev->waker_comm ? ev->waker_comm : "(unknown)";
	return ev->waker_kind == WAKER_IRQ ? "(interrupt)" : "(unknown)";
}

static void keep_worst(struct worst *w, const struct ev_stall *ev)
{
	if (w->comm && ev->blocked_ns <= w->ev.blocked_ns)
		return;
	free(w->comm);
	free(w->path);
	w->ev = *ev;
	w->comm = copy(ev->who.comm);
	w->path = copy(ev->req.path);
	w->ev.who.comm = w->ev.who.cgroup = w->ev.req.path = w->ev.waker_comm = NULL;
}

static void on_stall(void *ctx, const struct ev_stall *ev)
{
	struct model *m = ctx;
	struct fs_sum *f = fs_of(m, ev->fs);
	struct cause_sum *c = f ? cause_sum_of(f, model__cause_of(m, ev->stack)) : NULL;

	if (!c)
		return;
	f->sleeps++;
	f->blocked_ns = add(f->blocked_ns, ev->blocked_ns);
	c->sleeps++;
	c->blocked_ns = add(c->blocked_ns, ev->blocked_ns);
	c->held_up_requests = add(c->held_up_requests, ev->held_up_requests);
	c->iowait_sleeps += ev->iowait;
	c->how[(unsigned int)ev->req.how < 4 ? ev->req.how : HOW_UNKNOWN]++;
	keep_worst(&c->worst, ev);
	if (ev->blocked_ns > c->max_ns)
		c->max_ns = ev->blocked_ns;
	add_to_stack(m, c, ev);
	tally_add(tally_of(m, &c->wakers, waker_name(ev)), ev->blocked_ns);
	tally_add(tally_of(m, &c->files, ev->req.path), ev->blocked_ns);
	tally_add(tally_of(m, &f->files, ev->req.path), ev->blocked_ns);
}

/* ---- the rest of the stream ---- */

static struct report_slow *slow_place(struct model *m, uint64_t wall_ns)
{
	struct report_slow *least = &m->slow[0];

	if (m->nr_slow < MODEL_SLOW_MAX)
		return &m->slow[m->nr_slow++];
	for (size_t i = 1; i < m->nr_slow; i++)
		if (m->slow[i].wall_ns < least->wall_ns)
			least = &m->slow[i];
	return least->wall_ns < wall_ns ? least : NULL;
}

static void on_submit(void *ctx, const struct ev_submit *ev)
{
	struct model *m = ctx;
	struct report_slow *s;

	if (ev->sleeps || !m->opts.slow_threshold_ns || ev->wall_ns < m->opts.slow_threshold_ns)
		return;
	m->slow_total++;
	s = slow_place(m, ev->wall_ns);
	if (!s)
		return;
	free((char *)s->who.comm);
	free((char *)s->who.cgroup);
	*s = (struct report_slow){
		.who = ev->who, .fs = ev->fs, .wall_ns = ev->wall_ns, .on_cpu_ns = ev->on_cpu_ns,
		.runqueue_ns = ev->runqueue_ns, .preempted_ns = ev->preempted_ns, .nr = ev->nr,
		.ret = ev->ret,
	};
	s->who.comm = copy(ev->who.comm);
	s->who.cgroup = copy(ev->who.cgroup);
}

static void on_unfinished(void *ctx, const struct ev_unfinished *ev)
{
	struct model *m = ctx;
	struct unfinished *u;

	if (m->nr_unfinished >= MODEL_UNFINISHED_MAX) {
		m->evicted++;
		return;
	}
	u = realloc(m->unfinished, (m->nr_unfinished + 1) * sizeof(*u));
	if (!u)
		return;
	m->unfinished = u;
	u = &m->unfinished[m->nr_unfinished++];
	u->ev = *ev;
	u->ev.who.comm = copy(ev->who.comm);
	u->ev.who.cgroup = copy(ev->who.cgroup);
	u->ev.req.path = copy(ev->req.path);
	u->cause = model__cause_of(m, ev->stack);
}

static void on_fs_counts(void *ctx, const struct fs_info *fs, const struct fs_counts *counts)
{
	struct fs_sum *f = fs_of(ctx, fs);

	if (f)
		f->counts = *counts;
}

static void on_totals(void *ctx, const struct fs_counts *counts)
{
	((struct model *)ctx)->totals = *counts;
}

static void on_loss(void *ctx, const struct loss *loss)
{
	((struct model *)ctx)->loss = *loss;
}

/* ---- life ---- */

struct model *model__new(const struct model_opts *opts)
{
	struct model *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->opts = *opts;
	if (!m->opts.max_keys)
		m->opts.max_keys = DEFAULT_MAX_KEYS;
	m->sink = (struct sink){m, on_stall, on_submit, on_unfinished, on_fs_counts, on_totals, on_loss};
	return m;
}

static void tallies_free(struct tally **table)
{
	struct tally *t, *next;

	HASH_ITER(hh, *table, t, next) {
		HASH_DEL(*table, t);
		free(t->key);
		free(t);
	}
}

static void cause_sum_free(struct cause_sum *c)
{
	struct stack_sum *s, *next;

	HASH_ITER(hh, c->stacks, s, next) {
		HASH_DEL(c->stacks, s);
		free(s->comm);
		free(s);
	}
	tallies_free(&c->wakers);
	tallies_free(&c->files);
	free(c->worst.comm);
	free(c->worst.path);
	free(c);
}

static void fs_sum_free(struct fs_sum *f)
{
	struct cause_sum *c, *next;

	HASH_ITER(hh, f->causes, c, next) {
		HASH_DEL(f->causes, c);
		cause_sum_free(c);
	}
	tallies_free(&f->files);
	free(f);
}

static void who_free(const struct who *w)
{
	free((char *)w->comm);
	free((char *)w->cgroup);
}

void model__free(struct model *m)
{
	struct stack_cause *s, *snext;
	struct fs_sum *f, *next;

	if (!m)
		return;
	model__report_free(m);
	HASH_ITER(hh, m->fs, f, next) {
		HASH_DEL(m->fs, f);
		fs_sum_free(f);
	}
	HASH_ITER(hh, m->cache, s, snext) {
		HASH_DEL(m->cache, s);
		free(s);
	}
	for (size_t i = 0; i < m->nr_slow; i++)
		who_free(&m->slow[i].who);
	for (size_t i = 0; i < m->nr_unfinished; i++) {
		who_free(&m->unfinished[i].ev.who);
		free((char *)m->unfinished[i].ev.req.path);
	}
	free(m->unfinished);
	free(m);
}

const struct sink *model__sink(struct model *m)
{
	return &m->sink;
}

const struct fs_counts *model__totals(const struct model *m)
{
	return &m->totals;
}
