/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sleeps inside io_submit where nothing watches its entry and exit
 * (--probe submit=none).
 *
 * Neither a call that does not sleep nor any other system call pays anything
 * then. A thread that goes to sleep still has the registers with which it
 * entered the kernel: they name the system call and its arguments, and
 * io_submit among its frames says that the call is not over. What lies between
 * sleeps is not known: how many calls and requests there were, and how long
 * they took. So are sleeps found in a call whose entry is watched, but was skipped by the kernel.
 */
#ifndef AIOSTALL_UNWATCHED_BPF_H
#define AIOSTALL_UNWATCHED_BPF_H

#include "held.bpf.h"
#include "sleep.bpf.h"

enum entered { ENTERED_OTHERWISE, ENTERED_NATIVE, ENTERED_COMPAT };

static __always_inline enum entered entered_by(struct task_struct *task, struct pt_regs *regs)
{
	__u32 nr = SYSCALL_OF(regs);

	if (nr == NR_IO_SUBMIT)
		return in_compat_call(task) ? ENTERED_OTHERWISE : ENTERED_NATIVE;
	if (nr == NR_COMPAT_IO_SUBMIT)
		return in_compat_call(task) ? ENTERED_COMPAT : ENTERED_OTHERWISE;
	return ENTERED_OTHERWISE;
}

/*
 * How far above the beginning of a thread's stack the saved user registers
 * lie: the same for all, and learnt from the first, since every sleep of the
 * host comes by here and two helper calls take longer than all the rest.
 */
extern __u64 regs_offset;

static __always_inline struct pt_regs *saved_regs(struct wire_slot *slot, struct task_struct *task)
{
	__u64 stack = as_number(slot, READ(task_struct, task, stack));

	if (!regs_offset)
		regs_offset = as_number(slot, (void *)stack_top(task)) - stack;
	return (void *)(stack + regs_offset);
}

/*
 * The call of a thread that goes to sleep, NULL if it did not come in by
 * io_submit or is not traced. It is current. Who is preempted does not sleep,
 * whatever state it was about to take; who is not and is in a state other than
 * running (0) does. Before 5.18 the state is read from the task, where a waker
 * may already have changed it, but not to running before the switch is done
 * (try_to_wake_up(), kernel/sched/core.c).
 */
static __always_inline struct call *unwatched_sleeper(struct wire_slot *slot,
						      struct task_struct *task, bool preempted,
						      __u32 state, enum watch watch)
{
	struct pt_regs *regs;
	enum entered entered;
	struct call *c;
	__u32 ended;
	__u64 id;

	if (!state || preempted)
		return NULL;
	regs = saved_regs(slot, task);
	entered = entered_by(task, regs);
	if (entered == ENTERED_OTHERWISE || !tracing())
		return NULL;
	id = bpf_get_current_pid_tgid();
	if (!caller_wanted(id >> 32, (__u32)id))
		return NULL;
	c = call_of((__u32)id, task, false);
	if (!c)
		return NULL;
	ended = c->ended_by;
	if (c->state != WIRE_CALL_IDLE) { /* its coming back was not seen */
		call_abandon(c, WIRE_LOSS_UNMATCHED_ENTRY);
		ended = PROGRAM_NONE;
	}
	c->pid = id >> 32;
	c->tid = (__u32)id;
	call_from_regs(c, regs, entered == ENTERED_COMPAT);
	c->unwatched = watch;
	c->ended_by = ended;
	begin_sleep(c, task, bpf_ktime_get_ns());
	leave_cpu(c, WIRE_CALL_ASLEEP);
	return c;
}

/* Programs of kprobes and tracepoints count as skipped: they are by other means, of which nobody tells when. */
static __always_inline bool entries_skipped_by(__u32 held)
{
	return held & 1U << WIRE_HELD_ENTER_AGAIN && (held & 1U << WIRE_HELD_ENTER || !opt_fentry);
}

static __always_inline bool exits_skipped_by(__u32 held)
{
	return held & 1U << WIRE_HELD_EXIT_AGAIN && (held & 1U << WIRE_HELD_EXIT || !opt_fentry);
}

static __always_inline bool entries_are_skipped(const struct wire_slot *slot)
{
	return entries_skipped_by(slot->held);
}

/* The thread, which is current, is preempted in a call of io_submit. */
static __always_inline bool preempted_inside(struct wire_slot *slot, struct task_struct *task,
					     bool preempted)
{
	return SECOND_PAIR && preempted &&
	       entered_by(task, saved_regs(slot, task)) == ENTERED_NATIVE;
}

static __always_inline bool is_in_tree(void)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;

	return !opt_tree_only || bpf_map_lookup_elem(&tree, &pid);
}

/*
 * The thread leaves a CPU where other threads hold what tells of calls that begin. Those that ended meanwhile
 * are seen by none if what tells of an end is held, too. The one that it is preempted in may be over before
 * anybody sees its end, unless it is in one of the programs itself; one that it sleeps in is seen.
 */
static __always_inline void ran_blind(const struct wire_slot *slot, __u32 tid, bool inside)
{
	__u32 held = slot->held, own = inside ? hold(tid) : 0;
	bool may_be_missing;

	if (!entries_skipped_by(held))
		return;
	if (exits_skipped_by(held)) {
		blind_threads[tid & (BLIND_CELLS - 1)] = 1;
		may_be_missing = call_of_tid(tid);
	} else {
		may_be_missing = inside && !own && slot->tid != tid && is_in_tree();
	}
	if (may_be_missing)
		__sync_fetch_and_add(&blind, 1);
}

/* A call whose entry was skipped is from here on like any other. */
static __always_inline void watch(struct call *c)
{
	c->unwatched = 0;
	c->ended_by = PROGRAM_NONE;
	c->start_ns = c->since_ns;
	c->nvcsw = READ(task_struct, c->task, nvcsw);
	c->nvcsw_start = c->nvcsw - 1;
	lose(WIRE_LOSS_NO_ENTRY, 1);
}

/*
 * What becomes of an unwatched sleep: it does not count if the call is over (a signal, work of the
 * task on its way out), or is not wanted.
 */
static __always_inline void unwatched_sleeps(struct call *c, bool in_call)
{
	bool watched = c->unwatched != NONE_WATCHED && !(opt_compat_sleeps && c->compat);

	/*
	 * Behind one program that saw an end, and before the other, a thread sleeps where the kernel's spin locks
	 * do (PREEMPT_RT). That call has counted; of the next one what sleeps is a request, nearly always.
	 */
	if (in_call && c->ended_by && c->place != WIRE_PLACE_REQUEST) {
		lose(WIRE_LOSS_UNMATCHED_ENTRY, 1);
		in_call = false;
	}
	if (in_call && (watched || FILTERING_FS || !c->req.fs.kind))
		walk_requests(c, 0, false);
	if (in_call && is_unwanted(c) && c->unreadable)
		lose(WIRE_LOSS_IOCB_UNREADABLE, 1);
	if (!in_call || is_unwanted(c)) {
		*(volatile __u32 *)&c->state = WIRE_CALL_IDLE;
		set_away(c, false);
	} else if (watched) {
		watch(c);
	}
}

#endif
