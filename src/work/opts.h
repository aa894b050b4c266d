/* SPDX-License-Identifier: GPL-2.0 */
/* What to submit, where and how: set by whoever runs the patterns, read by all of src/work. */
#ifndef AIOSTALL_WORK_OPTS_H
#define AIOSTALL_WORK_OPTS_H

#include <signal.h>
#include <stdint.h>

#define WORK_MAX_FILES 64
#define WORK_MAX_SIDES 16
#define WORK_MAX_THREADS 64
#define WORK_NO_PIN UINT64_MAX

/*
 * Every number is a uint64_t and every text a const char *: tables of options store by offset.
 * A size, count or name of 0 or NULL is no default: work_opts__init has them.
 */
struct work_opts {
	const char *engine, *pattern, *dir, *buffers, *buffer_file, *state;
	const char *ready_file, *start_file;
	/* [PATTERN=]PATH; a folder stands for a file in it that has no name */
	const char *files[WORK_MAX_FILES];
	const char *sides[WORK_MAX_SIDES];
	uint64_t nfiles, nsides;
	uint64_t size, bs, qd, batch, calls, threads, seed, hogs, pin;
	uint64_t uffd_delay_us, feed_delay_us, side_us, freeze_us, gap_us;
	uint64_t max_ms; /* no more calls after so long, 0 = never */
	uint64_t direct, buffered, vectored, nowait, dsync, nocow, prepare, no_prepare, drop_caches,
		per_call;
};

/* Set by a handler of signals: workers end after the call they are in. */
extern volatile sig_atomic_t work_stop;

void work_opts__init(struct work_opts *o);
/* The names that can be checked are, what follows from others is set. NULL, or what is wrong. */
const char *work_opts__complete(struct work_opts *o);

static inline uint64_t work__max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

#endif
