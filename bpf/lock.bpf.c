// SPDX-License-Identifier: GPL-2.0
/* The programs that see a lock being waited for. */
#include "lifecycle.bpf.h"

/* include/trace/events/lock.h */
#define LCB_F_SPIN (1u << 0)
#define LCB_F_READ (1u << 1)
#define LCB_F_WRITE (1u << 2)
#define LCB_F_RT (1u << 3)
#define LCB_F_PERCPU (1u << 4)
#define LCB_F_MUTEX (1u << 5)

static __always_inline __u32 lock_kind(__u32 flags)
{
	if (flags & LCB_F_SPIN)
		return WIRE_LOCK_NONE;
	if (flags & LCB_F_PERCPU)
		return WIRE_LOCK_PERCPU;
	if (flags & LCB_F_MUTEX)
		return WIRE_LOCK_MUTEX;
	if (flags & (LCB_F_READ | LCB_F_WRITE))
		return flags & LCB_F_RT ? WIRE_LOCK_OTHER : WIRE_LOCK_RWSEM;
	return flags & LCB_F_RT ? WIRE_LOCK_RT : WIRE_LOCK_OTHER;
}

/*
 * A thread of the kernel's for io_uring is in no call that could keep it: its sleep, which mostly
 * comes next, takes it from the CPU.
 */
static __always_inline bool is_io_thread_here(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return opt_io_threads && (READ(task_struct___any, task, flags) & PF_IO_WORKER_);
}

static __always_inline void io_thread_lock_begins(__u64 lock, __u32 kind)
{
	struct wire_slot *slot = slot_here();

	slot->lock_tid = 0;
	slot->lock = lock;
	slot->lock_kind = kind;
	if (kind)
		slot->lock_tid = (__u32)bpf_get_current_pid_tgid();
}

static __always_inline void io_thread_lock_ends(__u64 lock)
{
	struct wire_slot *slot = slot_here();
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct call *c = call_of_tid(tid);

	if (slot->lock_tid == tid)
		slot->lock_tid = 0;
	if (c && c->lock == lock)
		c->lock_kind = WIRE_LOCK_NONE;
}

static __always_inline void lock_begins(__u64 lock, __u32 flags)
{
	struct call *c;
	__u32 kind;

	if (is_io_thread_here()) {
		io_thread_lock_begins(lock, lock_kind(flags));
		return;
	}
	if (!slot_here()->tid)
		return;
	kind = lock_kind(flags);
	c = kind ? call_on_cpu() : NULL;
	if (!c)
		return;
	c->lock = lock;
	c->lock_kind = kind;
}

static __always_inline void lock_ends(__u64 lock)
{
	struct call *c;

	if (is_io_thread_here()) {
		io_thread_lock_ends(lock);
		return;
	}
	if (!slot_here()->tid)
		return;
	c = call_on_cpu();
	if (c && c->lock == lock)
		c->lock_kind = WIRE_LOCK_NONE;
}

/* ---- the programs: locks ---- */

SEC("?tp_btf/contention_begin")
int lock_begin_tp_btf(__u64 *ctx)
{
	lock_begins(ctx[0], (__u32)ctx[1]);
	return 0;
}

SEC("?tp_btf/contention_end")
int lock_end_tp_btf(__u64 *ctx)
{
	lock_ends(ctx[0]);
	return 0;
}
