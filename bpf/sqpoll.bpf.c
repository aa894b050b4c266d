// SPDX-License-Identifier: GPL-2.0
#include "lifecycle.bpf.h"
#include "sqpoll.bpf.h"
#include "submitter.bpf.h"

static __always_inline void add_request(struct wire_fs *row, __u32 aio, __u32 len)
{
	row->requests++;
	row->ops[BOUNDED(fold_op(aio), WIRE_OPS)]++;
	if (aio <= 1)
		row->bytes += len;
	else if (aio == 7 || aio == 8)
		row->bytes_unknown++;
}

static __noinline int sqpoll_count(__u64 req, __u32 flags)
{
	__u32 op = READ(io_kiocb___any, req, opcode), aio = aio_opcode_of(op), len;
	__u32 now = epoch_now();
	struct wire_fs *row;
	struct target t = {};

	if (!uring_target((void *)req, flags, op, &t))
		return 0;
	len = aio <= 1 ? READ(io_rw___any, req, len) : 0;
	row = fs_row(&t.key, false, now);
	if (row)
		name_row(row, &t, bpf_get_current_pid_tgid() >> 32);
	else
		row = totals_here(TOTAL_MORE, false, now);
	if (row)
		add_request(row, aio, len);
	return 1;
}

__noinline int sqpoll_request(__u64 req)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 id = bpf_get_current_pid_tgid();
	struct submitter s = {};
	struct call *c;
	__u32 flags;

	if (!(READ(task_struct___any, task, flags) & PF_IO_WORKER_) || io_worker_of(task) ||
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
