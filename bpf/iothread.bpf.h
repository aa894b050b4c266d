/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sleeps of the threads that the kernel has for io_uring in a process: of io-wq, which take the
 * requests that would have blocked their submitter, and of the one that submits for a ring with
 * IORING_SETUP_SQPOLL. They are in no call, so that nothing tells when they begin and end; what an
 * io-wq thread works at is in its struct io_worker, and the other's stack shows what it does.
 */
#ifndef AIOSTALL_IOTHREAD_BPF_H
#define AIOSTALL_IOTHREAD_BPF_H

#include "sleep.bpf.h"
#include "submitter.bpf.h"

/* What the thread has noted here when it began to wait for a lock. */
static __always_inline void take_lock(struct call *c, struct wire_slot *slot)
{
	if (slot->lock_tid != c->tid)
		return;
	slot->lock_tid = 0;
	c->lock = slot->lock;
	c->lock_kind = slot->lock_kind;
}

static __always_inline void io_thread_begins(struct call *c, struct task_struct *task, __u64 id,
					     void *req, const struct submitter *s)
{
	__u32 lock_kind = c->lock_kind, in_chain = c->in_chain;
	__u64 seen = c->req_iocb;

	call_clear(c);
	c->lock_kind = lock_kind;
	c->in_chain = in_chain;
	c->pid = id >> 32;
	c->tid = (__u32)id;
	c->api = WIRE_API_URING;
	c->nr = 0;
	c->unwatched = UNWATCHED;
	c->req_iocb = req ? (__u64)req : seen;
	c->submitter_tid = s->tid;
	__builtin_memcpy(c->comm, s->comm, sizeof(c->comm));
	take_lock(c, slot_here());
	begin_sleep(c, task, bpf_ktime_get_ns());
	leave_cpu(c, WIRE_CALL_ASLEEP);
}

/* Of the thread that submits only its stack tells whether it has something to do. */
static __always_inline void io_thread_sleeps(struct call *c)
{
	if (c->thread == WIRE_THREAD_WORKER ||
	    (c->place != WIRE_PLACE_WAIT && c->place != WIRE_PLACE_UNKNOWN))
		return;
	*(volatile __u32 *)&c->state = WIRE_CALL_IDLE;
	set_away(c, false);
}

#endif
