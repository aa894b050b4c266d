// SPDX-License-Identifier: GPL-2.0
/*
 * The programs that see threads leave a CPU, and wake up.
 *
 * Fast path: sched_switch fires for every context switch of the host. A
 * per-CPU slot names the thread that is inside io_submit on that CPU, so that
 * "is prev one of ours" is one load; a table of counters by thread id guards the
 * look-up of next, the whole of sched_waking, and that of a prev which should
 * not be there since nobody has seen it come.
 */
#include "iothread.bpf.h"
#include "punt.bpf.h"
#include "unwatched.bpf.h"

/* A map of maps is linked with no declaration of it in another object (libbpf 1.1). */
struct spill_table spill_a SEC(".maps"), spill_b SEC(".maps");
struct spilled_map spilled SEC(".maps"); /* user space puts the two there */

__u64 spills = 0;
struct wire_spill zero_spill = {};
__u64 regs_offset = 0;

__noinline int came_back(__u32 tid)
{
	struct call *c = call_of_tid(tid);
	struct task_struct *task = (void *)bpf_get_current_task();

	if (!c || !c->away || c->returning || c->task != (__u64)task)
		return 0;
	call_returned(c, task, bpf_ktime_get_ns());
	take_slot(slot_here(), c);
	return 0;
}

__noinline __u64 came_back_by_exit(__u32 number)
{
	struct call *c = call_numbered(number);
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 now = 0;

	if (!c || c->task != (__u64)task)
		return 0;
	*(volatile __u32 *)&c->returning = 1;
	if (*(volatile __u32 *)&c->away) {
		now = bpf_ktime_get_ns();
		call_returned(c, task, now);
	}
	*(volatile __u32 *)&c->returning = 0;
	return now;
}

/* A pid where the argument may be a typed pointer, which is read without a helper, or a mere number. */
static __always_inline __u32 pid_of(struct task_struct *t, bool typed)
{
	return typed ? (__u32)t->pid : (__u32)BPF_CORE_READ(t, pid);
}

/* prev still is the current thread. */
static __always_inline __u32 pid_of_prev(struct task_struct *prev, bool typed)
{
	return typed ? pid_of(prev, typed) : (__u32)bpf_get_current_pid_tgid();
}

/* The thread leaves the CPU, not for another one that wants it. Its sleep, NULL if it has nothing to do. */
static __noinline struct call *io_thread_sleeper(struct task_struct *task)
{
	__u64 id = bpf_get_current_pid_tgid();
	void *worker = io_worker_of(task), *req = worker ? kiocb_of_worker(worker) : NULL;
	struct submitter s = {};
	struct call *c;
	__u32 tid = (__u32)id;

	if (worker && !req)
		return NULL;
	/* its end has been told of, perhaps: a record made after that would stay for good */
	if (READ(task_struct___any, task, flags) & PF_EXITING_)
		return NULL;
	if (worker)
		submitter_of(req, &s);
	else
		maker_of(task, &s);
	if (!submitter_wanted(id >> 32, &s) || (worker && !kiocb_wanted(req)))
		return NULL;
	if (worker && opt_takes_by_sleep)
		taken_if_awaited(as_number(slot_here(), req));
	c = call_of(tid, task, false);
	if (!c)
		return NULL;
	/* its return was not seen; it has no call to count, for which the stack would not be enough */
	if (c->state != WIRE_CALL_IDLE)
		call_forget(c, WIRE_LOSS_UNMATCHED_ENTRY);
	io_thread_begins(c, task, id, req, &s);
	c->thread = worker ? WIRE_THREAD_WORKER : WIRE_THREAD_SQPOLL;
	return c;
}

/*
 * One of the two may be inside io_submit. A function of its own, which takes the arguments from
 * the context once more, so that other switches keep nothing on the stack for it.
 */
static __noinline int switched(__u64 *ctx, bool none_watched)
{
	struct task_struct *prev = (void *)ctx[1];
	bool typed = opt_typed_args;
	__u32 prev_tid = pid_of_prev(prev, typed), next_tid = pid_of((void *)ctx[2], typed);
	__u32 state = opt_has_prev_state ? (__u32)ctx[3] : task_state(prev);
	struct wire_slot *slot = slot_here();
	bool inside = preempted_inside(slot, prev, (bool)ctx[0]), in_call;
	struct call *c = NULL;

	ran_blind(slot, prev_tid, inside);
	if (may_be_away(prev_tid) && tracing())
		came_back(prev_tid);
	if (is_io_thread(prev, typed)) {
		/* the one that ends leaves for the last time: it is no sleep, and nothing wakes it */
		if (state && !(state & TASK_DEAD_) && !ctx[0] && tracing())
			c = io_thread_sleeper(prev);
	} else if (!none_watched && slot->tid && tracing())
		c = switch_out(slot, prev);
	else if (none_watched || (opt_compat_sleeps && in_compat_call(prev)) ||
		 entries_are_skipped(slot))
		c = unwatched_sleeper(slot, prev, (bool)ctx[0], state,
				      none_watched ? NONE_WATCHED : UNWATCHED);
	if (c) {
		if (c->unreadable)
			count_anew(c);
		fall_asleep(ctx, c, prev, state, &in_call);
		if (c->thread != WIRE_THREAD_OWN)
			io_thread_sleeps(c);
		else if (c->unwatched)
			unwatched_sleeps(c, in_call);
	}
	if (may_be_away(next_tid) && tracing())
		switch_in(slot, next_tid);
	if (SECOND_PAIR && slot->held)
		let_go(next_tid);
	return 0;
}

static __always_inline bool one_may_be_inside(__u64 *ctx)
{
	struct task_struct *prev = (void *)ctx[1];
	bool typed = opt_typed_args; /* read once: each switch of the host comes by here */

	return may_be_inside(slot_here()) || may_be_away(pid_of_prev(prev, typed)) ||
	       may_be_away(pid_of((void *)ctx[2], typed)) || is_io_thread(prev, typed) ||
	       (opt_compat_sleeps && in_compat_call(prev));
}

/*
 * User space makes tp_btf programs of these where it can: the arguments are in
 * the same places, with types besides.
 */
SEC("?raw_tp/sched_switch")
int switch_task(__u64 *ctx)
{
	if (one_may_be_inside(ctx))
		switched(ctx, false);
	return 0;
}

/* The same where entry and exit have a second pair of programs: who is preempted may hold one of them. */
SEC("?raw_tp/sched_switch")
int switch_again(__u64 *ctx)
{
	if (one_may_be_inside(ctx) ||
	    preempted_inside(slot_here(), (struct task_struct *)ctx[1], (bool)ctx[0]))
		switched(ctx, false);
	return 0;
}

/* The same where no call is watched: each sleep of the host may be one of ours. */
SEC("?raw_tp/sched_switch")
int switch_unwatched(__u64 *ctx)
{
	switched(ctx, true);
	return 0;
}

SEC("?raw_tp/sched_waking")
int waking_task(__u64 *ctx)
{
	__u32 tid = pid_of((void *)ctx[0], opt_typed_args);

	if (may_be_away(tid))
		waking(ctx, tid);
	return 0;
}
