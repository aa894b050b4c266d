/* SPDX-License-Identifier: GPL-2.0 */
/*
 * aioload: a workload generator on the raw AIO system calls, which measures its own submits so
 * that a tracer's figures can be checked against it.
 */
#ifndef AIOLOAD_LOAD_H
#define AIOLOAD_LOAD_H

#include <linux/aio_abi.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#define LOAD_MAX_FILES 64
#define LOAD_MAX_SIDES 16
#define LOAD_MAX_ERRNO 134
#define LOAD_MAX_THREADS 64

/* Every number is a uint64_t and every text a const char *: the option table stores by offset. */
struct load_opts {
	const char *pattern, *dir, *buffers, *buffer_file, *state;
	const char *ready_file, *start_file;
	const char *files[LOAD_MAX_FILES];
	const char *sides[LOAD_MAX_SIDES];
	uint64_t nfiles, nsides;
	uint64_t size, bs, qd, batch, calls, threads, seed, hogs, pin;
	uint64_t uffd_delay_us, feed_delay_us, side_us, freeze_us, gap_us;
	uint64_t direct, buffered, vectored, nowait, nocow, prepare, no_prepare, drop_caches,
		per_call;
};

#define LOAD_NO_PIN UINT64_MAX

/* Set by SIGINT and SIGTERM: workers end after the call they are in. */
extern volatile sig_atomic_t load_stop;

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
};

#define P_FED (P_POLL | P_PIPE | P_SOCKET)

struct pattern {
	const char *name, *help;
	enum file_state state;
	unsigned int flags;
};

extern const struct pattern load_patterns[];
const struct pattern *pattern__find(const char *name);

/* The peer of a pipe or socket: for each token it waits the delay, then moves one block. */
struct feeder;

/* One file, device, pipe or socket that requests go to. */
struct target {
	const struct load_opts *opts;
	const struct pattern *pattern;
	char path[4096];
	enum file_state state;
	unsigned int flags;
	int fd;
	bool is_device;
	uint64_t size, nblocks, next, stride;
	struct feeder *feeder;
};

/* SPEC is [PATTERN=]PATH; a thread number >= 0 becomes a suffix. Returns 0 or -errno. */
int target__init(struct target *t, const struct load_opts *opts, const char *spec, int thread);
int target__prepare(struct target *t);
int target__open(struct target *t);
void target__close(struct target *t);
/* Before the submit of request @cb, outside the measured window. Returns 0 or -errno. */
int target__fill(struct target *t, struct iocb *cb, void *buf, struct iovec *vec);
/* Once for each filled request, right before the call. */
void target__arm(struct target *t);
int load__drop_caches(void);

/* The memory that requests read from or write to, one block per slot. */
struct buffers;
struct buffers *buffers__new(const struct load_opts *opts, unsigned int slots);
void *buffers__get(struct buffers *b, unsigned int slot);
void buffers__free(struct buffers *b);

/* CPU hogs and side threads, on the first target's file. */
struct sides;
int sides__start(struct sides **out, const struct load_opts *opts, const struct target *t);
void sides__stop(struct sides *s);
void sides__help(void);

struct call_stat {
	uint64_t wall_ns, nvcsw, nivcsw, cpu_ns, run_delay_ns;
};

struct worker {
	const struct load_opts *opts;
	int thread, tid, err;
	const char *what; /* what failed, when err is set */
	struct target targets[LOAD_MAX_FILES];
	struct buffers *buffers;
	aio_context_t ctx;
	struct slot *slots;
	unsigned int *free_slots, nfree;
	struct iocb **batch;
	struct io_event *events;
	int schedstat_fd;
	struct call_stat *calls;
	uint64_t *request_ns;
	uint64_t submits, requests, short_submits, errors, eagain, bytes, completed, short_io,
		done_at_return;
	uint64_t results[LOAD_MAX_ERRNO]; /* failed requests by errno */
};

int worker__init(struct worker *w, const struct load_opts *opts, int thread);
void worker__run(struct worker *w);
void worker__fini(struct worker *w);

/* Writes the JSON to stdout. Returns 0 or -errno, also when stdout fails. */
int report__print(const struct load_opts *opts, struct worker *workers, unsigned int n);

static inline uint64_t load__max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void load__sleep_us(uint64_t us);
uint64_t load__now_ns(void);
int load__pin(int cpu);

#endif
