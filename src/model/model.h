/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Aggregates a stream of events into a report. Memory is bounded: distinct
 * keys beyond the limits are folded into "(other)" and counted as evicted.
 */
#ifndef AIOSTALL_MODEL_MODEL_H
#define AIOSTALL_MODEL_MODEL_H

#include "model/report.h"

struct causes;
struct model;

struct model_opts {
	const struct causes *causes; /* rule set, not owned */
	uint64_t slow_threshold_ns;  /* for the report's text only */
	/*
	 * Optional: what this host says that bears on a cause, a line each, into
	 * buf; called once for each cause of a report, before it is printed.
	 */
	void (*facts)(void *ctx, const struct fs_info *fs, const struct report_cause *cause,
		      char *buf, size_t size);
	void *facts_ctx;
	size_t max_keys; /* bound on distinct (fs, cause, stack, file, waker) keys; 0 = default */
};

/* NULL on lack of memory. */
struct model *model__new(const struct model_opts *opts);
void model__free(struct model *m);
/* Stalls that are summed up already, as a recording has them. */
struct model_stalls {
	const struct cause *cause;
	uint64_t sleeps, blocked_ns, runqueue_ns, max_ns;
	uint64_t held_up_requests, iowait_sleeps, nowait_sleeps;
	uint64_t how[4];	 /* by enum request_how */
	const struct hist *hist; /* NULL = of several only the longest is known by itself */
};
/* `like` is the longest of them; the others have its thread, filesystem, file, waker and stacks. */
void model__add_stalls(struct model *m, const struct ev_stall *like,
		       const struct model_stalls *sum);
void model__add_unfinished(struct model *m, const struct ev_unfinished *ev,
			   const struct cause *cause);
/* Long submits that did not sleep, besides those fed as events. */
void model__add_slow(struct model *m, uint64_t n);
/* What is fed from now on is of that host: equal device numbers of two hosts are two filesystems. */
void model__set_origin(struct model *m, uint32_t origin);
/* The sink that feeds this model; valid as long as the model. */
const struct sink *model__sink(struct model *m);
/*
 * Build the report of what has been fed so far. Owned by the model, valid
 * until the next call or model__free. NULL on lack of memory.
 */
const struct report *model__report(struct model *m, const struct capture_info *capture);
/* Counters over all filesystems as last delivered, for progress and interval lines. */
const struct fs_counts *model__totals(const struct model *m);

#endif
