// SPDX-License-Identifier: GPL-2.0
#include "model/sums.h"

/* These structs are numbers and nothing else. */
#define NUMBERS(of) (sizeof(of) / sizeof(uint64_t))

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void add_numbers(uint64_t *to, const uint64_t *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = sat_add(to[i], from[i]);
}

static void take_numbers(uint64_t *delta, const uint64_t *now, uint64_t *last, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		delta[i] = sat_sub(now[i], last[i]);
		last[i] = larger(now[i], last[i]);
	}
}

struct sleep_sum sleep_sum__of(const struct ev_stall *ev)
{
	struct sleep_sum one = {
		.sleeps = 1,
		.blocked_ns = ev->blocked_ns,
		.runqueue_ns = ev->runqueue_ns,
		.max_ns = ev->blocked_ns,
		.held_up_requests = ev->held_up_requests,
		.iowait_sleeps = ev->iowait,
		.nowait_sleeps = (ev->req.shape & SHAPE_NOWAIT) != 0,
	};

	one.how[(unsigned int)ev->req.how <= HOW_BATCH ? ev->req.how : HOW_UNKNOWN] = 1;
	return one;
}

void sleep_sum__add(struct sleep_sum *to, const struct sleep_sum *from)
{
	uint64_t max_ns = larger(to->max_ns, from->max_ns);

	add_numbers((uint64_t *)to, (const uint64_t *)from, NUMBERS(*to));
	to->max_ns = max_ns;
}

/* Of a plane other than the submitter's own. */
static void plane_sums__add(struct counters *c, enum plane plane, const struct sleep_sum *sum)
{
	uint64_t *sleeps = plane == PLANE_TASKWORK ? &c->taskwork_sleeps
			   : plane == PLANE_WORKER ? &c->worker_sleeps
						   : &c->sqpoll_sleeps;
	uint64_t *blocked_ns = plane == PLANE_TASKWORK ? &c->taskwork_blocked_ns
			       : plane == PLANE_WORKER ? &c->worker_blocked_ns
						       : &c->sqpoll_blocked_ns;

	*sleeps = sat_add(*sleeps, sum->sleeps);
	*blocked_ns = sat_add(*blocked_ns, sum->blocked_ns);
}

bool counters__any_sleeps(const struct counters *c)
{
	return c->sleeps || c->taskwork_sleeps || c->worker_sleeps || c->sqpoll_sleeps;
}

uint64_t counters__sleeps_in(const struct counters *c, enum plane plane)
{
	switch (plane) {
	case PLANE_TASKWORK:
		return c->taskwork_sleeps;
	case PLANE_WORKER:
		return c->worker_sleeps;
	case PLANE_SQPOLL:
		return c->sqpoll_sleeps;
	default:
		return c->sleeps;
	}
}

uint64_t counters__blocked_in(const struct counters *c, enum plane plane)
{
	switch (plane) {
	case PLANE_TASKWORK:
		return c->taskwork_blocked_ns;
	case PLANE_WORKER:
		return c->worker_blocked_ns;
	case PLANE_SQPOLL:
		return c->sqpoll_blocked_ns;
	default:
		return c->blocked_ns;
	}
}

void fs_counts__add_sleeps(struct fs_counts *to, enum plane plane, const struct sleep_sum *sum,
			   const struct hist *hist)
{
	struct counters *c = &to->c;

	if (plane != PLANE_SUBMIT) {
		plane_sums__add(c, plane, sum);
		return;
	}
	c->sleeps = sat_add(c->sleeps, sum->sleeps);
	c->blocked_ns = sat_add(c->blocked_ns, sum->blocked_ns);
	c->runqueue_ns = sat_add(c->runqueue_ns, sum->runqueue_ns);
	c->held_up_requests = sat_add(c->held_up_requests, sum->held_up_requests);
	c->max_sleep_ns = larger(c->max_sleep_ns, sum->max_ns);
	if (hist)
		hist__merge(&to->sleep, hist);
	else
		hist__add(&to->sleep, sum->max_ns, sum->sleeps);
}

void fs_counts__add(struct fs_counts *to, const struct fs_counts *delta)
{
	uint64_t max_sleep_ns = larger(to->c.max_sleep_ns, delta->c.max_sleep_ns);
	uint64_t max_submit_ns = larger(to->c.max_submit_ns, delta->c.max_submit_ns);

	add_numbers((uint64_t *)&to->c, (const uint64_t *)&delta->c, NUMBERS(to->c));
	to->c.max_sleep_ns = max_sleep_ns;
	to->c.max_submit_ns = max_submit_ns;
	hist__merge(&to->sleep, &delta->sleep);
	hist__merge(&to->submit, &delta->submit);
}

static uint64_t fixed_max(const struct hist *h, uint64_t max_ns)
{
	for (uint32_t b = HIST_BUCKETS; b > 0; b--)
		if (h->n[b - 1])
			return max_ns < hist__lower(b - 1) ? hist__upper(b - 1) - 1 : max_ns;
	return max_ns;
}

void fs_counts__fix_max(struct fs_counts *c)
{
	c->c.max_sleep_ns = fixed_max(&c->sleep, c->c.max_sleep_ns);
	c->c.max_submit_ns = fixed_max(&c->submit, c->c.max_submit_ns);
}

void fs_counts__take_delta(struct fs_counts *delta, const struct fs_counts *now,
			   struct fs_counts *last)
{
	const struct counters before = last->c;

	take_numbers((uint64_t *)&delta->c, (const uint64_t *)&now->c, (uint64_t *)&last->c,
		     NUMBERS(now->c));
	take_numbers(delta->sleep.n, now->sleep.n, last->sleep.n, HIST_BUCKETS);
	take_numbers(delta->submit.n, now->submit.n, last->submit.n, HIST_BUCKETS);
	/* a maximum is no sum */
	delta->c.max_sleep_ns = now->c.max_sleep_ns > before.max_sleep_ns ? now->c.max_sleep_ns : 0;
	delta->c.max_submit_ns =
		now->c.max_submit_ns > before.max_submit_ns ? now->c.max_submit_ns : 0;
}

void loss__add(struct loss *to, const struct loss *delta)
{
	add_numbers((uint64_t *)to, (const uint64_t *)delta, NUMBERS(*to));
}

void loss__take_delta(struct loss *delta, const struct loss *now, struct loss *last)
{
	take_numbers((uint64_t *)delta, (const uint64_t *)now, (uint64_t *)last, NUMBERS(*now));
}
