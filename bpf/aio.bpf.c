// SPDX-License-Identifier: GPL-2.0
/*
 * The programs that watch io_submit(2). Each need has several alternatives, thin wrappers around one
 * inline body; user space loads exactly one of them.
 */
#include "lifecycle.bpf.h"

/* A call of no filesystem that is wanted: both programs of the exit have yet to pass it over. */
#define UNWANTED_BY_BOTH (1 << PROGRAM_FIRST | 1 << PROGRAM_AGAIN)

/* ---- entry ---- */

/*
 * Whether the call that its thread is in began with the entry's other program, which is to be told
 * from the next call of a thread whose end no program saw: that one has been seen by this program.
 */
static __always_inline bool other_has_begun(__u32 *began, __u32 bit)
{
	if (*began & bit)
		return false;
	*began |= bit;
	return true;
}

static __always_inline void begin_call(__u32 pid, __u32 tid, __u64 ctx_id, __s64 nr, __u64 iocbpp,
				       bool compat, bool again)
{
	__u32 bit = 1u << (again ? PROGRAM_AGAIN : PROGRAM_FIRST);
	struct wire_slot *slot = slot_here();
	struct task_struct *task;
	struct iocb_part part;
	struct call *c;

	if (slot->tid == tid && other_has_begun(&slot->began, bit))
		return;
	if (!caller_wanted(pid, tid))
		return;
	task = (void *)bpf_get_current_task();
	c = call_of(tid, task, again);
	if (!c)
		return;
	if (c->state != WIRE_CALL_IDLE) {
		if (slot->tid != tid && other_has_begun(&c->began, bit))
			return;
		call_supersede(slot, c, WIRE_LOSS_UNMATCHED_ENTRY);
	}
	call_clear(c);
	c->began = bit;
	c->pid = pid;
	c->tid = tid;
	call_set_args(c, ctx_id, nr, iocbpp, compat);
	if (c->nr == 1) /* most calls are, so they are spared two look-ups */
		count_one(c, &part, iocb_at(iocbpp, 0, compat), false);
	else
		walk_requests(c, 0, false);
	if (is_passed_over(c)) {
		c->unwanted = UNWANTED_BY_BOTH;
		return;
	}
	call_start(c, task);
}

/*
 * `again`: the second program of the entry, for what the kernel made the first one miss. Which of
 * the two comes first is the kernel's choice. 32-bit calls have one, which nobody asks about.
 */
static __always_inline int submit_enter(__u64 ctx_id, __s64 nr, __u64 iocbpp, bool compat,
					bool again)
{
	__u64 id = bpf_get_current_pid_tgid();

	if (!tracing())
		return 0;
	begin_call(id >> 32, (__u32)id, ctx_id, nr, iocbpp, compat, again);
	return 0;
}

/* ---- exit ---- */

/* A call that no program saw begin, of the current thread. A function, for its stack. */
static __noinline struct call *call_unseen(__u32 pid, __u32 compat, __u32 by)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct call *c = call_of(tid, task, by == PROGRAM_AGAIN);

	if (!c)
		return NULL;
	call_from_regs(c, (void *)stack_top(task), compat);
	c->pid = pid;
	c->tid = tid;
	c->ended_by = by;
	return c;
}

/*
 * `by`: which of the exit's two programs. Whichever comes first ends the call. One that no program
 * saw begin counts now, with its requests and no time, since nobody knows when that was.
 */
static __always_inline void submit_ends(__u32 pid, __u32 tid, __s64 ret, bool compat,
					enum program by)
{
	struct call *c = call_of_tid(tid);
	__u64 now, wall = 0;

