/* SPDX-License-Identifier: GPL-2.0 */
/* The iocbs of a call: counted at its entry, taken back if the kernel did not take them. */
#ifndef AIOSTALL_REQUEST_BPF_H
#define AIOSTALL_REQUEST_BPF_H

#include "row.bpf.h"

#define RWF_NOWAIT_ 0x8

/* The operation of each opcode below 16, four bits each: a shift instead of a branch for each. */
#define FOLD(opcode, op) ((__u64)(op) << (4 * (opcode)))
#define FOLDED                                                                                     \
	(FOLD(0, WIRE_OP_PREAD) | FOLD(1, WIRE_OP_PWRITE) | FOLD(2, WIRE_OP_FSYNC) |               \
	 FOLD(3, WIRE_OP_FDSYNC) | FOLD(4, WIRE_OP_OTHER) | FOLD(5, WIRE_OP_POLL) |                \
	 FOLD(6, WIRE_OP_OTHER) | FOLD(7, WIRE_OP_PREADV) | FOLD(8, WIRE_OP_PWRITEV))
#define FOLDED_OPCODES 9

static __always_inline __u32 fold_op(__u32 opcode)
{
	return opcode < FOLDED_OPCODES ? FOLDED >> (4 * opcode) & 15 : WIRE_OP_OTHER;
}

#define BYTES_UNKNOWN (~0ULL)
/*
 * Sum of an iovec array, BYTES_UNKNOWN if it cannot be read in full. A global
 * function, so that the verifier looks at its loop once and not at each call.
 */
__u64 iovec_bytes(__u64 buf, __u64 count, __u32 compat);

/* The user's iocb for request i of a call, 0 if it cannot be read. */
static __always_inline void read_iocb_at(__u64 *to, __u64 iocbpp, __u32 i, bool compat)
{
	*to = 0; /* four bytes are its lower half */
	if (compat)
		bpf_probe_read_user(to, 4, (void *)(iocbpp + i * 4ULL));
	else
		bpf_probe_read_user(to, 8, (void *)(iocbpp + i * 8ULL));
}

static __always_inline __u64 iocb_at(__u64 iocbpp, __u32 i, bool compat)
{
	__u64 p;

	read_iocb_at(&p, iocbpp, i, compat);
	return p;
}

/*
 * Reads and writes of such a file are done by the time io_submit returns, whether they sleep or not:
 * what aio_complete_rw() would tell, taken from the file's flags where it cannot be watched.
 */
static __always_inline void note_buffered(struct call *c, __u32 way, struct file *file)
{
	__u32 type = READ(inode, READ(file, file, f_inode), i_mode) & S_IFMT;

	c->buffered &= ~(1U << way);
	if (file && (type == S_IFREG || type == S_IFBLK) &&
	    !(READ(file, file, f_flags) & O_DIRECT_))
		c->buffered |= 1U << way;
}

static __always_inline bool is_buffered(const struct call *c, __u32 fd)
{
	return opt_count_buffered && (c->buffered >> (fd & (FD_CACHE - 1)) & 1);
}

/* Which row of the call a descriptor belongs to, through a small cache: index + 1, or FD_SKIP. */
static __always_inline __u32 row_of_fd(struct call *c, __u32 fd)
{
	__u32 way = fd & (FD_CACHE - 1), i;
	struct target t = {};
	struct file *file;

	if (c->fds[way].fs && c->fds[way].fd == fd)
		return c->fds[way].fs;
	file = file_of_fd(fd);
	if (file)
		target_of_file(file, &t);
	if (opt_count_buffered)
		note_buffered(c, way, file);
	c->fds[way].fd = fd;
	if (FILTERING_FS && !target_wanted(&t)) {
		c->fds[way].fs = FD_SKIP;
		return FD_SKIP;
	}
	i = call_fs(c, &t);
	if (i >= WIRE_FS_PER_CALL)
		return 0;
	c->fds[way].fs = i + 1;
	if (!c->file_row && !FILTERING_FS) {
		c->file = (__u64)file;
		c->file_row = i + 1;
	}
	return i + 1;
}

/* A request that is counted in no row: one more such, or one less. */
static __always_inline void count_aside(__u32 *cell, bool undo)
{
	if (!undo)
		*cell += 1;
	else if (*cell)
		*cell -= 1;
}

#define IOCB_PART (offsetof(struct iocb, aio_data) + sizeof(__u64))
_Static_assert(IOCB_PART + sizeof(struct iocb_part) == offsetof(struct iocb, aio_offset),
	       "as in linux/aio_abi.h");

