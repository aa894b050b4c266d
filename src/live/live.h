/* SPDX-License-Identifier: GPL-2.0 */
/* The live kernel as a source: the only code that includes libbpf or a skeleton is behind this header. */
#ifndef AIOSTALL_LIVE_LIVE_H
#define AIOSTALL_LIVE_LIVE_H

#include <sys/types.h>

#include "base/base.h"
#include "model/source.h"

#define LIVE_FILTER_MAX 32

/* What to trace; empty lists mean everything. Strings are the caller's and outlive the source. */
struct live_filter {
	uint32_t pids[LIVE_FILTER_MAX], tids[LIVE_FILTER_MAX];
	size_t nr_pids, nr_tids;
	const char *comms[LIVE_FILTER_MAX];
	const char *fstypes[LIVE_FILTER_MAX];
	const char *mounts[LIVE_FILTER_MAX];
	const char *devices[LIVE_FILTER_MAX]; /* "sda1" or "/dev/sda1" */
	size_t nr_comms, nr_fstypes, nr_mounts, nr_devices;
	const char *cgroup; /* path, absolute or below the cgroup2 root; NULL = any */
	uint64_t min_ns;    /* shortest stall kept */
	unsigned int apis;  /* API_BIT() of each that is wanted, 0 = all */
};

struct live_opts {
	struct live_filter filter;
	bool user_stacks;
	bool self; /* measure what tracing costs: capture_info.self */
	uint64_t
		ring_bytes; /* of the ring buffer, rounded up to a power of two; 0 = by the number of CPUs */
	bool all_submits;   /* an event for every submit, not only for slow ones */
	uint64_t slow_ns;   /* submits at least this long that did not sleep are sent; 0 = none */
	uint64_t sample_hz; /* stacks on the CPU inside io_submit, so often a second; 0 = none */
	bool tree_only;	    /* trace only what live__add_tree names, and its descendants */
	const char *probe[NEED_MAX]; /* forced ways, NULL = best */
	const char *btf_path; /* for kernels without their own; NULL = /sys/kernel/btf/vmlinux */
	const char *command;  /* own command line, for the report */
	const char *filters_text;
};

/*
 * Load and attach. On success the probes fire and *src is the caller's, to be
 * freed by its ops. On error returns -errno, says in e what failed and what to
 * do, and leaves nothing attached.
 */
int live__open(const struct live_opts *opts, struct source **src, struct err *e);

/* Trace this process and all its descendants from now on (tree_only). 0 or -errno. */
int live__add_tree(struct source *src, pid_t pid, struct err *e);

/* One alternative of a need, as tried on this kernel. */
struct live_alternative {
	const char *name; /* "fentry" */
	bool chosen, works;
	char why[160]; /* why it does not work, "" if it does */
};

/* One need and its alternatives, best first. */
struct live_need {
	const char *name; /* "submit" */
	const char *what; /* "entry and exit of io_submit" */
	struct live_alternative alt[4];
	size_t nr_alts;
	const char *lost; /* what is lost with the chosen one, "" = nothing */
};

struct live_check {
	struct host_info host;
	struct live_need need[NEED_MAX];
	size_t nr_needs;
	/* other facts, one line each, already worded: BTF, tracefs, capabilities, ring buffer ... */
	struct {
		char name[32], value[160];
		bool ok;
	} fact[16];
	size_t nr_facts;
};

/* Try every alternative of every need, attach nothing for good. 0 or -errno with e set. */
int live__check(const struct live_opts *opts, struct live_check *out, struct err *e);

#endif
