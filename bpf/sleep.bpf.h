/* SPDX-License-Identifier: GPL-2.0 */
/* Switches and wake-ups of threads inside io_submit. */
#ifndef AIOSTALL_SLEEP_BPF_H
#define AIOSTALL_SLEEP_BPF_H

#include "lifecycle.bpf.h"
#include "lock.bpf.h"
#include "sleeper.bpf.h"
#include "spill.bpf.h"
#include "stack.bpf.h"

/* Take down a sleep that begins; in_call tells whether io_submit is, as far as known, among its frames. */
static __always_inline void fall_asleep(void *ctx, struct call *c, struct task_struct *task,
					__u32 state, bool *in_call)
{
	struct scratch *s = scratch_here();
	__u32 place = true;
	bool again;

	c->sleeps++;
	c->task_state = state;
	c->iowait = task_in_iowait(task);
	c->stack_id = 0;
	c->user_stack_id = 0;
	*in_call = true;
	if (!s)
		return;
	c->stack_id = kernel_stack(ctx, s, c, task, &place, in_call);
	c->place = c->thread == WIRE_THREAD_WORKER ? WIRE_PLACE_REQUEST : place;
	if (!*in_call || is_wait(c))
		return;
	if (c->thread == WIRE_THREAD_OWN) {
		if (opt_user_stacks)
			c->user_stack_id = save_stack(ctx, s, BPF_F_USER_STACK, c->pid, &again);
		bpf_get_current_comm(c->comm, sizeof(c->comm));
	}
	c->cgroup_id = bpf_get_current_cgroup_id();
	find_holder(c);
	if (c->api == WIRE_API_URING)
		uring_find_request(c->number);
	else
		find_request(c, s, task, place);
}

/*
 * Is prev still in this call? If the exit was not seen (a kretprobe beyond its
 * instances, another tracer that takes its own program off while the call
 * sleeps) the slot still names it while it runs in user mode, and sleeps in
 * other system calls are not this one's.
 */
static __always_inline bool in_this_call(const struct call *c, struct task_struct *prev)
{
	struct pt_regs *regs = (void *)stack_top(prev);

	if (c->api == WIRE_API_URING)
		return SYSCALL_OF(regs) == NR_IO_URING_ENTER;
	if (SYSCALL_OF(regs) != (c->compat ? NR_COMPAT_IO_SUBMIT : NR_IO_SUBMIT))
		return false;
#if defined(__TARGET_ARCH_x86)
	if (c->compat)
		return (__u32)READ(pt_regs, regs, bx) == (__u32)c->ctx_id;
#endif
	return SYSCALL_ARG1(regs) == c->ctx_id;
}

static __always_inline void begin_sleep(struct call *c, struct task_struct *task, __u64 now)
{
	c->ran_ns = task_ran_ns(task);
	c->waited_ns = task_waited_ns(task);
	c->since_ns = now;
	c->wake_ns = 0;
	c->waker_kind = WIRE_WAKER_UNKNOWN;
	c->waker_pid = 0;
	c->waker_tid = 0;
}

static __always_inline void leave_cpu(struct call *c, enum wire_call_state state)
{
	*(volatile __u32 *)&c->state = state;
	set_away(c, true);
}

/* The thread named by the slot is switched out; it still is current. Its call if it goes to sleep, else NULL. */
static __always_inline struct call *switch_out(struct wire_slot *slot, struct task_struct *prev)
{
	struct call *c = call_of_tid(slot->tid);
	__u64 nvcsw, now = bpf_ktime_get_ns();

	slot->tid = 0;
	if (!c)
		return NULL;
	c->req_count = slot->req_count;
	c->req_iocb = slot->req_iocb;
	c->began = slot->began;
	tally_keep(slot, c);
	if (c->state != WIRE_CALL_RUNNING) {
		/*
		 * The entry program itself was preempted: it takes its start again. What is counted
		 * inside may be an earlier call's still.
		 */
		c->interrupted = 1;
		leave_cpu(c, WIRE_CALL_IDLE);
		return NULL;
	}
	inside_ends(slot, c);
	if (!in_this_call(c, prev)) {
		call_abandon(c, WIRE_LOSS_UNMATCHED_EXIT);
		return NULL;
	}
	if (now < c->since_ns)
		now = c->since_ns;
	c->on_cpu_ns += now - c->since_ns;
	begin_sleep(c, prev, now);
	nvcsw = READ(task_struct, prev, nvcsw);
	/*
	 * __schedule() has just counted this switch: in nvcsw if the thread had
	 * set itself to a sleeping state and was not preempted, else in nivcsw.
	 * That is the definition of a sleep, free of the race that reading the
	 * state here has with a waker (5.10 to 7.x, kernel/sched/core.c).
	 */
	if (nvcsw == c->nvcsw) {
		c->preemptions++;
		leave_cpu(c, WIRE_CALL_PREEMPTED);
		return NULL;
	}
	c->nvcsw = nvcsw;
	leave_cpu(c, WIRE_CALL_ASLEEP);
	return c;
}

