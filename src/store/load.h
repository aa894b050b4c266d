/* SPDX-License-Identifier: GPL-2.0 */
/* Recordings, one or many, back into the model, and what is left out of them. */
#ifndef AIOSTALL_STORE_LOAD_H
#define AIOSTALL_STORE_LOAD_H

#include "model/model.h"
#include "store/store.h"

/* Which stalls count; empty lists mean all. Strings are the caller's. */
struct load_filter {
	const uint32_t *pids, *tids;
	size_t nr_pids, nr_tids;
	const char *const *comms, *const *fstypes, *const *mounts, *const *devices;
	size_t nr_comms, nr_fstypes, nr_mounts, nr_devices;
	const char *cgroup; /* this one and those below; NULL = any */
	uint64_t min_ns;
};

/* Whether a single event is one of them, its length aside; fs NULL = not known. */
bool load_filter__wants(const struct load_filter *f, const struct fs_info *fs,
			const struct who *who);

/* The dimensions by which stalls can be grouped. */
enum load_by {
	BY_FS,
	BY_MOUNT,
	BY_DEVICE,
	BY_FILE,
	BY_COMM,
	BY_PID,
	BY_CGROUP,
	BY_CAUSE,
	BY_STACK,
	BY_KERNEL,
	BY_HOST,
	BYS
};
const char *load_by__name(enum load_by by);
/* "fs, mount, ...": for messages and help. */
const char *load_by__names(void);
/* "fs,cause" into by[]; how many, or -EINVAL with e set. */
int load_by__parse(const char *list, enum load_by by[BYS], struct err *e);

struct load_opts {
	struct load_filter filter;
	struct store_range range;
	const struct causes *causes; /* rule set, to tell wait primitives from telling frames */
	bool rematch;		     /* name the causes anew from the stacks, not as recorded */
	const char *command;	     /* for the report */
	enum load_by by[BYS];
	size_t nr_by; /* 0 = no groups */
};

struct load;

/* opts outlives it. NULL with e set. */
struct load *load__new(const struct load_opts *opts, struct err *e);
/* One more recording; in outlives l. 0, or -errno with e set: it is left out then, what came before stays. */
int load__add(struct load *l, struct store_input *in, struct err *e);
/* All of them as one; owned by the load. NULL with e set. */
const struct report *load__report(struct load *l, struct err *e);

/* Stalls that have the same values. */
struct group {
	const char **values; /* as many as load_opts.by */
	bool has_submits; /* the submit counters are known: all dimensions are ones of filesystems */
	struct fs_counts counts;
	double share, ctxsw_per_io, blocked_share; /* share: of the blocked time of all groups */
	uint64_t p50, p90, p99;
};
/* By blocked time, descending. NULL with e set; *n is their number. */
const struct group *load__groups(struct load *l, size_t *n, struct err *e);
void load__free(struct load *l);

#endif
