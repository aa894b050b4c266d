/* SPDX-License-Identifier: GPL-2.0 */
/* What the model keeps while it is fed; private to src/model. */
#ifndef AIOSTALL_MODEL_TABLES_H
#define AIOSTALL_MODEL_TABLES_H

#include <uthash.h>

#include "cause/causes.h"
#include "model/model.h"

#define MODEL_SLOW_MAX 20
#define MODEL_UNFINISHED_MAX 4096
#define MODEL_OTHER "(other)"

/* Sums under a text: wakers by name, files by path. */
struct tally {
	char *key;
	uint64_t sleeps, blocked_ns, max_ns;
	UT_hash_handle hh;
};

/* The most frequent one of a stream in constant memory (Boyer and Moore's majority vote). */
struct majority {
	const void *who;
	uint64_t lead;
};

struct stack_sum {
	const struct stack *stack;
	struct majority user_stack;
	char *comm; /* majority vote too, the string is ours */
	uint64_t comm_lead;
	uint64_t sleeps, blocked_ns, max_ns;
	UT_hash_handle hh;
};

struct worst {
	struct ev_stall ev; /* strings are ours: comm, path */
	char *comm, *path;
};

struct cause_sum {
	const struct cause *cause;
	uint64_t sleeps, blocked_ns, max_ns, held_up_requests, iowait_sleeps;
	uint64_t how[4];
	struct stack_sum *stacks;
	struct tally *wakers, *files;
	struct worst worst;
	UT_hash_handle hh;
};

struct fs_sum {
	const struct fs_info *fs;
	struct fs_counts counts;
	uint64_t sleeps, blocked_ns; /* of the events */
	struct cause_sum *causes;
	struct tally *files;
	UT_hash_handle hh;
};

struct stack_cause {
	const struct stack *stack;
	const struct cause *cause;
	UT_hash_handle hh;
};

struct unfinished {
	struct ev_unfinished ev;
	const struct cause *cause;
};

struct block; /* memory of the current report */

struct model {
	struct model_opts opts;
	struct sink sink;
	struct fs_sum *fs;
	struct stack_cause *cache;
	struct fs_counts totals;
	struct loss loss;
	uint64_t keys, evicted;
	struct report_slow slow[MODEL_SLOW_MAX];
	size_t nr_slow;
	uint64_t slow_total;
	struct unfinished *unfinished;
	size_t nr_unfinished;
	struct block *blocks;
	struct report report;
};

/* The cause of a stack, from the cache. Never NULL. */
const struct cause *model__cause_of(struct model *m, const struct stack *stack);
void model__report_free(struct model *m);

#endif
