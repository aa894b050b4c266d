/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is looked at in a ledger: a report is made of all of it or of a part,
 * at any time and as often as wanted, and is what it would be if nothing more
 * came. The range of time is what was fed: a recording feeds a part if asked.
 */
#ifndef AIOSTALL_MODEL_VIEW_H
#define AIOSTALL_MODEL_VIEW_H

#include "base/base.h"
#include "model/container.h"
#include "model/ledger.h"
#include "model/report.h"

/* Which stalls count; empty lists mean all. Strings are the caller's. */
struct view_filter {
	const uint32_t *pids, *tids;
	size_t nr_pids, nr_tids;
	const char *const *comms, *const *fstypes, *const *mounts, *const *devices;
	size_t nr_comms, nr_fstypes, nr_mounts, nr_devices;
	const char *cgroup;			  /* this one and those below; NULL = any */
	const char *container;			  /* what container__is by that; NULL = any */
	const struct container_names *containers; /* for it; NULL = by ids alone */
	uint64_t min_ns;
	unsigned int apis; /* API_BIT() of each; 0 = any */
};

/* Whether a single event is one of them, its length aside; fs NULL = not known. */
bool view_filter__wants(const struct view_filter *f, const struct fs_info *fs,
			const struct who *who);
bool view_filter__wants_fs(const struct view_filter *f, const struct fs_info *fs);
/* By what the counters of a filesystem do not tell apart. */
bool view_filter__is_of_threads(const struct view_filter *f);
bool view_filter__is_of_fs(const struct view_filter *f);

/* The dimensions by which stalls can be grouped. */
enum view_by {
	BY_API,
	BY_PLANE,
	BY_OPCODE,
	BY_FS,
	BY_MOUNT,
	BY_DEVICE,
	BY_FILE,
	BY_COMM,
	BY_PID,
	BY_CGROUP,
	BY_CONTAINER,
	BY_CAUSE,
	BY_STACK,
	BY_KERNEL,
	BY_HOST,
	BYS
};
const char *view_by__name(enum view_by by);
/* "api, plane, ...": for messages and help. buf is returned. */
const char *view_by__names(char *buf, size_t size);
/* "fs,cause" into by[]; how many, or -EINVAL with e set. */
int view_by__parse(const char *list, enum view_by by[BYS], struct err *e);

struct view {
	/* Of rows and counters; submits and unfinished sleeps are left out when fed. NULL = all. */
	const struct view_filter *filter;
	/*
	 * Optional: what this host says that bears on a cause, a line each, into
	 * buf; called once for each cause of a report, before it is printed. NULL:
	 * what ledger__add_here has said.
	 */
	void (*facts)(void *ctx, const struct fs_info *fs, const struct report_cause *cause,
		      char *buf, size_t size);
	/* The same, of a filesystem whose requests are punted since a device below cannot do without waiting. */
	void (*punts)(void *ctx, const struct fs_info *fs, char *buf, size_t size);
	void *facts_ctx; /* of both */
	enum view_by by[BYS];
	size_t nr_by;				  /* 0 = no groups */
	const struct container_names *containers; /* for BY_CONTAINER; NULL = ids */
	const struct severity_limits *limits;	  /* NULL = severity_defaults */
};

/*
 * Build the report of what has been fed so far; v NULL = all of it. Owned by
 * the ledger, valid until the next call, until more is fed, or ledger__free.
 * NULL on lack of memory.
 */
const struct report *ledger__report(struct ledger *l, const struct view *v,
				    const struct capture_info *capture);

#endif
