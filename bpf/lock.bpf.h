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

/* Low bits of owner words are flags: kernel/locking/{mutex,rwsem,rtmutex_common}.[ch], 5.19 to 7.x. */
#define OWNER_FLAGS 7ULL
#define RWSEM_READER_OWNED 1ULL

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
static __always_inline void find_holder(struct call *c)
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
