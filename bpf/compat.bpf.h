/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every kernel difference in one place, decided by BTF when the object is
 * loaded, never by version number. The version named is where it changed.
 */
#ifndef AIOSTALL_COMPAT_BPF_H
#define AIOSTALL_COMPAT_BPF_H

#include "options.bpf.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

/* Objects are not linked where two of them say that a function is the kernel's: see the Makefile. */
#ifdef NAMES_KSYMS
#define KERNEL_FUNCTION __ksym __weak
#else
#define KERNEL_FUNCTION __weak
#endif
extern void *bpf_rdonly_cast(void *obj, __u32 btf_id) KERNEL_FUNCTION;

/* p->field of the kernel's struct type; 0 where p leads nowhere, like BPF_CORE_READ(). */
#define READ(type, p, field)                                                                       \
	({                                                                                         \
		void *__from = (void *)(p);                                                        \
		opt_typed_reads ? ((struct type *)bpf_rdonly_cast(                                 \
					   __from, bpf_core_type_id_kernel(struct type)))          \
					  ->field                                                  \
				: BPF_CORE_READ((struct type *)__from, field);                     \
	})

/* The number that lies there: one may calculate with it, and a pointer read so is one too. */
static __always_inline __u64 read_number(const void *at)
{
	return READ(timespec64, at, tv_sec);
}

/* The pointer that lies there. */
static __always_inline void *read_pointer(const void *at)
{
	return (void *)read_number(at);
}

/* What tracepoints of system calls hand over, which is the ABI of perf events: no type of the kernel's. */
struct syscall_entered {
	__u64 common, nr, args[6];
};
struct syscall_left {
	__u64 common, nr;
	long ret;
};

/*
 * What not every kernel has of a thread. One struct: for each that programs name, libbpf goes through
 * all types of the kernel at a start, which takes 1.1 ms.
 */
struct thread_info___any {
	unsigned long flags, syscall_work;
} __attribute__((preserve_access_index));
struct task_struct___any {
	struct thread_info___any thread_info;
	long state; /* __state since 5.14 */
	unsigned int flags;
	void *worker_private; /* of an io-wq thread its struct io_worker */
	void *pf_io_worker;   /* the same in 5.10 and 5.15 */
	void *io_uring;
	struct task_struct *real_parent;
	struct task_struct___any *group_leader; /* the first of its process, and names it */
	char comm[WIRE_COMM_LEN];
} __attribute__((preserve_access_index));

/* include/linux/sched.h, the same from 5.10 to 7.x. */
#define TASK_DEAD_ 0x80

static __always_inline __u32 task_state(struct task_struct *t)
{
	if (bpf_core_field_exists(t->__state))
		return BPF_CORE_READ(t, __state);
	return (__u32)BPF_CORE_READ((struct task_struct___any *)t, state);
}

/* gendisk.queue is old; block_device.bd_queue came with 5.16, before that it goes through bd_disk. */
static __always_inline __u32 logical_block_size(struct block_device *bdev)
{
	struct gendisk *disk = READ(block_device, bdev, bd_disk);

	return READ(request_queue, READ(gendisk, disk, queue), limits.logical_block_size);
}

/*
 * The number of what is attached to the device, which no other gets: gendisk.diskseq came with 5.15.
 * 0 = not told. What has no device has its own backing_dev_info, numbered from 5.4, or none (tmpfs).
 */
static __always_inline __u64 disk_sequence(const void *bdev)
{
	if (!bpf_core_field_exists(((struct gendisk *)0)->diskseq))
		return 0;
	return READ(gendisk, READ(block_device, bdev, bd_disk), diskseq);
}

/* The device behind the inode of its page cache (I_BDEV(), block/bdev.c): they are one object. */
static __always_inline struct block_device *device_of_inode(struct inode *inode)
{
	if (!bpf_core_field_exists(((struct bdev_inode *)0)->vfs_inode))
		return NULL;
	return (void *)inode - bpf_core_field_offset(struct bdev_inode, vfs_inode) +
	       bpf_core_field_offset(struct bdev_inode, bdev);
}

/* BLK_FEAT_NOWAIT of the limits since 6.11, QUEUE_FLAG_NOWAIT of the queue before: macros, which BTF has not. */
#define BLK_FEAT_NOWAIT_ (1u << 7)
#define QUEUE_FLAG_NOWAIT_ (1ul << 29)
struct queue_limits___6_11 {
	unsigned int features;
} __attribute__((preserve_access_index));
struct request_queue___6_11 {
	struct queue_limits___6_11 limits;
	unsigned long queue_flags;
} __attribute__((preserve_access_index));

