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

/* Who handed over what the thread does: it goes by that one's name. */
struct submitter {
	__u32 tid;
	char comm[WIRE_COMM_LEN];
};

/* The number at the end of "iou-sqp-1234": nothing else keeps who made the ring (io_sq_thread() of 6.2 on). */
static __always_inline __u32 number_in(const char *comm)
{
	__u32 n = 0;

	for (__u32 i = sizeof("iou-sqp-") - 1; i < WIRE_COMM_LEN; i++) {
		if (comm[i] < '0' || comm[i] > '9')
			break;
		n = n * 10 + (comm[i] - '0');
	}
	return n;
}

/* A thread that submits for a ring stands for the one that made the ring, by the name of its process. */
static __always_inline void maker_of(void *thread, struct submitter *s)
{
	struct task_struct___leader *task = thread, *leader;

	if (bpf_probe_read_kernel_str(s->comm, sizeof(s->comm), &task->comm) > 0)
		s->tid = number_in(s->comm);
	leader = READ(task_struct___leader, task, group_leader);
	if (bpf_probe_read_kernel_str(s->comm, sizeof(s->comm), &leader->comm) < 0)
		s->comm[0] = '\0';
}

static __always_inline void submitter_of(void *req, struct submitter *s)
{
	struct task_struct___leader *task = (void *)kiocb_task(req);

	if (READ(task_struct___io_thread, task, flags) & PF_IO_WORKER_) {
		maker_of(task, s);
		return;
	}
	s->tid = READ(task_struct, task, pid);
	if (bpf_probe_read_kernel_str(s->comm, sizeof(s->comm), &task->comm) < 0)
		s->comm[0] = '\0';
}

static __always_inline bool submitter_wanted(__u32 pid, const struct submitter *s)
{
	return thread_wanted(pid, s->tid) && (!filter_nr_comms || comm_wanted(s->comm));
}

/* Is the request's file on a filesystem that is asked for? */
static __always_inline bool kiocb_wanted(void *req)
{
	struct target t = {};
	struct file *file;

	if (!FILTERING_FS)
		return true;
	file = READ(io_kiocb___any, req, file);
	if (!file || !uring_has_file(READ(io_kiocb___any, req, opcode)))
		return false;
	target_of_file(file, &t);
	return target_wanted(&t);
}

/* What the thread has noted here when it began to wait for a lock. */
static __always_inline void take_lock(struct wire_call *c, struct wire_slot *slot)
{
	if (slot->lock_tid != c->tid)
		return;
	slot->lock_tid = 0;
	c->lock = slot->lock;
	c->lock_kind = slot->lock_kind;
}

static __always_inline void io_thread_begins(struct wire_call *c, struct task_struct *task,
					     __u64 id, void *req, const struct submitter *s)
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
	c->unwatched = 1;
	c->req_iocb = req ? (__u64)req : seen;
	c->submitter_tid = s->tid;
	__builtin_memcpy(c->comm, s->comm, sizeof(c->comm));
	take_lock(c, slot_here());
	begin_sleep(c, task, bpf_ktime_get_ns());
	leave_cpu(c, WIRE_CALL_ASLEEP);
}

/* The thread leaves the CPU, not for another one that wants it. Its sleep, NULL if it has nothing to do. */
static __noinline struct wire_call *io_thread_sleeper(struct task_struct *task)
{
	__u64 id = bpf_get_current_pid_tgid();
	void *worker = io_worker_of(task), *req = worker ? kiocb_of_worker(worker) : NULL;
	struct submitter s = {};
	struct wire_call *c;
	__u32 tid = (__u32)id;

	if (worker && !req)
		return NULL;
	if (worker)
		submitter_of(req, &s);
	else
		maker_of(task, &s);
	if (!submitter_wanted(id >> 32, &s) || (worker && !kiocb_wanted(req)))
		return NULL;
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

/* Of the thread that submits only its stack tells whether it has something to do. */
static __always_inline void io_thread_sleeps(struct wire_call *c)
{
	if (c->thread == WIRE_THREAD_WORKER ||
	    (c->place != WIRE_PLACE_WAIT && c->place != WIRE_PLACE_UNKNOWN))
		return;
	*(volatile __u32 *)&c->state = WIRE_CALL_IDLE;
	set_away(c, false);
}

/* ---- requests that the kernel's thread submits ---- */

static __always_inline void add_request(struct wire_fs *row, __u32 aio, __u32 len)
{
	row->requests++;
	row->ops[BOUNDED(fold_op(aio), WIRE_OPS)]++;
	if (aio <= 1)
		row->bytes += len;
	else if (aio == 7 || aio == 8)
		row->bytes_unknown++;
}

static __always_inline void name_row(struct wire_fs *row, const struct target *t, __u32 pid)
{
	row->mnt_id = t->mnt_id;
	if (!row->pid)
		row->pid = pid;
	if (!row->fstype[0])
		read_fstype(t, row->fstype);
}

static __noinline int sqpoll_count(__u64 req, __u32 flags)
{
	__u32 op = READ(io_kiocb___any, req, opcode), aio = aio_opcode_of(op), len;
	__u32 now = epoch_now();
	struct wire_fs *row, *total = totals_here(false, now);
	struct target t = {};

	if (!total || !uring_target((void *)req, flags, op, &t))
		return 0;
	len = aio <= 1 ? READ(io_rw___any, req, len) : 0;
	row = fs_row(&t.key, false, now);
	if (row) {
		add_request(row, aio, len);
		name_row(row, &t, bpf_get_current_pid_tgid() >> 32);
	}
	add_request(total, aio, len);
	return 1;
}

/* No call goes with it: it counts by itself. Which one is under way, a sleep asks. */
__noinline int sqpoll_request(__u64 req)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 id = bpf_get_current_pid_tgid();
	struct submitter s = {};
	struct wire_call *c;
	__u32 flags;

	if (!(READ(task_struct___io_thread, task, flags) & PF_IO_WORKER_) || io_worker_of(task) ||
	    !tracing())
		return 0;
	maker_of(task, &s);
	if (!submitter_wanted(id >> 32, &s))
		return 0;
	c = call_of((__u32)id, task, false);
	if (!c)
		return 0;
	c->pid = id >> 32;
	c->tid = (__u32)id;
	flags = READ(io_kiocb___any, req, flags);
	if (!c->in_chain)
		c->req_iocb = req;
	c->in_chain = flags & (REQ_F_LINK_ | REQ_F_HARDLINK_);
	c->own.requests += sqpoll_count(req, flags);
	return 0;
}

#endif
