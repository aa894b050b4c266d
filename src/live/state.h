/* SPDX-License-Identifier: GPL-2.0 */
/* The live source: what its parts share. Outside of src/live it is a struct source. */
#ifndef AIOSTALL_LIVE_STATE_H
#define AIOSTALL_LIVE_STATE_H

#include "base/beside.h"
#include "base/hash.h"
#include "bpf/wire.h"
#include "live/probe.h"
#include "host/cgroups.h"
#include "host/devices.h"
#include "host/filenames.h"
#include "host/intern.h"
#include "host/ksyms.h"
#include "live/gone.h"
#include "live/live.h"
#include "host/mounts.h"
#include "host/usyms.h"
#include "model/failures.h"

struct aiostall_bpf;
struct bpf_link;
struct ring_buffer;

#define LIVE_LINKS_MAX 26
#define LIVE_TABLES 3 /* that are made early, see tables.h */

struct live;

struct live_stack;
struct live_fs;

/* Where a function of the kernel lies; {0, 0} = it has none of that name. */
struct live_range {
	uint64_t start, end;
};

/* What the programs are told of them. */
struct live_ranges {
	struct live_range submit, submit_one, compat;
	struct wire_telling_range telling[WIRE_TELLING_MAX];
};

struct live {
	struct source src;
	struct live_opts opts;
	struct capture_info capture;
	uint64_t started_ns;
	struct probe_plan plan;
	struct aiostall_bpf *skel;
	bool has_room; /* for all maps, whatever limit there is */
	struct beside making_tables;
	int tables[LIVE_TABLES]; /* until they are the object's; -1 = there is none */
	struct bpf_link *links[LIVE_LINKS_MAX]; /* in the order of attaching */
	size_t nr_links;
	struct beside detaching;
	struct bpf_link **sample_links; /* one a CPU, with --sample */
	size_t nr_sample_links;
	int cgroup_fd;
	struct ring_buffer *ring;
	const struct sink *to; /* of the poll under way */
	int cpus;
	/* counters, see rows.h */
	const char *calls; /* records of threads, WIRE_CALL_BYTES each */
	struct wire_fs *rows, *total_row;
	struct fs_counts
		*taken; /* of each row, and last of all calls: what earlier epochs counted */
	uint32_t nr_rows, row_values;
	struct row_use *row_use; /* of each row, see recycle.h */
	uint32_t rows_used, nr_leaving;
	uint64_t next_recycle_ns;
	/* the ring buffer's positions, and how long the reader waits between looks at it */
	const uint64_t *ring_taken, *ring_written;
	uint32_t poll_ms;
	int stats_fd; /* the kernel measures programs as long as it is open; -1 = not asked for */
	struct self_cost self;
	bool none_from_before;	  /* no call is left that began before the probes were attached */
	uint64_t before_rests_ns; /* until when they are not looked for again */
	uint64_t in_flight;	  /* calls that were inside at the end, and not asleep */
	uint64_t malformed;
	uint64_t skipped;		   /* calls whose entry the kernel skipped, see skipped.h */
	bool counts_plain_skips;	   /* as in struct probe_env */
	uint64_t skipped_before[NEED_MAX]; /* of entries, before tracing began */
	char skips[512];		   /* capture.skips */
	uint64_t spills_seen;		   /* of the programs' count */
	uint64_t spills_lost;		   /* of them that could not be read */
	uint32_t epoch;			   /* see turn.h */
	bool holding; /* a cut is made: what the epoch that has begun counts waits */
	struct wire_stall *held;
	size_t nr_held, max_held;
	uint64_t stacks_lost; /* here, beside those that the kernel could not take */
	/* names */
	struct ksyms *ksyms;
	struct beside reading_symbols;
	struct live_ranges ranges;
	struct err symbols_err; /* why there are none */
	struct usyms *usyms;
	struct aside *aside; /* asks /proc/PID */
	struct mounts *mounts;
	uint32_t mounts_changed; /* how often */
	struct devices *devices;
	struct cgroups *cgroups;
	struct intern *strings; /* of the stacks */
	uint64_t recycled;	/* names that made room for others */
	struct live_stack *stacks;
	struct live_fs *filesystems;
	struct filenames files;
	/* who is gone, see ended.h */
	struct gone gone;
	struct failure *gone_failures;
	uint64_t next_reap_ns;
};

#endif
