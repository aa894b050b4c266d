/* SPDX-License-Identifier: GPL-2.0 */
/* Made-up recordings for diff: a workload, second by second, from a seed. */
#ifndef AIOSTALL_TESTS_MADE_LOAD_H
#define AIOSTALL_TESTS_MADE_LOAD_H

#include <errno.h>
#include <math.h>
#include <string.h>

#include "diff/diff.h"
#include "diff/random.h"
#include "model/state.h"

static const struct fs_info made_ext4 = {
	.fstype = "ext4", .device_name = "loop0", .mount = "/data"};

/* A workload: what one second of it looks like. A ledger that is fed with it keeps its cause. */
struct load {
	double submits, stalls; /* per second, per submit */
	double sleep_ns;	/* median */
	double cluster;		/* stalls come in groups of this size */
	double drift;		/* of the speed, from second to second */
	double memory;		/* how much of its deviation a second has from the one before */
	struct cause cause;
	const struct fs_info *fs;
};

static const struct load usual = {
	.submits = 400,
	.stalls = 0.3,
	.sleep_ns = 1e6,
	.cluster = 1,
	.drift = 0.1,
	.memory = 0.5,
	.cause = {.id = "blk.tag"},
	.fs = &made_ext4,
};

static double gauss(struct random *r)
{
	return sqrt(-2 * log(1 - random__unit(r))) * cos(2 * M_PI * random__unit(r));
}

/* About mean events, in groups. */
static unsigned int events(struct random *r, double mean, double cluster)
{
	double groups = mean / cluster;
	double n = floor(groups + sqrt(groups) * gauss(r) + 0.5);

	return n > 0 ? (unsigned int)(n * cluster) : 0;
}

static struct fs_counts second_of(const struct load *l, double submits, double median,
				  struct random *r)
{
	unsigned int n = events(r, submits * l->stalls, l->cluster);
	struct fs_counts f = {.c = {.submits = (uint64_t)submits,
				    .submits_blocked = n,
				    .requests = (uint64_t)submits * 8,
				    .sleeps = n,
				    .held_up_requests = n * 7,
				    .bytes = (uint64_t)submits * 8 * 4096}};

	f.c.ops[1] = f.c.requests;
	for (unsigned int i = 0; i < n; i++) {
		uint64_t ns = (uint64_t)(median * exp(0.5 * gauss(r)));

		hist__add(&f.sleep, ns, 1);
		f.c.blocked_ns += ns;
		f.c.max_sleep_ns = ns > f.c.max_sleep_ns ? ns : f.c.max_sleep_ns;
	}
	return f;
}

/* Counters, and what they say of sleeps as stalls of one key. False on lack of memory. */
static bool feed_second(struct ledger *to, const struct load *l, const struct fs_counts *f)
{
	const struct ev_stall like = {.fs = l->fs};
	const struct sleep_sum sum = {.sleeps = f->c.sleeps,
				      .blocked_ns = f->c.blocked_ns,
				      .max_ns = f->c.max_sleep_ns,
				      .held_up_requests = f->c.held_up_requests};
	struct ledger_row *row;

	if (ledger__add_counts(to, NULL, f) || ledger__add_counts(to, l->fs, f))
		return false;
	row = f->c.sleeps ? ledger__row(to, &like, &l->cause) : NULL;
	if (row)
		ledger__add_sum(to, row, &sum, &f->sleep);
	return row || !f->c.sleeps;
}

static void add_load(struct sample *s, const struct load *l, struct random *r)
{
	struct ledger *to = ledger__new(NULL);
	double z = gauss(r), fresh = sqrt(1 - l->memory * l->memory);

	if (!to)
		s->err = -ENOMEM;
	else
		ledger__take_slices(to, 0, NULL, NULL);
	s->series->seen = 0;
	for (size_t i = 0; to && i < s->series->nr_slices; i++) {
		struct fs_counts f;

		z = l->memory * z + fresh * gauss(r);
		f = second_of(l, floor(l->submits * exp(l->drift * z)),
			      l->sleep_ns * exp(l->drift * z), r);
		if (!feed_second(to, l, &f))
			s->err = -ENOMEM;
		series__take(s->series, to);
	}
	ledger__free(to);
}

/* NULL on lack of memory. */
static struct sample *made_load(const struct load *l, size_t seconds, uint64_t seed)
{
	struct sample *s = sample__new("made.db", seconds, 0);
	struct random r = {seed};

	if (!s)
		return NULL;
	add_load(s, l, &r);
	if (!s->err)
		return s;
	sample__free(s);
	return NULL;
}

static const struct diff_row *row_of(const struct diff *d, const char *cause, const char *measure)
{
	for (size_t i = 0; i < d->nr_groups; i++)
		if (!strcmp(d->groups[i].cause, cause) && !d->groups[i].whole)
			return group__row(&d->groups[i], measure__find(measure));
	return NULL;
}

#endif
