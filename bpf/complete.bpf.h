/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests that are complete before io_submit returns, because the code below
 * did them there and then. aio_complete_rw() ends every read and write; where
 * the submitting thread itself gets there, in no interrupt, the request was
 * not asynchronous. Of requests with RWF_NOWAIT it also tells the refused ones.
 */
#ifndef AIOSTALL_COMPLETE_BPF_H
#define AIOSTALL_COMPLETE_BPF_H

#include "lock.bpf.h"
#include "request.bpf.h"

#define EAGAIN_ 11
/* kiocb.ki_flags: IOCB_NOWAIT is RWF_NOWAIT from 5.10 on, before it was another bit (include/linux/fs.h). */
#define IOCB_NOWAIT_ 0x8

static __always_inline int request_completes(void *ctx, struct kiocb *kiocb, long res)
{
	struct wire_call *c = call_on_cpu();
	struct wire_call_fs *f;
	struct target t = {};
	struct file *file;
	__u32 i;

	if (!c || c->api != WIRE_API_AIO || c->state != WIRE_CALL_RUNNING || in_interrupt(ctx))
		return 0;
	file = READ(kiocb, kiocb, ki_filp);
	target_of_file(file, &t);
	if (FILTERING_FS && !target_wanted(&t))
		return 0;
	i = call_fs(c, &t);
	if (i >= WIRE_FS_PER_CALL)
		return 0;
	f = &c->fs[BOUNDED(i, WIRE_FS_PER_CALL)];
	if (READ(file, file, f_flags) & O_DIRECT_)
		f->inside_direct++;
	else
		f->inside_buffered++;
	if (res == -EAGAIN_ && (READ(kiocb, kiocb, ki_flags) & IOCB_NOWAIT_))
		f->nowait_refused++;
	return 0;
}

#endif
