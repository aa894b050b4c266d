/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests that were done inside their call, counted on the CPU at first: each of a large batch finds
 * the file there that the one before was for, and needs neither a look-up nor the way to its
 * filesystem. What is counted comes into the call when its thread leaves the CPU, or the call.
 */
#ifndef AIOSTALL_INSIDE_BPF_H
#define AIOSTALL_INSIDE_BPF_H

#include "shared.bpf.h"

/* The call is on this CPU from now on, with nothing counted here. */
static __always_inline void inside_begins(struct wire_slot *slot, const struct call *c)
{
	slot->inside_buffered = 0;
	slot->inside_direct = 0;
	slot->file = c->file_row ? c->file : 0;
}

/* What is counted here; taken: how often a switch had taken such counts into the call by then. */
struct done_inside {
	__u32 buffered, direct, taken;
};

static __always_inline struct done_inside inside_here(struct wire_slot *slot, const struct call *c)
{
	return (struct done_inside){
		.taken = c ? *(volatile const __u32 *)&c->taken_inside : 0,
		.buffered = *(volatile __u32 *)&slot->inside_buffered,
		.direct = *(volatile __u32 *)&slot->inside_direct,
	};
}

static __always_inline void inside_add(struct call *c, const struct done_inside *inside)
{
	__u32 row = c->file_row - 1;
	struct wire_call_fs *f = &c->fs[BOUNDED(row, WIRE_FS_PER_CALL)];

	if (row >= WIRE_FS_PER_CALL)
		return;
	f->inside_buffered += inside->buffered;
	f->inside_direct += inside->direct;
}

/* The thread leaves the CPU: whoever has looked at the counts before must not add them once more. */
static __always_inline void inside_ends(struct wire_slot *slot, struct call *c)
{
	struct done_inside inside = inside_here(slot, c);

	inside_add(c, &inside);
	c->taken_inside++;
}

/*
 * One more, if it is for the file that is known here. A single instruction counts it: preempted
 * before, the thread comes back to the same CPU and finds its call there again.
 */
static __always_inline bool inside_counts(struct wire_slot *slot, const struct file *file,
					  bool direct)
{
	if (slot->file != (__u64)file)
		return false;
	__sync_fetch_and_add(direct ? &slot->inside_direct : &slot->inside_buffered, 1);
	return true;
}

#endif