/* The row that a sleep counts in: left in the call, since the stack has no room for another key. */
static __always_inline const struct wire_fs_key *sleep_key(struct call *c)
{
	struct wire_fs_key *key = &c->req.fs;

	if (key->kind)
		return key;
	if (c->nr_fs == 1 && plane_of(c) == WIRE_PLANE_SUBMIT && !c->skipped && !c->unreadable &&
	    !c->fs_overflow && !c->beyond) {
		*key = c->fs[0].key;
		c->req.mnt_id = c->fs[0].mnt_id;
		__builtin_memcpy(c->req.fstype, c->fs[0].fstype, sizeof(c->req.fstype));
		return key;
	}
	key->dev = 0;
	key->api = c->api;
	key->super = 0;
	key->kind = c->req.how == WIRE_HOW_BATCH ? WIRE_FS_BATCH : WIRE_FS_NONE;
	return key;
}

/* Planes other than the submitter's own. */
static __always_inline void row_add_elsewhere(struct wire_fs *row, __u32 plane, __u64 blocked)
{
	if (plane == WIRE_PLANE_TASKWORK) {
		row->taskwork_sleeps++;
		row->taskwork_blocked_ns += blocked;
	} else if (plane == WIRE_PLANE_WORKER) {
		row->worker_sleeps++;
		row->worker_blocked_ns += blocked;
	} else {
		row->sqpoll_sleeps++;
		row->sqpoll_blocked_ns += blocked;
	}
}

static __always_inline void row_add_sleep(struct wire_fs *row, const struct call *c, __u64 blocked,
					  __u32 held)
{
	if (!row)
		return;
	row->mnt_id = c->req.mnt_id;
	if (!row->pid)
		row->pid = c->pid;
	if (!row->fstype[0])
		__builtin_memcpy(row->fstype, c->req.fstype, sizeof(row->fstype));
	if (plane_of(c) != WIRE_PLANE_SUBMIT) {
		row_add_elsewhere(row, plane_of(c), blocked);
		return;
	}
	row->sleeps++;
	row->blocked_ns += blocked;
	if (c->unwatched) { /* elsewhere the call adds all of its time when it ends */
		row->runqueue_ns += c->runqueue_ns;
		if (c->unwatched == UNWATCHED) /* parts of the whole, as those of other calls are */
			row->wall_ns += blocked + c->runqueue_ns;
	}
	row->held_up_requests += held;
	row->held_up_ns += held * blocked;
	if (blocked > row->max_sleep_ns)
		row->max_sleep_ns = blocked;
	if (blocked < opt_min_ns) {
		row->below_min_sleeps++;
		row->below_min_ns += blocked;
	}
	if (c->req.shape & WIRE_SHAPE_NOWAIT) {
		row->nowait_sleeps++;
		row->nowait_ns += blocked;
	}
	hist_add(row->sleep_hist, blocked);
}

static __always_inline void fill_stall(struct wire_stall *e, const struct call *c, __u64 now,
				       __u64 blocked, __u64 runqueue)
{
	__builtin_memset(e, 0, sizeof(*e));
	e->hdr.kind = WIRE_STALL;
	e->hdr.size = sizeof(*e);
	e->hdr.ts_ns = now;
	e->pid = c->pid;
	e->tid = c->tid;
	__builtin_memcpy(e->comm, c->comm, sizeof(e->comm));
	e->cgroup_id = c->cgroup_id;
	e->call_seq = c->seq;
	e->out_ns = c->since_ns;
	e->blocked_ns = blocked;
	e->runqueue_ns = runqueue;
	e->stack_id = c->stack_id;
	e->user_stack_id = c->user_stack_id;
	e->state = c->task_state;
	e->iowait = c->iowait;
	e->sleep_no = c->sleeps;
	e->waker_kind = c->waker_kind;
	e->waker_pid = c->waker_pid;
	e->waker_tid = c->waker_tid;
	__builtin_memcpy(e->waker_comm, c->waker_comm, sizeof(e->waker_comm));
	e->lock_kind = c->lock_kind;
	e->holder_pid = c->holder_pid;
	e->holder_tid = c->holder_tid;
	__builtin_memcpy(e->holder_comm, c->holder_comm, sizeof(e->holder_comm));
	e->plane = plane_of(c);
	e->submitter_tid = c->submitter_tid;
	e->epoch = c->epoch;
	__builtin_memcpy(&e->req, &c->req, sizeof(e->req));
}