/* bdev_nowait(): can the device refuse what would make it wait? */
static __always_inline bool device_can_nowait(struct block_device *bdev)
{
	struct request_queue *queue = READ(gendisk, READ(block_device, bdev, bd_disk), queue);

	if (bpf_core_field_exists(((struct queue_limits___6_11 *)0)->features))
		return READ(request_queue___6_11, queue, limits.features) & BLK_FEAT_NOWAIT_;
	return READ(request_queue___6_11, queue, queue_flags) & QUEUE_FLAG_NOWAIT_;
}

/* in_iowait is a bit field of task_struct; its unit changed places often. */
static __always_inline __u32 task_in_iowait(struct task_struct *t)
{
	return BPF_CORE_READ_BITFIELD_PROBED(t, in_iowait);
}

/*
 * The kernel's own accounts of a task: how long it has run, and how long it has
 * waited for a CPU (CONFIG_SCHED_INFO). The first is up to date at a switch, else
 * as old as the latest tick at most.
 */
static __always_inline __u64 task_ran_ns(struct task_struct *t)
{
	return READ(task_struct, t, se.sum_exec_runtime);
}

#define HAS_WAITED_NS bpf_core_field_exists(((struct task_struct *)0)->sched_info.run_delay)
static __always_inline __u64 task_waited_ns(struct task_struct *t)
{
	return HAS_WAITED_NS ? READ(task_struct, t, sched_info.run_delay) : 0;
}

/*
 * The user registers at the top of the task's kernel stack: by helper from
 * 5.15, before that where x86-64 and arm64 with 16 KiB stacks keep them.
 */
#define KERNEL_STACK_BYTES 16384

static __always_inline __u64 stack_top(struct task_struct *t)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs) &&
	    bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf))
		return (__u64)bpf_task_pt_regs(bpf_get_current_task_btf());
	return (__u64)BPF_CORE_READ(t, stack) + KERNEL_STACK_BYTES -
	       bpf_core_type_size(struct pt_regs);
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

/* The registers of a system call's arguments that the entry code has saved, and io_submit's in them. */
#if defined(__TARGET_ARCH_x86)
#define SYSCALL_ARG1(regs) READ(pt_regs, regs, di)
#define SYSCALL_ARG2(regs) READ(pt_regs, regs, si)
#define SYSCALL_ARG3(regs) READ(pt_regs, regs, dx)
#else
#define SYSCALL_ARG1(regs) PT_REGS_PARM1_CORE_SYSCALL(regs)
#define SYSCALL_ARG2(regs) PT_REGS_PARM2_CORE_SYSCALL(regs)
#define SYSCALL_ARG3(regs) PT_REGS_PARM3_CORE_SYSCALL(regs)
#endif
#define NATIVE_ARGS(regs) SYSCALL_ARG1(regs), (long)SYSCALL_ARG2(regs), SYSCALL_ARG3(regs)
/* 32-bit callers: i386 passes its arguments in bx, cx, dx; arm in w0 to w2. */
#if defined(__TARGET_ARCH_x86)
#define COMPAT_ARGS(regs)                                                                          \
	(__u32) READ(pt_regs, regs, bx), (__s32)READ(pt_regs, regs, cx), (__u32)SYSCALL_ARG3(regs)
#else
#define COMPAT_ARGS(regs)                                                                          \
	(__u32) SYSCALL_ARG1(regs), (__s32)SYSCALL_ARG2(regs), (__u32)SYSCALL_ARG3(regs)
#endif

/*
 * Does the tracer of the program make its system calls for it (PTRACE_SYSEMU)? Then they end as it
 * likes. A flag of the thread's, and from 5.11 on of its own word (SYSCALL_WORK_SYSCALL_EMU).
 */
enum syscall_work_bit___emu { SYSCALL_WORK_BIT_SYSCALL_EMU___emu = 3 };
#if defined(__TARGET_ARCH_x86)
#define TIF_SYSCALL_EMU_ 6
#else
#define TIF_SYSCALL_EMU_ 12
#endif

static __always_inline bool is_emulated(struct task_struct *task)
{
	struct task_struct___any *t = (void *)task;

	if (bpf_core_field_exists(t->thread_info.syscall_work))
		return BPF_CORE_READ(t, thread_info.syscall_work) >>
			       bpf_core_enum_value(enum syscall_work_bit___emu,
						   SYSCALL_WORK_BIT_SYSCALL_EMU___emu) &
		       1;
	return BPF_CORE_READ(t, thread_info.flags) >> TIF_SYSCALL_EMU_ & 1;
}

/*
 * May this exit be that of a call which never began? A seccomp filter or a
 * tracer of the program refuses a system call before its entry is told of, but
 * the exit is told of all the same (syscall_trace_enter(), kernel/entry/common.c).
 * It ends with an error, or rolled back, which leaves the register of the result
 * as it was, or as a tracer that emulates it wants.
 */
