/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What diff needs of one recording: a row of slices per filesystem and cause,
 * the facts of its surroundings, and its stacks. Bounded, whatever is recorded.
 */
#ifndef AIOSTALL_DIFF_SAMPLE_H
#define AIOSTALL_DIFF_SAMPLE_H

#include "model/event.h"

#define SAMPLE_SLICES_MAX 300 /* those of longer recordings are merged */
#define SAMPLE_SCOPES_MAX 128
#define SAMPLE_STACKS_MAX 1024
#define SAMPLE_FACTS_MAX 4096
#define SAMPLE_OPS 8

/* Columns of a slice; all additive. */
enum slice_column {
	SLICE_SUBMITS,
	SLICE_SUBMITS_BLOCKED,
	SLICE_REQUESTS,
	SLICE_SLEEPS,
	SLICE_BLOCKED_NS,
	SLICE_HELD_UP,
	SLICE_COLUMNS,
};

/* The whole recording, one filesystem of it, or one cause on one filesystem. */
struct scope {
	char *fstype, *mount, *device; /* all empty for the whole */
	char *options;		       /* of the mount */
	char *cause;		       /* "" = whatever the cause */
	double *column[SLICE_COLUMNS]; /* one per slice; a cause has no submits of its own */
	uint32_t *sleep_hist;	       /* HIST_BUCKETS per slice */
	double sum[SLICE_COLUMNS];
	double bytes, ops[SAMPLE_OPS];
	uint64_t max_ns;
};

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
	double sleeps, blocked_ns;
};

/* "scheduler", "loop0", "none". */
struct fact {
	char *what, *of, *value;
};

struct sample {
	char *name; /* the file's */
	uint64_t duration_ns;
	uint64_t merged; /* slices of the recording to one of these */
	size_t nr_slices;
	struct scope *scopes[SAMPLE_SCOPES_MAX]; /* [0] is the whole recording */
	size_t nr_scopes;
	struct sample_stack *stacks[SAMPLE_STACKS_MAX];
	size_t nr_stacks;
	struct fact facts[SAMPLE_FACTS_MAX];
	size_t nr_facts;
	bool left_out; /* scopes, stacks and facts beyond the bounds */
	bool any_loss;
	int err; /* -ENOMEM once memory was short */
};

/* Room for so many slices of a recording, in fewer if they are many. NULL on lack of memory. */
struct sample *sample__new(const char *name, uint64_t slices);
void sample__free(struct sample *s);
/* Where the i-th slice of the recording goes; what is beyond goes to the last one. */
size_t sample__slice(const struct sample *s, uint64_t i);
/* Found or made; fs NULL = the whole. NULL beyond the bounds or without memory. */
struct scope *sample__scope(struct sample *s, const struct fs_info *fs, const char *cause);
void scope__add(struct scope *sc, size_t slice, enum slice_column column, double amount);
void scope__add_hist(struct scope *sc, size_t slice, const struct hist *h);
void sample__add_stack(struct sample *s, const char *cause, const char *const *frames,
		       uint32_t depth, double sleeps, double blocked_ns);
void sample__add_fact(struct sample *s, const char *what, const char *of, const char *value);

#endif
