// SPDX-License-Identifier: GPL-2.0
#include "model/sums.h"

#include "base/base.h"

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
	uint64_t together = larger(to->together, from->together);

	add_numbers((uint64_t *)to, (const uint64_t *)from, NUMBERS(*to));
	to->max_ns = max_ns;
	to->together = together;
}

/* Where the counters have what was slept in each plane. */
static const struct {
	size_t sleeps, blocked_ns;
} plane_members[PLANES] = {
	[PLANE_SUBMIT] = {offsetof(struct counters, sleeps), offsetof(struct counters, blocked_ns)},
	[PLANE_TASKWORK] = {offsetof(struct counters, taskwork_sleeps),
			    offsetof(struct counters, taskwork_blocked_ns)},
	[PLANE_WORKER] = {offsetof(struct counters, worker_sleeps),
			  offsetof(struct counters, worker_blocked_ns)},
	[PLANE_SQPOLL] = {offsetof(struct counters, sqpoll_sleeps),
			  offsetof(struct counters, sqpoll_blocked_ns)},
};

static uint64_t member(const struct counters *c, size_t offset)
{
	return *(const uint64_t *)((const char *)c + offset);
}

static void set_member(struct counters *c, size_t offset, uint64_t n)
{
	*(uint64_t *)((char *)c + offset) = n;
}

static void add_to_member(struct counters *c, size_t offset, uint64_t n)
{
	set_member(c, offset, sat_add(member(c, offset), n));
}

bool counters__any_sleeps(const struct counters *c)
{
	for (size_t plane = 0; plane < PLANES; plane++)
		if (member(c, plane_members[plane].sleeps))
			return true;
	return false;
}

uint64_t counters__sleeps_in(const struct counters *c, enum plane plane)
{
	return member(c, plane_members[plane].sleeps);
}

uint64_t counters__blocked_in(const struct counters *c, enum plane plane)
{
	return member(c, plane_members[plane].blocked_ns);
}

void fs_counts__add_sleeps(struct fs_counts *to, enum plane plane, const struct sleep_sum *sum,
			   const struct hist *hist)
{
	struct counters *c = &to->c;

	add_to_member(c, plane_members[plane].sleeps, sum->sleeps);
	add_to_member(c, plane_members[plane].blocked_ns, sum->blocked_ns);
	if (plane != PLANE_SUBMIT)
		return;
	c->runqueue_ns = sat_add(c->runqueue_ns, sum->runqueue_ns);
	c->held_up_requests = sat_add(c->held_up_requests, sum->held_up_requests);
	c->max_sleep_ns = larger(c->max_sleep_ns, sum->max_ns);
	if (hist)
		hist__merge(&to->sleep, hist);
	else
		hist__add(&to->sleep, sum->max_ns, sum->sleeps);
}

/* A maximum is no sum. */
static const size_t maxima[] = {
#define MAXIMUM_SUM(name)
#define MAXIMUM_MAX(name) offsetof(struct counters, name),
#define COUNTER(name, adds, since, json, csv) MAXIMUM_##adds(name)
#define OPS()
#include "model/counters.def"
};

void fs_counts__add(struct fs_counts *to, const struct fs_counts *delta)
{
	const struct counters before = to->c;

	add_numbers((uint64_t *)&to->c, (const uint64_t *)&delta->c, NUMBERS(to->c));
	for (size_t i = 0; i < ARRAY_SIZE(maxima); i++)
		set_member(&to->c, maxima[i],
			   larger(member(&before, maxima[i]), member(&delta->c, maxima[i])));
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
	for (size_t i = 0; i < ARRAY_SIZE(maxima); i++) {
		uint64_t max = member(&now->c, maxima[i]);

		set_member(&delta->c, maxima[i], max > member(&before, maxima[i]) ? max : 0);
	}
}

void loss__add(struct loss *to, const struct loss *delta)
{
	add_numbers((uint64_t *)to, (const uint64_t *)delta, NUMBERS(*to));
}

void loss__take_delta(struct loss *delta, const struct loss *now, struct loss *last)
{
	take_numbers((uint64_t *)delta, (const uint64_t *)now, (uint64_t *)last, NUMBERS(*now));
}
