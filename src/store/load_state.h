/* SPDX-License-Identifier: GPL-2.0 */
/* Inside of load: what several recordings share, and how they become one. */
#ifndef AIOSTALL_STORE_LOAD_STATE_H
#define AIOSTALL_STORE_LOAD_STATE_H

#include "model/pool.h"
#include "model/tally.h" /* uthash, set up for lack of memory */
#include "store/load.h"

/* What one recording says of a key, in the range and under the filters. */
struct sum_row {
	bool wanted, has_worst;
	struct store_sum sum;
	struct ev_stall worst;
	struct group_row *group;
};

struct merged_fs;
struct merged_stack;
struct merged_cause;
struct merged_host;
struct group_row;

/* What hosts said of causes; a later recording's comes first. */
struct here {
	struct here *next;	  /* in the pool */
	const struct fs_info *fs; /* as of load__fs */
	const char *cause, *text;
};

struct load {
	const struct load_opts *opts;
	struct model *model;
	struct pool pool;
	struct store **stores;
	size_t nr_stores;
	/* of the recording that is being added */
	struct store *store;
	struct sum_row *sums; /* by store_key.no */
	struct merged_host *host;
	uint64_t duration_ns, slow_submits, slow_fed;
	/* of all */
	uint64_t slow_ns;
	struct merged_host *hosts;
	struct merged_fs *filesystems;
	struct merged_stack *stacks;
	struct merged_cause *causes;
	struct here *heres;
	struct group_row *group_table;
	size_t nr_groups;
	struct group *groups; /* made of the table in the end */
	struct fs_counts totals;
	struct loss loss;
	struct capture_info capture;
};

/* The recording l->store begins: its host, room for its sums. 0, or -errno with e set. */
int load__begin(struct load *l, struct err *e);
void load__end(struct load *l);

/* What stands for something of l->store in the report, equal ones of several recordings being one. */
const struct fs_info *load__fs(struct load *l, const struct fs_info *fs);
const struct stack *load__stack(struct load *l, const struct stack *s);
const struct cause *load__cause(struct load *l, const struct stack *s,
				const struct cause *recorded);
/* The counters of a filesystem; NULL on lack of memory. */
struct fs_counts *load__counts(struct load *l, const struct fs_info *fs);

bool load__filters_threads(const struct load *l);
/*
 * Add to a group what a key's stalls, or a filesystem's submits, say; the one
 * or the other, as the dimensions have it. 0 or -ENOMEM.
 */
int load__group_key(struct load *l, const struct store_key *k, const struct fs_counts *delta);
int load__group_fs(struct load *l, const struct fs_info *fs, const struct fs_counts *delta);
void load__free_groups(struct load *l);

#endif
