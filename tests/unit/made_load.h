/* SPDX-License-Identifier: GPL-2.0 */
/* Made-up recordings for diff: a workload, second by second, from a seed. */
#ifndef AIOSTALL_TESTS_MADE_LOAD_H
#define AIOSTALL_TESTS_MADE_LOAD_H

#include <math.h>
#include <string.h>

#include "diff/diff.h"
#include "diff/random.h"

static const struct fs_info made_ext4 = {
	.fstype = "ext4", .device_name = "loop0", .mount = "/data"};

/* A workload: what one second of it looks like. */
struct load {
	double submits, stalls; /* per second, per submit */
	double sleep_ns;	/* median */
	double cluster;		/* stalls come in groups of this size */
	double drift;		/* of the speed, from second to second */
	double memory;		/* how much of its deviation a second has from the one before */
	const char *cause;
	const struct fs_info *fs;
};

static const struct load usual = {
	.submits = 400,
	.stalls = 0.3,
	.sleep_ns = 1e6,
	.cluster = 1,
	.drift = 0.1,
	.memory = 0.5,
	.cause = "blk.tag",
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

static void add_second(struct sample *s, const struct load *l, size_t at, double submits,
		       double median, struct random *r)
{
	struct scope *all[] = {s->scopes[0], sample__scope(s, l->fs, ""),
			       sample__scope(s, l->fs, l->cause)};
	unsigned int n = events(r, submits * l->stalls, l->cluster);
	struct hist h = {0};
	double blocked = 0;

	for (unsigned int i = 0; i < n; i++) {
		uint64_t ns = (uint64_t)(median * exp(0.5 * gauss(r)));

		hist__add(&h, ns, 1);
		blocked += (double)ns;
		for (size_t k = 0; k < 3; k++)
			all[k]->max_ns = ns > all[k]->max_ns ? ns : all[k]->max_ns;
	}
	for (size_t k = 0; k < 3; k++) {
		scope__add(all[k], at, SLICE_SUBMITS, k < 2 ? submits : 0);
		scope__add(all[k], at, SLICE_REQUESTS, k < 2 ? submits * 8 : 0);
		scope__add(all[k], at, SLICE_SLEEPS, n);
		scope__add(all[k], at, SLICE_SUBMITS_BLOCKED, n);
		scope__add(all[k], at, SLICE_BLOCKED_NS, blocked);
		scope__add(all[k], at, SLICE_HELD_UP, n * 7.0);
		scope__add_hist(all[k], at, &h);
		all[k]->ops[1] += submits * 8;
		all[k]->bytes += submits * 8 * 4096;
	}
}

static void add_load(struct sample *s, const struct load *l, struct random *r)
{
	double z = gauss(r), fresh = sqrt(1 - l->memory * l->memory);

	for (size_t i = 0; i < s->nr_slices; i++) {
		z = l->memory * z + fresh * gauss(r);
		add_second(s, l, i, floor(l->submits * exp(l->drift * z)),
			   l->sleep_ns * exp(l->drift * z), r);
	}
}

/* NULL on lack of memory. */
static struct sample *made_load(const struct load *l, size_t seconds, uint64_t seed)
{
	struct sample *s = sample__new("made.db", seconds);
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
