// SPDX-License-Identifier: GPL-2.0
#include "place.bpf.h"

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
