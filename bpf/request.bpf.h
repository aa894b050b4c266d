/* SPDX-License-Identifier: GPL-2.0 */
/* The iocbs of a call: counted at its entry, taken back if the kernel did not take them. */
#ifndef AIOSTALL_REQUEST_BPF_H
#define AIOSTALL_REQUEST_BPF_H

#include "target.bpf.h"

#define RWF_NOWAIT_ 0x8

static __always_inline __u32 fold_op(__u32 opcode)
{
	switch (opcode) {
	case 0: return WIRE_OP_PREAD;
	case 1: return WIRE_OP_PWRITE;
	case 2: return WIRE_OP_FSYNC;
	case 3: return WIRE_OP_FDSYNC;
	case 5: return WIRE_OP_POLL;
	case 7: return WIRE_OP_PREADV;
	case 8: return WIRE_OP_PWRITEV;
	}
	return WIRE_OP_OTHER;
}

/*
 * Sum of an iovec array, BYTES_UNKNOWN if it cannot be read in full. A global
 * function, so that the verifier looks at its loop once and not at each call.
 */
#define IOVECS_READ 64
#define BYTES_UNKNOWN (~0ULL)
__noinline __u64 iovec_bytes(__u64 buf, __u64 count, __u32 compat)
{
	__u64 sum = 0, entry[2] = {};
	__u32 entry32[2] = {};

	for (__u32 i = 0; i < IOVECS_READ; i++) {
		if (i >= count)
			return sum;
		if (compat) {
			if (bpf_probe_read_user(entry32, sizeof(entry32), (void *)(buf + i * 8ULL)))
				return BYTES_UNKNOWN;
			sum += entry32[1];
		} else {
			if (bpf_probe_read_user(entry, sizeof(entry), (void *)(buf + i * 16ULL)))
				return BYTES_UNKNOWN;
			sum += entry[1];
		}
	}
	return count <= IOVECS_READ ? sum : BYTES_UNKNOWN;
}

/* The user's iocb for request i of a call, 0 if it cannot be read. */
static __always_inline __u64 iocb_at(__u64 iocbpp, __u32 i, bool compat)
{
	__u64 p = 0;

	if (compat) {
		__u32 p32 = 0;

		bpf_probe_read_user(&p32, sizeof(p32), (void *)(iocbpp + i * 4ULL));
		return p32;
	}
	bpf_probe_read_user(&p, sizeof(p), (void *)(iocbpp + i * 8ULL));
	return p;
}

/* Which row of the call a descriptor belongs to, through a small cache: index + 1, or WIRE_FD_SKIP. */
static __always_inline __u32 row_of_fd(struct wire_call *c, __u32 fd)
{
	__u32 way = fd & (WIRE_FD_CACHE - 1), i;
	struct target t = {};
	struct file *file;

	if (c->fds[way].fs && c->fds[way].fd == fd)
		return c->fds[way].fs;
	file = file_of_fd(fd);
	if (file)
		target_of_file(file, &t);
	c->fds[way].fd = fd;
	if (FILTERING_FS && !target_wanted(&t)) {
		c->fds[way].fs = WIRE_FD_SKIP;
		return WIRE_FD_SKIP;
	}
	i = call_fs(c, &t);
	if (i >= WIRE_FS_PER_CALL)
		return 0;
	c->fds[way].fs = i + 1;
	return i + 1;
}

/* Count request i in its row, or take it back (undo). */
static __always_inline void count_request(struct wire_call *c, __u32 i, bool undo)
{
	struct iocb iocb;
	__u64 addr = iocb_at(c->iocbpp, i, c->compat), bytes;
	struct wire_call_fs *f;
	__u32 row, op;

	if (!addr || bpf_probe_read_user(&iocb, sizeof(iocb), (void *)addr)) {
		if (!undo)
			c->unreadable++;
		else if (c->unreadable)
			c->unreadable--;
		return;
	}
	row = row_of_fd(c, iocb.aio_fildes);
	if (row == WIRE_FD_SKIP) {
		if (!undo)
			c->skipped++;
		return;
	}
	if (row == 0 || row > WIRE_FS_PER_CALL) {
		if (!undo)
			c->fs_overflow++;
		else if (c->fs_overflow)
			c->fs_overflow--;
		return;
	}
	f = &c->fs[BOUNDED(row - 1, WIRE_FS_PER_CALL)];
	op = fold_op(iocb.aio_lio_opcode);
	bytes = iocb.aio_nbytes;
	if (op == WIRE_OP_PREADV || op == WIRE_OP_PWRITEV)
		bytes = iovec_bytes(iocb.aio_buf, iocb.aio_nbytes, c->compat);
	else if (op != WIRE_OP_PREAD && op != WIRE_OP_PWRITE)
		bytes = 0;
	/* Not what was counted: the iocb or the descriptor has changed meanwhile. */
	if (undo && (!f->requests || !f->ops[BOUNDED(op, WIRE_OPS)])) {
		c->fs_overflow++;
		return;
	}
	if (undo && bytes != BYTES_UNKNOWN && bytes > f->bytes)
		bytes = f->bytes;
	f->requests += undo ? -1 : 1;
	f->ops[BOUNDED(op, WIRE_OPS)] += undo ? -1 : 1;
	if (iocb.aio_rw_flags & RWF_NOWAIT_)
		f->nowait += undo ? -1 : 1;
	if (bytes == BYTES_UNKNOWN)
		f->bytes_unknown += undo ? -1 : 1;
	else
		f->bytes += undo ? -bytes : bytes;
}

/*
 * Requests of a call are counted some at a time by a global function, which
 * the verifier looks at once. It finds the call again by itself: only scalars
 * can be handed to a global function before 5.13.
 */
#define COUNT_CHUNK 4
__noinline int count_requests(__u32 tid, __u32 from, __u32 to, __u32 undo)
{
	struct wire_call *c = bpf_map_lookup_elem(&calls, &tid);

	if (!c)
		return 0;
	for (__u32 i = 0; i < COUNT_CHUNK; i++) {
		if (from + i >= to)
			break;
		count_request(c, from + i, undo);
	}
	return 0;
}

static __always_inline void walk_requests(__u32 tid, __u32 from, __u32 to, bool undo)
{
	if (to > WIRE_MAX_REQUESTS)
		to = WIRE_MAX_REQUESTS;
	for (__u32 i = 0; i < WIRE_MAX_REQUESTS / COUNT_CHUNK; i++) {
		if (from >= to)
			break;
		count_requests(tid, from, to, undo);
		from += COUNT_CHUNK;
	}
}

#endif
