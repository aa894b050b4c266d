/* SPDX-License-Identifier: GPL-2.0 */
/* A call of a thread, of io_submit or io_uring_enter: how it begins, ends, or is given up. */
#ifndef AIOSTALL_LIFECYCLE_BPF_H
#define AIOSTALL_LIFECYCLE_BPF_H

#include "inside.bpf.h"
#include "process.bpf.h"
#include "request.bpf.h"
#include "sched.bpf.h"
#include "tally.bpf.h"
#include "uring.bpf.h"

extern __u64 zero_call[sizeof(struct call) / sizeof(__u64)];

static __always_inline struct call *call_on_cpu(void)
{
	__u32 tid = slot_here()->tid;

	if (!tid || tid != (__u32)bpf_get_current_pid_tgid())
		return NULL;
	return call_of_tid(tid);
}

/* ---- its end ---- */

/* Requests that the kernel did not take (short or failed call) come off the rows again. */
static __always_inline void take_back(struct call *c, __s64 ret)
{
	__u32 accepted = ret < 0 ? 0 : ret;

	if (accepted >= c->nr)
		return;
	walk_requests(c, accepted, true);
	c->beyond = accepted > WIRE_MAX_REQUESTS ? accepted - WIRE_MAX_REQUESTS : 0;
}

static __always_inline void send_submit(const struct call *c, __u64 now, __u64 wall, __s64 ret)
{
	struct wire_submit *e = bpf_ringbuf_reserve(&ring, sizeof(*e), 0);

	if (!e) {
		lose(WIRE_LOSS_EVENTS, 1);
		return;
	}
	__builtin_memset(e, 0, sizeof(*e));
	e->hdr.kind = WIRE_SUBMIT;
	e->hdr.size = sizeof(*e);
	e->hdr.ts_ns = now;
	e->pid = c->pid;
	e->tid = c->tid;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	e->cgroup_id = bpf_get_current_cgroup_id();
	e->call_seq = c->seq;
	e->start_ns = c->start_ns;
	e->wall_ns = wall;
	e->on_cpu_ns = c->on_cpu_ns;
	e->blocked_ns = c->blocked_ns;
	e->runqueue_ns = c->runqueue_ns;
	e->preempted_ns = c->preempted_ns;
	e->waited_ns = c->cq_wait_ns;
	e->waits = c->waits;
	e->sleeps = c->sleeps;
	e->preemptions = c->preemptions;
	e->ret = ret;
	e->nr = c->nr;
	e->fs_count = c->nr_fs;
	if (c->nr_fs) {
		e->fs = c->fs[0].key;
		__builtin_memcpy(e->fstype, c->fs[0].fstype, sizeof(e->fstype));
		e->mnt_id = c->fs[0].mnt_id;
	}
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
}

/* Count a call as a whole in the totals, and each of its filesystems; returns their requests. */
static __always_inline __u32 flush_rows(struct call *c, __u64 wall, __s64 ret)
{
	struct wire_fs *total = totals_here(TOTAL_MORE, c->ended_by == PROGRAM_AGAIN, c->epoch);
	__u32 wanted = 0, number = c->number;

	if (!total)
		return 0;
	row_add_call(total, c, wall, ret, c->counted_ns, c->counted_sleeps);
	for (__u32 i = 0; i < WIRE_FS_PER_CALL; i++) {
		if (i >= c->nr_fs)
			break;
		wanted += flush_row(number, i, wall, ret);
	}
	if (!FILTERING_FS)
		wanted = c->api == WIRE_API_URING ? c->requests : ret < 0 ? 0 : ret;
	total->requests += wanted;
	return wanted;
}

/* Once its requests are known. One of which none could be read may be of any filesystem, and is a loss. */
static __always_inline bool is_unwanted(const struct call *c)
{
	return FILTERING_FS && !c->nr_fs;
}

/* Known to be so: no iocb is left that may yet turn out to be of a filesystem that is wanted. */
static __always_inline bool is_passed_over(const struct call *c)
{
	return is_unwanted(c) && !c->unreadable;
}

static __always_inline void lose_requests(struct call *c)
{
	struct wire_fs *total;

	if (c->unreadable)
		lose(WIRE_LOSS_IOCB_UNREADABLE, c->unreadable);
	if (c->sleeps_of_any && (c->nr_fs || c->unreadable))
		lose(WIRE_LOSS_IOCB_UNREADABLE, c->sleeps_of_any);
	if (c->fs_overflow)
		lose(WIRE_LOSS_FS_PER_CALL, c->fs_overflow);
	if (!c->beyond || FILTERING_FS)
		return;
	lose(WIRE_LOSS_BEYOND, c->beyond);
	total = totals_here(TOTAL_MORE, c->ended_by == PROGRAM_AGAIN, c->epoch);
	if (total)
		total->requests_beyond += c->beyond;
}

