// SPDX-License-Identifier: GPL-2.0
/*
 * The programs that watch io_submit(2).
 *
 * Fast path: sched_switch fires for every context switch of the host. A
 * per-CPU slot names the thread that is inside io_submit on that CPU, so that
 * "is prev one of ours" is one load; a table of counters by thread id guards the
 * look-up of next, the whole of sched_waking, and that of a prev which should
 * not be there since nobody has seen it come.
 *
 * Each need has several alternatives; user space loads exactly one of them.
 * They are thin wrappers around one inline body.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#include "wire.h"
#include "compat.bpf.h"
#include "complete.bpf.h"
#include "iothread.bpf.h"
#include "punt.bpf.h"
#include "sample.bpf.h"
#include "sleep.bpf.h"
#include "submit.bpf.h"
#include "unwatched.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* ---- the programs: submit ---- */

SEC("?tp/syscalls/sys_enter_io_submit")
int enter_tp(struct trace_event_raw_sys_enter *ctx)
{
	return submit_enter(ctx->args[0], (long)ctx->args[1], ctx->args[2], false, false);
}
SEC("?tp/syscalls/sys_exit_io_submit")
int exit_tp(struct trace_event_raw_sys_exit *ctx)
{
	return submit_exit(ctx->ret, false, false);
}
/*
 * The entry points take the user's registers as their argument, but the BTF of
 * 5.10 has that type only as a forward declaration and its verifier refuses
 * to read it: take them from where the entry code saved them.
 */
