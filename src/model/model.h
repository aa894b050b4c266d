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
	void (*facts)(void *ctx, const struct fs_info *fs, const struct report_cause *cause, char *buf,
		      size_t size);
	void *facts_ctx;
	size_t max_keys;             /* bound on distinct (fs, cause, stack, file, waker) keys; 0 = default */
};

/* NULL on lack of memory. */
struct model *model__new(const struct model_opts *opts);
void model__free(struct model *m);
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
