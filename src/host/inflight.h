/* SPDX-License-Identifier: GPL-2.0 */
/* Threads inside io_submit at this moment, from /proc: those that no probe has seen entering. */
#ifndef AIOSTALL_HOST_INFLIGHT_H
#define AIOSTALL_HOST_INFLIGHT_H

#include <stdint.h>

#include "host/aside.h"

#define INFLIGHT_FRAMES 64

struct inflight {
	uint32_t pid, tid, nr; /* nr: requests of the call */
	const char *comm;
	uint32_t depth;
	const char *frames[INFLIGHT_FRAMES]; /* function names, innermost first */
};

/*
 * Call fn for each thread whose /proc/PID/task/TID/syscall says io_submit and
 * that sleeps; what it is given lives only during the call. NULL root = /proc.
 * As pidwalk__each.
 */
int inflight__scan(struct aside *a, const char *proc_root,
		   void (*fn)(void *ctx, const struct inflight *in), void *ctx);

#endif