/* Interrupts are off and the row is this CPU's, so that nothing comes between. */
static __always_inline void spill_stall(const struct call *c, __u64 now, __u64 blocked,
					__u64 runqueue, __u32 held)
{
	struct wire_spill *row = spill_row(c);

	if (!row) {
		lose(WIRE_LOSS_EVENTS, 1);
		return;
	}
	if (!row->sleeps || blocked > row->longest.blocked_ns)
		fill_stall(&row->longest, c, now, blocked, runqueue);
	row->sleeps++;
	row->blocked_ns += blocked;
	row->runqueue_ns += runqueue;
	row->held_up_requests += held;
	row->iowait_sleeps += c->iowait;
	if (c->req.shape & WIRE_SHAPE_NOWAIT)
		row->nowait_sleeps++;
	hist_add(row->hist, blocked);
	__sync_fetch_and_add(&spills, 1);
}

static __always_inline void send_stall(const struct call *c, __u64 now, __u64 blocked,
				       __u64 runqueue, __u32 held)
{
	struct wire_stall *e = NULL;

	/* what is left of the ring is for events that cannot be summed up */
	if (bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) < opt_spill_bytes)
		e = bpf_ringbuf_reserve(&ring, sizeof(*e), 0);
	if (!e) {
		spill_stall(c, now, blocked, runqueue, held);
		return;
	}
	fill_stall(e, c, now, blocked, runqueue);
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
}

/* Add the sleep to the call's own table, so that the exit knows which rows slept. False if it is filtered out. */
static __always_inline bool call_add_sleep(struct call *c, const struct wire_fs_key *key,
					   __u64 blocked)
{
	__u32 i;

	if (c->thread == WIRE_THREAD_WORKER) /* others have not been noted */
		return true;
	for (i = 0; i < WIRE_FS_PER_CALL; i++) {
		if (i >= c->nr_fs)
			break;
		if (same_fs(&c->fs[i].key, key)) {
			c->fs[i].sleeps++;
			if (plane_of(c) == WIRE_PLANE_SUBMIT)
				c->fs[i].blocked_ns += blocked;
			return true;
		}
	}
	/* asleep until the memory of the first iocb is there */
	if (is_unwanted(c) && c->unreadable) {
		c->sleeps_of_any++;
		return false;
	}
	/* a sleep of the whole call counts if any of it is wanted */
	return !FILTERING_FS || key->kind == WIRE_FS_BATCH || key->kind == WIRE_FS_NONE;
}

static __always_inline void end_sleep(struct call *c, __u64 now)
{
	/* Not seen waking: woken while still being switched out, so it was runnable all the time. */
	__u64 wake = c->wake_ns, blocked, runqueue;
	const struct wire_fs_key *key;
	struct wire_fs *row;
	__u32 held = 0;

	if (wake < c->since_ns)
		wake = c->since_ns;
	if (wake > now)
		wake = now;
	blocked = wake - c->since_ns;
	runqueue = now - wake;
	c->runqueue_ns += runqueue;
	if (is_wait(c)) {
		c->waits++;
		c->cq_wait_ns += blocked;
		return;
	}
	c->blocked_ns += blocked;
	key = sleep_key(c);
	if (!call_add_sleep(c, key, blocked))
		return;
	if ((c->req.how == WIRE_HOW_EXACT || c->req.how == WIRE_HOW_SCANNED) &&
	    c->req.index < c->req.nr)
		held = c->req.nr - 1 - c->req.index;
	if (c->unwatched == UNWATCHED && c->thread == WIRE_THREAD_OWN)
		lose(WIRE_LOSS_UNCOUNTED_SLEEPS, 1);
	c->counted_sleeps++;
	if (plane_of(c) == WIRE_PLANE_SUBMIT)
		c->counted_ns += blocked;
	c->epoch = epoch_now();
	row = numbered_row(
		known_row(c->fs[0].row, key->dev, key->kind | (__u32)key->api << 16, key->super),
		false, c->epoch);
	row_add_sleep(row ? row : totals_here(TOTAL_MORE, false, c->epoch), c, blocked, held);
	if (blocked >= opt_min_ns)
		send_stall(c, now, blocked, runqueue, held);
}

