/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Locks that are waited for, and who holds them. The kernel names a contended
 * lock before the waiter sleeps (contention_begin, 5.19); mutexes, rwsems held
 * for writing and rt_mutexes hold the address of their owner. Readers leave no
 * trace that can be relied on, so a lock that they hold has no known holder.
 */
#ifndef AIOSTALL_LOCK_BPF_H
#define AIOSTALL_LOCK_BPF_H

#include "shared.bpf.h"

/* include/trace/events/lock.h */
#define LCB_F_SPIN (1u << 0)
#define LCB_F_READ (1u << 1)
#define LCB_F_WRITE (1u << 2)
#define LCB_F_RT (1u << 3)
#define LCB_F_PERCPU (1u << 4)
#define LCB_F_MUTEX (1u << 5)

/* Low bits of owner words are flags: kernel/locking/{mutex,rwsem,rtmutex_common}.[ch], 5.19 to 7.x. */
#define OWNER_FLAGS 7ULL
#define RWSEM_READER_OWNED 1ULL

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

static __always_inline struct wire_call *call_on_cpu(void)
{
	__u32 tid = slot_here()->tid;

	if (!tid || tid != (__u32)bpf_get_current_pid_tgid())
		return NULL;
	return bpf_map_lookup_elem(&calls, &tid);
}

/*
 * A thread of the kernel's for io_uring is in no call that could keep it: its sleep, which mostly
 * comes next, takes it from the CPU.
 */
static __always_inline bool is_io_thread_here(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return opt_io_threads && (READ(task_struct___io_thread, task, flags) & PF_IO_WORKER_);
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
	struct wire_call *c = bpf_map_lookup_elem(&calls, &tid);

	if (slot->lock_tid == tid)
		slot->lock_tid = 0;
	if (c && c->lock == lock)
		c->lock_kind = WIRE_LOCK_NONE;
}

static __always_inline void lock_begins(__u64 lock, __u32 flags)
{
	struct wire_call *c;
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
	struct wire_call *c;

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

/* The owner word of the lock; 0 where there is none. */
static __always_inline __u64 lock_owner(__u64 lock, __u32 kind)
{
	/* with PREEMPT_RT a mutex is an rt_mutex, and tells so when it is waited for */
	if (kind == WIRE_LOCK_MUTEX && bpf_core_field_exists(((struct mutex *)0)->owner))
		return BPF_CORE_READ((struct mutex *)lock, owner.counter);
	if (kind == WIRE_LOCK_RT && bpf_core_type_exists(struct rt_mutex_base))
		return (__u64)BPF_CORE_READ((struct rt_mutex_base *)lock, owner);
	if (kind == WIRE_LOCK_RWSEM && bpf_core_field_exists(((struct rw_semaphore *)0)->owner)) {
		__u64 owner = BPF_CORE_READ((struct rw_semaphore *)lock, owner.counter);

		return owner & RWSEM_READER_OWNED ? 0 : owner;
	}
	return 0;
}

/* Who holds the lock that this sleep waits for, at the moment it begins. */
static __always_inline void find_holder(struct wire_call *c)
{
	struct task_struct *owner;

	c->holder_pid = 0;
	c->holder_tid = 0;
	c->holder_comm[0] = '\0';
	if (!c->lock_kind)
		return;
	owner = (void *)(lock_owner(c->lock, c->lock_kind) & ~OWNER_FLAGS);
	if (!owner)
		return;
	c->holder_pid = BPF_CORE_READ(owner, tgid);
	c->holder_tid = BPF_CORE_READ(owner, pid);
	BPF_CORE_READ_STR_INTO(&c->holder_comm, owner, comm);
}

#endif