/* Count a call that is over. `fast`: with more stack, and less time. */
static __always_inline void flush(struct call *c, __u64 wall, __s64 ret, bool fast)
{
	struct wire_call_fs *f = &c->fs[0];
	__u32 requests;

	if (is_unwanted(c)) {
		lose_requests(c);
		return;
	}
	c->epoch = epoch_now();
	requests = fast && has_all(c, f, ret < 0 ? 0 : ret) ? flush_only_row(c, f, wall, ret)
							    : flush_rows(c, wall, ret);
	submitted(c, requests, ret);
	lose_requests(c);
}

/* A global function: several ends of a call lead here, and the verifier looks at it once. */
int flush_call(__u32 number, __u64 wall, __s64 ret);

static __always_inline void call_forget(struct call *c, __u32 loss)
{
	*(volatile __u32 *)&c->state = WIRE_CALL_IDLE;
	if (c->away)
		set_away(c, false);
	lose(loss, 1);
}

/*
 * A call of which an event was missed: its exit, or a switch of its thread. It
 * counts up to the last moment that is known, so that its parts still add up,
 * and as a loss; it must not go on in user mode.
 */
static __always_inline void call_abandon(struct call *c, __u32 loss)
{
	call_forget(c, loss);
	if (c->unwatched)
		return;
	if (c->api == WIRE_API_URING)
		uring_flush(c->number, c->since_ns - c->start_ns, c->nr);
	else
		flush_call(c->number, c->since_ns - c->start_ns, c->nr);
}

/*
 * A call is given up since the next one of its thread begins, which is in none on this CPU until it has: else a
 * switch in between would save what the slot has of the one before as if it were the next one's.
 */
static __always_inline void call_supersede(struct wire_slot *slot, struct call *c, __u32 loss)
{
	call_abandon(c, loss);
	*(volatile __u32 *)&slot->tid = 0;
}

/* ---- its beginning ---- */

/* The first call of a thread: the number + 1 of the record that it gets; 0 if there is none left. */
__u32 new_call(__u32 tid);

static __always_inline struct call *call_of(__u32 tid, struct task_struct *task, bool again)
{
	struct call *c = call_of_tid(tid);
	__u32 number;

	if (!c) {
		number = new_call(tid);
		if (number)
			c = call_numbered(number - 1);
	}
	if (!c) {
		if (!again)
			lose(WIRE_LOSS_CALLS_FULL, 1);
		return NULL;
	}
	if (c->task != (__u64)task) {
		retire(c->number);
		c->task = (__u64)task;
		c->seq = 0;
		c->state = WIRE_CALL_IDLE;
	}
	return c;
}

/* Nothing of the thread's last call is left. */
static __always_inline void call_clear(struct call *c)
{
	c->seq++;
	c->unwatched = 0;
	c->on_cpu_ns = 0;
	c->blocked_ns = 0;
	c->runqueue_ns = 0;
	c->preempted_ns = 0;
	c->last_index = 0;
	c->sleeps = 0;
	c->preemptions = 0;
	c->nr_fs = 0;
	c->unreadable = 0;
	c->sleeps_of_any = 0;
	c->fs_overflow = 0;
	c->skipped = 0;
	c->counted_ns = 0;
	c->counted_sleeps = 0;
	c->began = ~0u; /* nobody has yet to see it begin */
	c->ended_by = PROGRAM_NONE;
	c->unwanted = 0;
	c->requests = 0;
	c->in_chain = 0;
	c->waits = 0;
	c->thread = WIRE_THREAD_OWN;
	c->submitter_tid = 0;
	c->cq_wait_ns = 0;
	c->lock_kind = WIRE_LOCK_NONE;
	c->file_row = 0;
	__builtin_memset(&c->tally, 0, sizeof(c->tally));
	__builtin_memset(c->fds, 0, sizeof(c->fds));
}

static __always_inline void call_set_args(struct call *c, __u64 ctx_id, __s64 nr, __u64 iocbpp,
					  bool compat)
{
	c->api = WIRE_API_AIO;
	c->ctx_id = ctx_id;
	c->iocbpp = iocbpp;
	c->compat = compat;
	c->nr = nr < 0 ? 0 : nr > 0x7fffffff ? 0x7fffffff : nr;
	c->beyond = c->nr > WIRE_MAX_REQUESTS ? c->nr - WIRE_MAX_REQUESTS : 0;
}