static __always_inline struct pt_regs *user_regs(void)
{
	return (void *)stack_top((void *)bpf_get_current_task());
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

/* ---- the programs: io_uring ---- */

SEC("?tp/syscalls/sys_enter_io_uring_enter")
int uring_enter_tp(struct trace_event_raw_sys_enter *ctx)
{
	return uring_enter(ctx->args[0], ctx->args[1]);
}
SEC("?tp/syscalls/sys_exit_io_uring_enter")
int uring_exit_tp(struct trace_event_raw_sys_exit *ctx)
{
	return uring_exit(ctx->ret);
}
SEC("?fentry/io_uring_enter")
int uring_enter_fentry(void *ctx)
{
	struct pt_regs *regs = user_regs();

	return uring_enter(PT_REGS_PARM1_CORE_SYSCALL(regs), PT_REGS_PARM2_CORE_SYSCALL(regs));
}
SEC("?fexit/io_uring_enter")
int BPF_PROG(uring_exit_fentry, struct pt_regs *regs, long ret)
{
	return uring_exit(ret);
}
/* io_uring_submit_req(req), 6.4; before that io_uring_submit_sqe, with more arguments the older it is. */
SEC("?tp_btf/io_uring_submit_req")
int uring_request_tp(__u64 *ctx)
{
	volatile __u64 *args = ctx; /* two loads: no place in the context may be computed */
	__u64 req = args[0];

	if (opt_uring_request_arg)
		req = args[1];
	if (opt_punts)
		not_punted_yet(as_number(slot_here(), (void *)req));
	return uring_request((void *)req);
}
/* io_uring_queue_async_work(req, hashed), since 5.19; before that (ctx, hashed, req, ...). */
SEC("?tp_btf/io_uring_queue_async_work")
int uring_punt_tp(__u64 *ctx)
{
	volatile __u64 *args = ctx;
	__u64 req = args[0], serial = args[1];

	if (opt_punt_arg)
		req = args[2];
	return request_punted(as_number(slot_here(), (void *)req), (serial & 0xff) != 0);
}

/* ---- the programs: request ---- */

/* io_submit_one(ctx, user_iocb, compat). That it is over, the stack of a sleep shows. */
static __always_inline int request_begins(__u64 iocb)
{
	struct wire_slot *slot = slot_here();

	if (slot->tid != (__u32)bpf_get_current_pid_tgid())
		return 0;
	slot->req_iocb = iocb;
	slot->req_count++;
	return 0;
}

SEC("?fentry/io_submit_one")
int BPF_PROG(request_fentry, struct kioctx *kioctx, struct iocb *user_iocb)
{
	return request_begins((__u64)user_iocb);
}

SEC("?kprobe/io_submit_one")
int BPF_KPROBE(request_kprobe, struct kioctx *kioctx, void *user_iocb)
{
	return request_begins((__u64)user_iocb);
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

/* ---- the programs: switch ---- */

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

/*
 * One of the two may be inside io_submit. A function of its own, which takes the arguments from
 * the context once more, so that other switches keep nothing on the stack for it.
 */
static __noinline int switched(__u64 *ctx)
{
	struct task_struct *prev = (void *)ctx[1];
	bool typed = opt_typed_args;
	__u32 prev_tid = pid_of_prev(prev, typed), next_tid = pid_of((void *)ctx[2], typed);
	__u32 state = opt_has_prev_state ? (__u32)ctx[3] : task_state(prev);
	struct wire_slot *slot = slot_here();
	struct wire_call *c = NULL;
	bool in_call;

	ran_blind(slot, prev_tid);
	if (may_be_away(prev_tid) && tracing())
		came_back(prev_tid);
	if (is_io_thread(prev, typed)) {
		/* the one that ends leaves for the last time: it is no sleep, and nothing wakes it */
		if (state && !(state & TASK_DEAD_) && !ctx[0] && tracing())
			c = io_thread_sleeper(prev);
	} else if (opt_sleeps_only)
		c = unwatched_sleeper(slot, prev, (bool)ctx[0], state);
	else if (slot->tid && tracing())
		c = switch_out(slot, prev);
	else if ((opt_compat_sleeps && in_compat_call(prev)) || entries_are_skipped(slot))
		c = unwatched_sleeper(slot, prev, (bool)ctx[0], state);
	if (c) {
		fall_asleep(ctx, c, prev, state, &in_call);
		if (c->thread != WIRE_THREAD_OWN)
			io_thread_sleeps(c);
		else if (c->unwatched)
			unwatched_sleeps(c, in_call);
	}
	if (may_be_away(next_tid) && tracing())
		switch_in(slot, next_tid);
	return 0;
}

/*
 * User space makes tp_btf programs of these where it can: the arguments are in
 * the same places, with types besides.
 */
SEC("?raw_tp/sched_switch")
int switch_task(__u64 *ctx)
{
	struct task_struct *prev = (void *)ctx[1];

	bool typed = opt_typed_args; /* read once: each switch of the host comes by here */

	if (opt_sleeps_only || may_be_inside(slot_here()) ||
	    may_be_away(pid_of_prev(prev, typed)) || may_be_away(pid_of((void *)ctx[2], typed)) ||
	    is_io_thread(prev, typed) || (opt_compat_sleeps && in_compat_call(prev)))
		switched(ctx);
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

/* ---- the programs: samples ---- */

SEC("?perf_event")
int sample_perf(void *ctx)
{
	return take_sample(ctx);
}

/* ---- the programs: threads that end, processes that begin ---- */

static __always_inline int thread_ends(void)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 tid = (__u32)id;
	struct wire_slot *slot = slot_here();
	struct wire_call *c = bpf_map_lookup_elem(&calls, &tid);
	struct task_struct *task = (void *)bpf_get_current_task();
	__u32 pid = id >> 32;

	/* do_exit() counts the threads down before it tells of the end (5.10 to 7.x) */
	if (opt_tree_only && BPF_CORE_READ(task, signal, live.counter) == 0)
		bpf_map_delete_elem(&tree, &pid);
	if (slot->tid == tid)
		slot->tid = 0;
	/* at the end of tracing they are read while this is being taken off */
	if (!c || !tracing())
		return 0;
	if (c->state != WIRE_CALL_IDLE)
		call_abandon(c, WIRE_LOSS_DIED);
	retire(tid);
	bpf_map_delete_elem(&calls, &tid);
	return 0;
}

static __always_inline int process_begins(struct task_struct *parent, struct task_struct *child)
{
	__u32 pid = BPF_CORE_READ(parent, tgid), new = BPF_CORE_READ(child, tgid);
	__u8 one = 1;

	if (pid == new || !bpf_map_lookup_elem(&tree, &pid))
		return 0;
	if (bpf_map_update_elem(&tree, &new, &one, BPF_ANY))
		lose(WIRE_LOSS_CALLS_FULL, 1);
	return 0;
}

SEC("?raw_tp/sched_process_exit")
int exit_raw_tp(void *ctx)
{
	return thread_ends();
}

SEC("?raw_tp/sched_process_fork")
int fork_raw_tp(struct bpf_raw_tracepoint_args *ctx)
{
	return process_begins((void *)ctx->args[0], (void *)ctx->args[1]);
}