	if (c && c->ended_by && c->ended_by != by && c->state == WIRE_CALL_IDLE) {
		c->ended_by = PROGRAM_NONE;
		return;
	}
	if (c && c->unwanted & 1 << by) {
		c->unwanted &= ~(1 << by);
		return;
	}
	now = leave_call(slot_here(), c, tid);
	if (!now) {
		if (by == PROGRAM_AGAIN && !c && !opt_tree_only)
			return;
		if (!lone_exit(c, pid, tid, ret))
			return;
		c = call_unseen(pid, compat, by);
		if (!c)
			return;
		walk_requests(c, 0, false);
		if (is_passed_over(c))
			return;
		lose(WIRE_LOSS_NO_ENTRY, 1);
	} else {
		if (!c || c->state != WIRE_CALL_RUNNING)
			return;
		wall = end_call(c, now, by);
		if (c->unreadable)
			count_anew(c);
	}
	take_back(c, ret);
	flush(c, wall, ret, true);
	if (!is_unwanted(c) &&
	    (opt_all_submits || (opt_slow_ns && !c->sleeps && wall >= opt_slow_ns)))
		send_submit(c, now, wall, ret);
}

static __always_inline int submit_exit(__s64 ret, bool compat, bool again)
{
	__u64 id = bpf_get_current_pid_tgid();

	if (!tracing())
		return 0;
	submit_ends(id >> 32, (__u32)id, ret, compat, again ? PROGRAM_AGAIN : PROGRAM_FIRST);
	return 0;
}

/* ---- the programs: submit ---- */

SEC("?tp/syscalls/sys_enter_io_submit")
int enter_tp(struct syscall_entered *ctx)
{
	return submit_enter(ctx->args[0], (long)ctx->args[1], ctx->args[2], false, false);
}
SEC("?tp/syscalls/sys_exit_io_submit")
int exit_tp(struct syscall_left *ctx)
{
	return submit_exit(ctx->ret, false, false);
}

SEC("?fentry/io_submit")
int enter_fentry(void *ctx)
{
	struct pt_regs *regs = user_regs();

	return submit_enter(NATIVE_ARGS(regs), false, false);
}
SEC("?fexit/io_submit")
int BPF_PROG(exit_fentry, struct pt_regs *regs, long ret)
{
	return submit_exit(ret, false, false);
}
SEC("?kprobe/io_submit")
int enter_kprobe(struct pt_regs *ctx)
{
	struct pt_regs *regs = (void *)PT_REGS_PARM1(ctx);

	return submit_enter(NATIVE_ARGS(regs), false, false);
}
SEC("?kretprobe/io_submit")
int exit_kprobe(struct pt_regs *ctx)
{
	return submit_exit((long)PT_REGS_RC(ctx), false, false);
}

/*
 * The same a second time, beside any way of attaching, where the kernel can be preempted: it skips
 * programs there (src/live/skipped.c), but hardly ever two of them for one call.
 */
SEC("?fentry/io_submit")
int enter_again(void *ctx)
{
	struct pt_regs *regs = user_regs();

	return submit_enter(NATIVE_ARGS(regs), false, true);
}
SEC("?fexit/io_submit")
int BPF_PROG(exit_again, struct pt_regs *regs, long ret)
{
	return submit_exit(ret, false, true);
}

SEC("?fentry/compat_io_submit")
int compat_enter_fentry(void *ctx)
{
	struct pt_regs *regs = user_regs();

	return submit_enter(COMPAT_ARGS(regs), true, false);
}
SEC("?fexit/compat_io_submit")
int BPF_PROG(compat_exit_fentry, struct pt_regs *regs, long ret)
{
	return submit_exit((__s32)ret, true, false);
}
SEC("?kprobe/compat_io_submit")
int compat_enter_kprobe(struct pt_regs *ctx)
{
	struct pt_regs *regs = (void *)PT_REGS_PARM1(ctx);

	return submit_enter(COMPAT_ARGS(regs), true, false);
}
SEC("?kretprobe/compat_io_submit")
int compat_exit_kprobe(struct pt_regs *ctx)
{
	return submit_exit((__s32)PT_REGS_RC(ctx), true, false);
}

/* ---- the programs: request ---- */

/*
 * A request of a call that no program of the entry saw begin: the call begins with it. If the exit of
 * the one before was not seen either, that one has had all its requests. One that began before tracing
 * is its thread's first, and one of no filesystem that is wanted is known by its entry, or found out here.
 */