#define SECCOMP_MODE_FILTER_ 2

static __always_inline bool may_be_refused(struct task_struct *t, __s64 ret)
{
	bool may = READ(task_struct, t, ptrace) != 0;

	if (may && is_emulated(t))
		return true;
	if (bpf_core_field_exists(t->seccomp.mode))
		may = may || READ(task_struct, t, seccomp.mode) == SECCOMP_MODE_FILTER_;
	if (!may || ret < 0)
		return may;
#if defined(__TARGET_ARCH_x86)
	return ret == (__s64)READ(pt_regs, stack_top(t), orig_ax);
#else
	return ret == (__s64)READ(pt_regs, stack_top(t), orig_x0);
#endif
}

/*
 * Threads of the kernel's that work for io_uring in a process of the program (5.12): those of io-wq,
 * and the one that submits for IORING_SETUP_SQPOLL.
 */
#define PF_IO_WORKER_ 0x10
#define PF_EXITING_ 0x4

static __always_inline bool is_io_thread(struct task_struct *t, bool typed)
{
	struct task_struct___any *any = (void *)t;

	return opt_io_threads && ((typed ? any->flags : BPF_CORE_READ(any, flags)) & PF_IO_WORKER_);
}

/* The struct io_worker of an io-wq thread; NULL of others, of those that end too. */
static __always_inline void *io_worker_of(struct task_struct *t)
{
	struct task_struct___any *any = NULL;

	if (bpf_core_field_exists(any->worker_private))
		return READ(task_struct___any, t, worker_private);
	return bpf_core_field_exists(any->pf_io_worker) ? READ(task_struct___any, t, pf_io_worker)
							: NULL;
}

/* By which system call the thread with these registers came in. The tables are the kernel's ABI. */
#define NR_IO_URING_ENTER 426
#if defined(__TARGET_ARCH_x86)
#define NR_IO_SUBMIT 209
#define NR_COMPAT_IO_SUBMIT 248
#define SYSCALL_OF(regs) ((__u32)READ(pt_regs, regs, orig_ax))
#else
#define NR_IO_SUBMIT 2
#define NR_COMPAT_IO_SUBMIT 246
#define SYSCALL_OF(regs) ((__u32)READ(pt_regs, regs, syscallno))
#endif

/*
 * Is the current thread in a system call of the 32-bit table? x86: TS_COMPAT
 * (arch/x86/include/asm/thread_info.h), which int $0x80 of a 64-bit program sets,
 * too; arm64: PSR_MODE32_BIT of the state that the entry code has saved.
 */
#if defined(__TARGET_ARCH_x86)
#define TS_COMPAT_ 0x2
static __always_inline bool in_compat_call(struct task_struct *t)
{
	return (opt_typed_args ? t->thread_info.status : BPF_CORE_READ(t, thread_info.status)) &
	       TS_COMPAT_;
}
#else
struct pt_regs___pstate {
	__u64 pstate;
} __attribute__((preserve_access_index));
static __always_inline bool in_compat_call(struct task_struct *t)
{
	struct pt_regs___pstate *regs = (void *)stack_top(t);

	return BPF_CORE_READ(t, mm) && (BPF_CORE_READ(regs, pstate) & 0x10);
}
#endif

/*
 * Does this run in an interrupt? A tracepoint's arguments lie on the stack in
 * use, and interrupts have stacks of their own, so an address outside the
 * current task's stack says so. Only an interrupt out of user mode stays on
 * the task's stack (x86-64, arch/x86/include/asm/irq_stack.h): there the user
 * registers hold no system call number. The preemption count would say it all,
 * but is a per-CPU symbol that programs may not reach (no CONFIG_KALLSYMS_ALL)
 * and that moved twice (6.2, 6.15).
 */
static __always_inline bool on_other_stack(void *ctx)
{
	struct task_struct *t = (void *)bpf_get_current_task();
	__u64 base = (__u64)READ(task_struct, t, stack);

	/* compared: a context less an unknown number is no number for the verifier, but refused */
	return (__u64)ctx < base || (__u64)ctx >= base + KERNEL_STACK_BYTES;
}

static __always_inline bool in_interrupt(void *ctx)
{
	struct task_struct *t = (void *)bpf_get_current_task();

	if (on_other_stack(ctx))
		return true;
#if defined(__TARGET_ARCH_x86)
	if (READ(task_struct, t, mm)) {
		struct pt_regs *user = (void *)stack_top(t);

		return (long)READ(pt_regs, user, orig_ax) == -1;
	}
#endif
	return false;
}

#endif
