/* SPDX-License-Identifier: GPL-2.0 */
/* Inside of the model: what model.c gathers and report_build.c makes the report of. */
#ifndef AIOSTALL_MODEL_STATE_H
#define AIOSTALL_MODEL_STATE_H

#include "model/model.h"
#include "model/pool.h"
#include "model/pseudo.h"
#include "model/tally.h"

#include "cause/causes.h"

#define MODEL_SLOW_MAX 20
#define MODEL_UNFINISHED_MAX 1024
#define MODEL_SAMPLES_MAX 8192

/* The longest stall of a cause; the strings are owned. */
struct worst {
	uint32_t pid, tid;
	struct request req;
	char *comm, *path;
};

struct cause_row {
	UT_hash_handle hh; /* by pointer to the cause */
	const struct cause *cause;
	uint64_t sleeps, blocked_ns, max_ns, held_up_requests, iowait_sleeps, nowait_sleeps;
	uint64_t how[4];
	struct worst worst;
	struct tally *stacks, *wakers, *files;
	struct tally *holders; /* by "PID COMM" */
};

/* A superblock's device may be used again for another type of filesystem. */
struct fs_key {
	uint32_t major, minor;
	uint32_t origin;
	char fstype[32];
};

struct fs_row {
	UT_hash_handle hh;
	struct fs_key key;
	const struct fs_info *fs;
	/* The kernel's counters; until they come, what the stalls add up to. */
	struct fs_counts counts;
	bool has_counts;
	uint64_t sleeps, blocked_ns, max_ns; /* of the stalls that were delivered */
	struct cause_row *causes;
	struct tally *files;
};

/* The cause of a stack that was seen before. */
struct cached {
	UT_hash_handle hh;
	uint64_t stack_id;
	const struct cause *cause;
};

/* Separate, so that a program with many files does not crowd out causes and stacks. */
enum budget_kind { BUDGET_ROWS, BUDGET_STACKS, BUDGET_NAMES, BUDGET_FILES, BUDGETS };

struct model {
	struct model_opts opts;
	struct sink sink;
	uint32_t origin; /* of what is fed at present */
	struct budget budget[BUDGETS];
	struct budget cache_budget;
	struct fs_row *fs;
	struct cached *cache;
	struct fs_counts totals;
	struct loss loss;
	struct report_slow slow[MODEL_SLOW_MAX]; /* who.comm and who.cgroup are owned */
	size_t nr_slow;
	uint64_t slow_total;
	struct report_unfinished *unfinished; /* comm, cgroup and path are owned */
	size_t nr_unfinished;
	struct ev_sample *samples;
	size_t nr_samples;
	uint64_t samples_total;
	uint64_t evicted; /* besides what the budgets count */
	/* the last report */
	struct pool pool;
	struct report report;
	struct capture_info capture;
};

const struct cause *model__cause_of(struct model *m, const struct stack *stack);

#endif
