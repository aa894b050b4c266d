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
struct wire_telling_range telling[WIRE_TELLING_MAX] = {};

/* What a return address, which lies behind the call, tells. */
__noinline __u32 tells(__u64 ip)
{
	for (__u32 i = 0; i < WIRE_TELLING_MAX; i++) {
		const struct wire_telling_range *r = &telling[i];

		if (!r->end)
			break;
		if (ip - r->start - 1 < r->end - r->start)
			return r->tells;
	}
	return WIRE_TELLS_NOTHING;
}

/*
 * Number + 1 of the innermost frame of the system call's own functions, 0 if
 * there is none. Between it and the one that it is called from may be a
 * trampoline of ours or of others.
 */
__noinline __u32 find_enter(__u32 depth)
{
	struct scratch *s = scratch_here();

	if (!s)
		return 0;
	for (__u32 i = 0; i < WIRE_STACK_DEPTH; i++) {
		if (i >= depth)
			break;
		if (tells(s->stack.ip[i]) == WIRE_TELLS_ENTER)
			return i + 1;
	}
	return 0;
}

/*
 * The place of the stack just taken, from the system call's function inward.
 * Below it, or below io_cqring_wait's (which has none of its own before 6.12), a
 * function that puts to sleep is the wait; any other that is not known here
 * waits for the ring itself, as its lock.
 */
__noinline __u32 uring_place(__u32 depth)
{
	struct scratch *s = scratch_here();
	bool submitting = false;
	__u32 enter = find_enter(depth);

	if (!s || !enter || enter > WIRE_STACK_DEPTH)
		return WIRE_PLACE_UNKNOWN;
	s->enter_frame = enter;
	for (__u32 i = 2; i <= WIRE_STACK_DEPTH; i++) {
		__u32 what;

		if (i > enter)
			break;
		what = tells(s->stack.ip[BOUNDED(enter - i, 128)]);
		if (submitting) {
			if (what == WIRE_TELLS_ISSUE)
				return WIRE_PLACE_REQUEST;
			if (what == WIRE_TELLS_FLUSH)
				return WIRE_PLACE_FLUSH;
		} else if (what == WIRE_TELLS_SUBMIT) {
			submitting = true;
		} else if (what != WIRE_TELLS_CQWAIT) {
			return what == WIRE_TELLS_TASKWORK ? WIRE_PLACE_TASKWORK
			       : what == WIRE_TELLS_SLEEP || what == WIRE_TELLS_IDLE
				       ? WIRE_PLACE_WAIT
				       : WIRE_PLACE_RING;
		}
	}
	return submitting ? WIRE_PLACE_PREPARE : WIRE_PLACE_UNKNOWN;
}

static __always_inline bool is_wait(const struct wire_call *c)
{
	return c->api == WIRE_API_URING && c->place == WIRE_PLACE_WAIT;
}

static __always_inline __u32 plane_of(const struct wire_call *c)
{
	if (c->api != WIRE_API_URING)
		return WIRE_PLANE_SUBMIT;
	if (c->thread != WIRE_THREAD_OWN)
		return c->thread == WIRE_THREAD_WORKER ? WIRE_PLANE_WORKER : WIRE_PLANE_SQPOLL;
	return c->place == WIRE_PLACE_TASKWORK ? WIRE_PLANE_TASKWORK : WIRE_PLANE_SUBMIT;
}

#endif