static __always_inline void begin_by_request(struct wire_slot *slot, __u64 id)
{
	__u32 tid = (__u32)id;
	struct call *c = call_of_tid(tid);

	if (!tracing() || (!c && !opt_tree_only) || !caller_wanted(id >> 32, tid))
		return;
	if (c && c->unwanted)
		return;
	if (c && slot->tid == tid)
		call_supersede(slot, c, WIRE_LOSS_UNMATCHED_EXIT);
	else if (c && c->state != WIRE_CALL_IDLE)
		return;
	c = call_unseen(id >> 32, false, PROGRAM_NONE);
	if (!c)
		return;
	walk_requests(c, 0, false);
	if (is_passed_over(c)) {
		c->unwanted = UNWANTED_BY_BOTH;
		return;
	}
	call_start(c, (void *)bpf_get_current_task());
	lose(WIRE_LOSS_NO_ENTRY, 1);
}

/* io_submit_one(ctx, user_iocb, compat). That it is over, the stack of a sleep shows. */
static __always_inline int request_begins(__u64 iocb, bool compat)
{
	struct wire_slot *slot = slot_here();
	__u64 id = bpf_get_current_pid_tgid();

	if (SECOND_PAIR && !compat && (slot->tid != (__u32)id || slot->req_count >= slot->nr))
		begin_by_request(slot, id);
	if (slot->tid != (__u32)id)
		return 0;
	slot->req_iocb = iocb;
	slot->req_count++;
	return 0;
}

SEC("?fentry/io_submit_one")
int BPF_PROG(request_fentry, struct kioctx *kioctx, struct iocb *user_iocb, bool compat)
{
	return request_begins((__u64)user_iocb, compat);
}

SEC("?kprobe/io_submit_one")
int BPF_KPROBE(request_kprobe, struct kioctx *kioctx, void *user_iocb, bool compat)
{
	return request_begins((__u64)user_iocb, compat);
}

/*
 * Requests that are complete before io_submit returns, because the code below
 * did them there and then. aio_complete_rw() ends every read and write; where
 * the submitting thread itself gets there, in no interrupt, the request was
 * not asynchronous. Of requests with RWF_NOWAIT it also tells the refused ones.
 */

#define EAGAIN_ 11
/* kiocb.ki_flags: IOCB_NOWAIT is RWF_NOWAIT from 5.10 on, before it was another bit (include/linux/fs.h). */
#define IOCB_NOWAIT_ 0x8

/* It counts in the row of its file, by way of the call. */
static __noinline int completes_in_row(struct kiocb *kiocb, struct file *file, bool direct,
				       bool refused)
{
	struct call *c = call_on_cpu();
	struct wire_call_fs *f;
	struct target t = {};
	__u32 i;

	if (!c || c->api != WIRE_API_AIO || c->state != WIRE_CALL_RUNNING)
		return 0;
	target_of_file(file, &t);
	if (FILTERING_FS && !target_wanted(&t))
		return 0;
	i = call_fs(c, &t);
	if (i >= WIRE_FS_PER_CALL)
		return 0;
	f = &c->fs[BOUNDED(i, WIRE_FS_PER_CALL)];
	if (direct)
		f->inside_direct++;
	else
		f->inside_buffered++;
	f->nowait_refused += refused;
	return 0;
}

static __always_inline int request_completes(void *ctx, struct kiocb *kiocb, long res)
{
	struct wire_slot *slot = slot_here();
	struct file *file;
	bool direct, refused;

	/* in a call, so that an interrupt comes out of the kernel, and has a stack of its own */
	if (!slot->tid || slot->tid != (__u32)bpf_get_current_pid_tgid() || on_other_stack(ctx))
		return 0;
	file = READ(kiocb, kiocb, ki_filp);
	direct = READ(file, file, f_flags) & O_DIRECT_;
	refused = res == -EAGAIN_ && (READ(kiocb, kiocb, ki_flags) & IOCB_NOWAIT_);
	if (refused || !inside_counts(slot, file, direct))
		completes_in_row(kiocb, file, direct, refused);
	return 0;
}

/* ---- the programs: complete ---- */

SEC("?fentry/aio_complete_rw")
int BPF_PROG(complete_fentry, struct kiocb *kiocb, long res)
{
	return request_completes(ctx, kiocb, res);
}

SEC("?kprobe/aio_complete_rw")
int BPF_KPROBE(complete_kprobe, struct kiocb *kiocb, long res)
{
	return request_completes(ctx, kiocb, res);
}
