/* SPDX-License-Identifier: GPL-2.0 */
/* Who handed over what a thread of the kernel's does for io_uring. */
#ifndef AIOSTALL_SUBMITTER_BPF_H
#define AIOSTALL_SUBMITTER_BPF_H

#include "kiocb.bpf.h"
#include "process.bpf.h"

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
	struct task_struct___any *task = thread, *leader;

	if (bpf_probe_read_kernel_str(s->comm, sizeof(s->comm), &task->comm) > 0)
		s->tid = number_in(s->comm);
	leader = READ(task_struct___any, task, group_leader);
	if (bpf_probe_read_kernel_str(s->comm, sizeof(s->comm), &leader->comm) < 0)
		s->comm[0] = '\0';
}

static __always_inline void submitter_of(void *req, struct submitter *s)
{
	struct task_struct___any *task = (void *)kiocb_task(req);

	if (READ(task_struct___any, task, flags) & PF_IO_WORKER_) {
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

#endif
