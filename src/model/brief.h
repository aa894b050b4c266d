/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a scrape needs of a ledger: the counters of each filesystem and the sums of each of its
 * causes, with no lists made and no stacks looked at. All figures but those of who is asleep only grow.
 */
#ifndef AIOSTALL_MODEL_BRIEF_H
#define AIOSTALL_MODEL_BRIEF_H

#include "model/ledger.h"

/* Of one plane. */
struct brief_cause {
	const char *id;
	enum plane plane;
	uint64_t sleeps, blocked_ns;
};

/* All that has the same api, type and device, wherever it is mounted. */
struct brief_fs {
	enum api api;
	const char *fstype, *device;
	const char *mount, *options; /* of one of its mounts, the last that was used */
	struct fs_counts counts;
	struct brief_cause *causes; /* by id, plane */
	size_t nr_causes;
	uint64_t unfinished, oldest_ns; /* sleeps that have not ended; age of the oldest */
};

struct brief {
	struct brief_fs *fs; /* by api, type, device */
	size_t nr_fs, max_fs;
	struct loss loss;
	uint64_t slow_submits;
	bool failed; /* memory was short: it is not complete */
};

/* The ledger's strings are used. False on lack of memory. */
bool brief__make(struct brief *b, struct ledger *l);
/*
 * Rows that are there from the beginning, before anything has happened: the filesystem with zeros
 * unless it has figures, and a cause of it. Strings must outlive the brief.
 */
struct brief_fs *brief__want_fs(struct brief *b, const struct fs_info *fs);
void brief__want_cause(struct brief *b, struct brief_fs *fs, const char *id); /* of the submitter */
void brief__sort(struct brief *b);
void brief__free(struct brief *b);

#endif