/* The call as the registers tell it with which its thread entered the kernel. */
static __always_inline void call_from_regs(struct call *c, struct pt_regs *regs, bool compat)
{
	call_clear(c);
	if (compat)
		call_set_args(c, COMPAT_ARGS(regs), true);
	else
		call_set_args(c, NATIVE_ARGS(regs), false);
}

/*
 * Take the start time and let sched_switch see the call. A preemptible entry
 * program (fentry) may be switched out between the clock and the last store;
 * sched_switch then marks the call and the start is taken again, so that no
 * interval is missed or counted twice.
 */
static __always_inline void call_start(struct call *c, struct task_struct *task)
{
	volatile __u32 *interrupted = &c->interrupted;
	struct wire_slot *slot = slot_here();
	__u32 began = *(volatile __u32 *)&c->began;

	/*
	 * In this order: from here on switches save the slot, with what it still has of another call, and
	 * restore it.
	 */
	slot->call = c->number;
	*(volatile __u32 *)&slot->tid = c->tid;
	*(volatile __u32 *)&slot->req_count = 0;
	*(volatile __u64 *)&slot->req_iocb = 0;
	*(volatile __u32 *)&slot->began = began;
	*(volatile __u32 *)&slot->nr = c->nr;
	inside_begins(slot, c);
	tally_begins(slot);
	for (int try = 0; try < 4; try++) {
		*interrupted = 0;
		c->on_cpu_ns = 0;
		c->preempted_ns = 0;
		c->preemptions = 0;
		c->nvcsw = READ(task_struct, task, nvcsw);
		c->nvcsw_start = c->nvcsw;
		c->start_ns = bpf_ktime_get_ns();
		c->since_ns = c->start_ns;
		*(volatile __u32 *)&c->state = WIRE_CALL_RUNNING;
		if (!*interrupted)
			break;
		*(volatile __u32 *)&c->state = WIRE_CALL_IDLE;
	}
	*interrupted = 0;
	*(volatile __u32 *)&c->state = WIRE_CALL_RUNNING;
}

/* ---- its exit ---- */

/*
 * The thread leaves the call: when, as far as its switches are seen. 0 if it is
 * not in one that is traced.
 */
static __always_inline __u64 leave_call(struct wire_slot *slot, struct call *c, __u32 tid)
{
	__u64 now = c && c->away ? came_back_by_exit(c->number) : 0;
	struct done_inside inside;

	if (now)
		return now;
	if (slot->tid != tid)
		return 0;
	inside = inside_here(slot, c);
	/* The slot first: a preemption behind it is not seen, one before it is complete. */
	*(volatile __u32 *)&slot->tid = 0;
	if (c && c->taken_inside == inside.taken)
		inside_add(c, &inside);
	return bpf_ktime_get_ns();
}

/* The call of its thread is over at `now`: how long it took. */
static __always_inline __u64 end_call(struct call *c, __u64 now, enum program by)
{
	struct task_struct *task = (void *)c->task;

	if (now < c->since_ns) /* the clock may step back a little between CPUs */
		now = c->since_ns;
	/* our sleeps against the kernel's own count of them */
	if (READ(task_struct, task, nvcsw) - c->nvcsw_start != c->sleeps)
		lose(WIRE_LOSS_MISJUDGED, 1);
	*(volatile __u32 *)&c->state = WIRE_CALL_IDLE;
	c->ended_by = by;
	c->on_cpu_ns += now - c->since_ns;
	return now - c->start_ns;
}

/*
 * An exit that belongs to no call whose entry was seen: that of a call which is
 * not wanted, or was refused, or began before tracing. The latter is its thread's
 * first, and a command that was started for tracing has none. True if the entry was missed.
 */
static __always_inline bool lone_exit(struct call *c, __u32 pid, __u32 tid, __s64 ret)
{
	if (c && c->state != WIRE_CALL_IDLE) {
		call_abandon(c, WIRE_LOSS_UNMATCHED_EXIT);
		return false;
	}
	if (!caller_wanted(pid, tid))
		return false;
	if (opt_refused_exit && may_be_refused((void *)bpf_get_current_task(), ret)) {
		if (!FILTERING_FS)
			lose(WIRE_LOSS_REFUSED, 1);
		return false;
	}
	if (c || opt_tree_only)
		return true;
	if (!FILTERING_FS)
		lose(WIRE_LOSS_BEFORE_TRACING, 1);
	return false;
}

#endif
