/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where in io_uring_enter a thread sleeps. The system call hands over requests,
 * runs work that was put off, and waits for completions, all of which may sleep
 * and only the last of which was asked for. Neither the state of the task nor
 * in_iowait tells them apart (waits set the latter since 6.5, and may do without
 * since 6.15); the stack does: its outermost telling function.
 */
#ifndef AIOSTALL_PLACE_BPF_H
#define AIOSTALL_PLACE_BPF_H

#include "shared.bpf.h"

/* Set by user space once the kernel's symbols are read; the first empty one ends the list. */
extern struct wire_telling_range telling[WIRE_TELLING_MAX];

/*
 * The place of the stack just taken, from the system call's function inward.
 * Below it, or below io_cqring_wait's (which has none of its own before 6.12), a
 * function that puts to sleep is the wait; any other that is not known here
 * waits for the ring itself, as its lock.
 */
__u32 uring_place(__u32 depth);

static __always_inline bool is_wait(const struct call *c)
{
	return c->api == WIRE_API_URING && c->place == WIRE_PLACE_WAIT;
}

static __always_inline __u32 plane_of(const struct call *c)
{
	if (c->api != WIRE_API_URING)
		return WIRE_PLANE_SUBMIT;
	if (c->thread != WIRE_THREAD_OWN)
		return c->thread == WIRE_THREAD_WORKER ? WIRE_PLANE_WORKER : WIRE_PLANE_SQPOLL;
	return c->place == WIRE_PLACE_TASKWORK ? WIRE_PLANE_TASKWORK : WIRE_PLANE_SUBMIT;
}

#endif