static __always_inline bool read_part(struct iocb_part *to, __u64 addr)
{
	return !bpf_probe_read_user(to, sizeof(*to), (void *)(addr + IOCB_PART));
}

static __always_inline void count_in_row(struct wire_call_fs *f, const struct iocb_part *iocb,
					 bool compat, bool undo, bool buffered)
{
	__u32 op = fold_op(iocb->opcode), by = undo ? -1 : 1;
	__u64 bytes = 0;

	if (op == WIRE_OP_PREAD || op == WIRE_OP_PWRITE)
		bytes = iocb->nbytes;
	else if (op == WIRE_OP_PREADV || op == WIRE_OP_PWRITEV)
		bytes = iovec_bytes(iocb->buf, iocb->nbytes, compat);
	f->requests += by;
	f->ops[BOUNDED(op, WIRE_OPS)] += by;
	if (iocb->rw_flags & RWF_NOWAIT_)
		f->nowait += by;
	else if (buffered && (op == WIRE_OP_PREAD || op == WIRE_OP_PWRITE || op == WIRE_OP_PREADV ||
			      op == WIRE_OP_PWRITEV))
		f->inside_buffered += by;
	if (bytes == BYTES_UNKNOWN)
		f->bytes_unknown += by;
	else if (!undo)
		f->bytes += bytes;
	else
		f->bytes -= bytes < f->bytes ? bytes : f->bytes;
}

/*
 * Count a request in its row, or take it back (undo). `iocb` is room for it: on the stack, where there is
 * any, the kernel asks less before it copies there.
 */
static __always_inline void count_one(struct call *c, struct iocb_part *iocb, __u64 addr, bool undo)
{
	struct wire_call_fs *f;
	__u32 row;

	if (!read_part(iocb, addr)) {
		count_aside(&c->unreadable, undo);
		return;
	}
	row = row_of_fd(c, iocb->fd);
	if (row == FD_SKIP) {
		if (!undo)
			c->skipped++;
		return;
	}
	if (row == 0 || row > WIRE_FS_PER_CALL) {
		count_aside(&c->fs_overflow, undo);
		return;
	}
	f = &c->fs[BOUNDED(row - 1, WIRE_FS_PER_CALL)];
	/* Not what was counted: the iocb or the descriptor has changed meanwhile. */
	if (undo && (!f->requests || !f->ops[BOUNDED(fold_op(iocb->opcode), WIRE_OPS)]))
		c->fs_overflow++;
	else
		count_in_row(f, iocb, c->compat, undo, is_buffered(c, iocb->fd));
}

/*
 * A global function is looked at by the verifier once, and not in each round of
 * a loop. It gets the call by its number: only scalars can be handed to one
 * before 5.13.
 */
int count_request(__u32 number, __u64 addr, __u32 undo);

#define COUNT_CHUNK 8
/*
 * Count up to COUNT_CHUNK requests, their addresses read at once: into the call,
 * since all frames together have 512 bytes. Where that fails the array ends in a
 * page that is not there, and what lies before it is read one by one.
 */
int count_requests(__u32 number, __u64 iocbpp, __u32 n, __u32 compat, __u32 undo);

/* The same of up to COUNT_MANY. A loop in a loop, for the verifier, which goes round each by itself. */
#define COUNT_MANY (16 * COUNT_CHUNK)
int count_many(__u32 number, __u64 iocbpp, __u32 n, __u32 compat, __u32 undo);

static __always_inline __u64 iocb_step(__u32 compat)
{
	return compat ? 4 : 8;
}

static __always_inline void walk_requests(const struct call *c, __u32 from, bool undo)
{
	__u32 number = c->number, compat = c->compat, to = c->nr;
	__u64 step = iocb_step(compat), iocbpp = c->iocbpp + from * step;

	if (to > WIRE_MAX_REQUESTS)
		to = WIRE_MAX_REQUESTS;
	for (__u32 i = 0; i < WIRE_MAX_REQUESTS / COUNT_MANY; i++) {
		if (from >= to)
			break;
		count_many(number, iocbpp, to - from, compat, undo);
		from += COUNT_MANY;
		iocbpp += COUNT_MANY * step;
	}
}

/* As if none of a call's requests had been looked at; what is known of its rows besides stays. */
int forget_requests(__u32 number);

/*
 * Count all requests of a call anew, of which iocbs could not be read: their memory was not resident, or
 * was being moved when the call began. It is there once the kernel has read them.
 */
static __always_inline void count_anew(struct call *c)
{
	forget_requests(c->number);
	walk_requests(c, 0, false);
}

#endif