/*
 * The thread has been back since now. Neither asleep nor preempted is one whose
 * entry program has yet to note the start, and then notes it by itself.
 */
static __always_inline void call_returns(struct call *c, __u64 now)
{
	if (now < c->since_ns)
		now = c->since_ns;
	if (c->state == WIRE_CALL_ASLEEP)
		end_sleep(c, now);
	else if (c->state == WIRE_CALL_PREEMPTED)
		c->preempted_ns += now - c->since_ns;
	if (c->state == WIRE_CALL_ASLEEP || c->state == WIRE_CALL_PREEMPTED) {
		c->since_ns = now;
		*(volatile __u32 *)&c->state = c->unwatched ? WIRE_CALL_IDLE : WIRE_CALL_RUNNING;
	}
	set_away(c, false);
}

/* It is inside io_submit on this CPU. */
static __always_inline void take_slot(struct wire_slot *slot, const struct call *c)
{
	if (c->unwatched)
		return;
	slot->call = c->number;
	slot->tid = c->tid;
	slot->req_count = c->req_count;
	slot->req_iocb = c->req_iocb;
	slot->began = c->began;
	slot->nr = c->nr;
	inside_begins(slot, c);
	tally_return(slot, c);
}

/* ---- returns that were shown to nobody ---- */

/*
 * When the thread came back to the CPU, where the switch that brought it
 * was not seen: some hosts show none that leaves certain tasks. The kernel's
 * accounts tell how long it then had waited for a CPU (a sleeper: since its
 * wake-up), and how long it has run since.
 */
static __always_inline __u64 returned_at(struct call *c, struct task_struct *task, __u64 now)
{
	__u64 ran = task_ran_ns(task) - c->ran_ns, waited = task_waited_ns(task) - c->waited_ns;
	__u64 runnable = c->since_ns, latest = now - ran, back;

	if (c->state == WIRE_CALL_ASLEEP) {
		/* nor, then, was its wake-up */
		if (!c->wake_ns)
			c->wake_ns = latest - waited;
		if (c->wake_ns > runnable)
			runnable = c->wake_ns;
	}
	back = HAS_WAITED_NS ? runnable + waited : latest;
	return back < latest ? back : latest;
}

static __always_inline void call_returned(struct call *c, struct task_struct *task, __u64 now)
{
	call_returns(c, returned_at(c, task, now));
	lose(WIRE_LOSS_RECOVERED, 1);
}

/* It has been back and has left again meanwhile, and now it comes once more. */
static __always_inline void ran_unseen(struct call *c, __u64 now, __u64 ran)
{
	call_returned(c, (void *)c->task, now);
	if (c->unwatched)
		return;
	c->on_cpu_ns += ran;
	if (now > c->since_ns + ran)
		c->preempted_ns += now - c->since_ns - ran;
	c->since_ns = now;
}

/* next may be one of ours that was off the CPU. */
static __always_inline void switch_in(struct wire_slot *slot, __u32 tid)
{
	struct call *c = call_of_tid(tid);
	__u64 now, ran;

	if (!c || !c->away || c->returning)
		return;
	now = bpf_ktime_get_ns();
	ran = c->state == WIRE_CALL_IDLE ? 0 : task_ran_ns((void *)c->task) - c->ran_ns;
	if (ran)
		ran_unseen(c, now, ran);
	else
		call_returns(c, now);
	take_slot(slot, c);
}

static __always_inline void waking(void *ctx, __u32 tid)
{
	struct call *c = call_of_tid(tid);
	__u64 id;

	if (!c || c->state != WIRE_CALL_ASLEEP || c->wake_ns)
		return;
	c->wake_ns = bpf_ktime_get_ns();
	if (in_interrupt(ctx)) {
		c->waker_kind = WIRE_WAKER_IRQ;
	} else {
		id = bpf_get_current_pid_tgid();
		c->waker_pid = id >> 32;
		c->waker_tid = (__u32)id;
		bpf_get_current_comm(c->waker_comm, sizeof(c->waker_comm));
		c->waker_kind = WIRE_WAKER_TASK;
	}
}

#endif
