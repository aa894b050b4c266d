/* SPDX-License-Identifier: GPL-2.0 */
/* The patterns of requests, and one file, device, pipe or socket that they go to. */
#ifndef AIOSTALL_WORK_TARGET_H
#define AIOSTALL_WORK_TARGET_H

#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "work/opts.h"

#define WORK_PATH_MAX 4096

/* What lies under the requests before the first of them. */
enum file_state {
	STATE_EMPTY,
	STATE_WRITTEN,
	STATE_HOLE,
	STATE_UNWRITTEN,
	STATE_FRAGMENTED, /* every second block written, so one extent per block */
};

enum pattern_flag {
	P_WRITE = 1 << 0,
	P_BUFFERED = 1 << 1,
	P_DSYNC = 1 << 2,
	P_ONCE = 1 << 3, /* no block twice: the file grows to calls x batch blocks */
	P_SEQUENTIAL = 1 << 4,
	P_UNALIGNED = 1 << 5,
	P_NOWAIT = 1 << 6,
	P_APPEND = 1 << 7,
	P_FSYNC = 1 << 8,
	P_FDSYNC = 1 << 9,
	P_POLL = 1 << 10,
	P_PIPE = 1 << 11,
	P_SOCKET = 1 << 12,
	P_CACHED = 1 << 13, /* the page cache has all of it */
};

#define P_FED (P_POLL | P_PIPE | P_SOCKET)

struct pattern {
	const char *name, *help;
	enum file_state state;
	unsigned int flags;
};

/* The i-th pattern, NULL past the end. */
const struct pattern *pattern__at(size_t i);
const struct pattern *pattern__find(const char *name);

/* The peer of a pipe or socket: for each token it waits the delay, then moves one block. */
struct feeder;

struct target {
	const struct work_opts *opts;
	const struct pattern *pattern;
	char path[WORK_PATH_MAX];
	enum file_state state;
	unsigned int flags;
	int fd;
	int nameless_fd; /* keeps a file that has no name; -1 = it has one */
	bool is_device, is_nameless;
	uint64_t size, nblocks, next, stride;
	struct feeder *feeder;
};

/* SPEC is [PATTERN=]PATH; a thread number >= 0 becomes a suffix. Returns 0 or -errno. */
int target__init(struct target *t, const struct work_opts *opts, const char *spec, int thread);
/* Make the file, unless it is none. 0 or -errno. */
int target__prepare(struct target *t);
/* For requests. 0 or -errno. */
int target__open(struct target *t);
void target__close(struct target *t);
/* By which path the prepared file can be opened once more. buf is returned. */
const char *target__reopen_path(const struct target *t, char *buf, size_t size);
/* Before the submit of request @cb, outside the measured window. Returns 0 or -errno. */
int target__fill(struct target *t, struct iocb *cb, void *buf, struct iovec *vec);
/* Once for each filled request, right before the call. */
void target__arm(struct target *t);

#endif
