/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What diff needs of one recording: what each slice added, by filesystem and
 * cause, its stacks, and the facts of its surroundings. Bounded, whatever is recorded.
 */
#ifndef AIOSTALL_DIFF_SAMPLE_H
#define AIOSTALL_DIFF_SAMPLE_H

#include "model/series.h"

#define SAMPLE_STACKS_MAX 1024
#define SAMPLE_FACTS_MAX 4096

/* Sums of a damaged recording may be beyond any integer. */
static inline uint64_t whole_number(double v)
{
	return v >= 1e18 ? (uint64_t)1e18 : v > 0 ? (uint64_t)v : 0;
}

/* A stack by its normalised frames. */
struct sample_stack {
	char *cause;
	char **frames; /* innermost first */
	uint32_t depth;
	struct sleep_sum sum;
};

/* "scheduler", "loop0", "none". */
struct fact {
	char *what, *of, *value;
};

struct sample {
	char *name; /* the file's */
	uint64_t duration_ns;
	struct series *series;
	struct sample_stack *stacks[SAMPLE_STACKS_MAX];
	size_t nr_stacks;
	struct fact facts[SAMPLE_FACTS_MAX];
	size_t nr_facts;
	bool left_out; /* stacks and facts beyond the bounds */
	int err;       /* -ENOMEM once memory was short */
};

/* Room for so many slices of a recording, in fewer if they are many; see series__new(). */
struct sample *sample__new(const char *name, uint64_t slices, unsigned int apis);
void sample__free(struct sample *s);
/* One that is not among them yet. */
void sample__add_stack(struct sample *s, const char *cause, const char *const *frames,
		       uint32_t depth, const struct sleep_sum *sum);
void sample__add_fact(struct sample *s, const char *what, const char *of, const char *value);

#endif
