/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A recording, read: one SQLite file, from anywhere, so hostile until proven
 * otherwise. The schema is in docs/recording.md.
 *
 * Everything that is said of a recording is checked: numbers are in range,
 * references exist, strings end. What is read takes bounded memory and time;
 * whatever goes beyond is an error, never a crash. Strings may hold any bytes.
 */
#ifndef AIOSTALL_STORE_STORE_H
#define AIOSTALL_STORE_STORE_H

#include "base/base.h"
#include "cause/causes.h"
#include "model/source.h"
#include "store/input.h"

struct store;

struct store_limits {
	uint64_t time_ns;      /* for all that is read of one recording; 0 = default */
	uint64_t memory_bytes; /* for names, stacks and keys of one recording; 0 = default */
};

/*
 * Open and check: version, schema and pages. A recording that was killed in the middle of a
 * transaction is read as it was before; its files are never written. in outlives it, limits
 * may be NULL. NULL with e set: no recording, damaged, of a newer version (both are named).
 */
struct store *store__open_input(struct store_input *in, const struct store_limits *limits,
				struct err *e);
/* The same of a file that nobody has opened yet. */
struct store *store__open(const char *path, const struct store_limits *limits, struct err *e);
/*
 * Nothing more will be read: what the file takes in memory is given back, before others are opened.
 * What the store owns stays.
 */
void store__release(struct store *s);
void store__free(struct store *s); /* free(NULL) works */

/* All that follows is owned by the store and lives as long as it. */
const char *store__path(const struct store *s);
/* Host and capture as the same struct that a live source gives. */
const struct capture_info *store__capture(const struct store *s);

/* What capture_info does not say. */
struct store_info {
	uint32_t schema;	  /* version of the file's schema */
	const char *tool_version; /* of the aiostall that recorded */
	const char *kernel_build; /* uname -v */
	const char *boot_id;	  /* of the host, "" = not known */
	uint64_t started_mono_ns; /* CLOCK_MONOTONIC at started_unix_ns: the base of all end_ns */
	uint64_t slow_ns;	  /* submits at least this long that did not sleep are listed */
	uint64_t keep_ns;	  /* --keep; 0 = all of it was kept */
	uint64_t trigger_ns;	  /* --trigger; 0 = none */
	bool events;		  /* every stall and submit is there, not only the worst */
	bool complete;		  /* it ended by itself; false = killed, no room, crash */
	uint64_t size_bytes;
	uint64_t nr_slices, nr_keys, nr_stacks, nr_stalls, nr_submits;
};
const struct store_info *store__info(const struct store *s);
/* Whether its version keeps what each process submitted. */
bool store__tells_who(const struct store *s);

/*
 * Facts of the host when recording began: the i-th one, NULL past the end.
 * "mount" "/data" "ext4 on /dev/sda1 rw,relatime,...", "scheduler" "sda" "mq-deadline",
 * "nr_requests" "sda" "64", "sysctl" "vm.dirty_ratio" "20", ...; the list is in docs/recording.md.
 */
struct store_fact {
	const char *what, *of, *value;
};
const struct store_fact *store__fact(const struct store *s, size_t i);

/* What a container of that id was called, NULL = not known. */
const char *store__container(const struct store *s, const char *id);

/*
 * What the host said that bears on a cause (its id) of a filesystem, a line
 * each, when recording ended: the i-th one, NULL past the end.
 */
struct store_here {
	const struct fs_info *fs;
	const char *cause, *text;
};
const struct store_here *store__here(const struct store *s, size_t i);

/* One second of the recording; longer when the disk could not keep up, or at the end shorter. */
struct store_slice {
	uint64_t no;		   /* from 1; with --keep and --trigger there are gaps */
	uint64_t start_ns, end_ns; /* since the recording began */
	uint64_t slow_submits;	   /* long ones that did not sleep, all of them */
};

/* What stalls are counted by. Pointers are the store's: equal ones are equal. */
struct store_key {
	size_t no; /* from 0, dense, in the order of first appearance; < store__nr_keys() */
	const struct fs_info *fs;
	const struct cause *cause;	/* id, name, advice as of recording; some members are "" */
	const struct stack *stack;	/* NULL = lost */
	const struct stack *user_stack; /* NULL = none */
	const char *path, *comm, *cgroup;
	enum waker_kind waker_kind;
	const char *waker;  /* "kworker/0:1"; "" unless WAKER_TASK */
	const char *holder; /* of the lock that was waited for, "" = none or not known */
	uint32_t pid, holder_pid;
	uint64_t cgroup_id;
	uint16_t opcode; /* as in struct request */
	enum plane plane;
	const struct cause *behind; /* as in struct ev_stall */
};
size_t store__nr_keys(const struct store *s);
const struct store_key *store__key(const struct store *s, size_t no);
size_t store__nr_fs(const struct store *s);
const struct fs_info *store__fs(const struct store *s, size_t i);

/*
 * Receiver of store__read; a function that is NULL is not called, and its
 * table not read. One that returns other than 0 ends the reading with that.
 * Order: slice, then all of that slice (fs_counts, stalls, stall, submit,
 * loss), the next slice, ...; at the end unfinished, sample, process and failed.
 */
struct store_visitor {
	void *ctx;
	int (*slice)(void *ctx, const struct store_slice *slice);
	/* What was added in this slice; fs NULL = the totals, each submit once. See fs_counts__add for maxima. */
	int (*fs_counts)(void *ctx, const struct fs_info *fs, const struct fs_counts *delta);
	int (*stalls)(void *ctx, const struct store_key *key, const struct sleep_sum *sum);
	/* The same with the histogram of blocked_ns, which takes longer to read. */
	int (*stalls_hist)(void *ctx, const struct store_key *key, const struct sleep_sum *sum,
			   const struct hist *hist);
	/* Single stalls in full: all with --events, else the worst of each second and of each key. */
	int (*stall)(void *ctx, const struct ev_stall *ev, const struct store_key *key);
	int (*submit)(void *ctx, const struct ev_submit *ev);
	int (*loss)(void *ctx, const struct loss *delta);
	int (*unfinished)(void *ctx, const struct ev_unfinished *ev, const struct cause *cause);
	int (*sample)(void *ctx, const struct ev_sample *ev);
	/* Of the whole file, so not of a range. */
	int (*process)(void *ctx, const struct ev_process *ev);
	int (*failed)(void *ctx, const struct ev_failed *ev);
};

/* Only slices that begin in [since_ns, until_ns) after the recording began; until_ns 0 = to the end. */
struct store_range {
	uint64_t since_ns, until_ns;
};

/* range may be NULL. 0, -errno with e set, or what a visitor returned. */
int store__read(struct store *s, const struct store_range *range, const struct store_visitor *v,
		struct err *e);

#endif
