/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A server that talks to its clients by io_uring hands over little but requests on sockets, and of one
 * operation without a file, such as buffers given back. Each of them would look up the record of its
 * call; once the call has a row for the like, they are tallied on the CPU instead, and come into the
 * record when the call ends. While the thread is off the CPU the tally lies in the record, untouched.
 */
#ifndef AIOSTALL_TALLY_BPF_H
#define AIOSTALL_TALLY_BPF_H

#include "kiocb.bpf.h"
#include "request.bpf.h"

static __always_inline void tally_begins(struct wire_slot *slot)
{
	barrier(); /* behind the slot's thread: from there on switches keep the tally */
	__builtin_memset(&slot->tally, 0, sizeof(slot->tally));
}

static __always_inline void tally_keep(const struct wire_slot *slot, struct call *c)
{
	__builtin_memcpy(&c->tally, &slot->tally, sizeof(c->tally));
	barrier();
}

static __always_inline void tally_return(struct wire_slot *slot, const struct call *c)
{
	__builtin_memcpy(&slot->tally, &c->tally, sizeof(c->tally));
}

static __always_inline void tally_add(struct call *c, __u32 row, __u32 requests)
{
	struct wire_call_fs *f = &c->fs[BOUNDED(row, WIRE_FS_PER_CALL)];

	f->requests += requests;
	f->ops[WIRE_OP_OTHER] += requests;
	c->requests += requests;
}

/* The call is over: its record has all of its requests. */
static __always_inline void tally_ends(struct call *c)
{
	tally_add(c, c->tally.sockets_row, c->tally.on_sockets);
	tally_add(c, c->tally.op_row, c->tally.of_op);
	c->tally.on_sockets = 0;
	c->tally.of_op = 0;
}

/* Number in the call of the latest request that began by itself. */
static __always_inline __u32 tally_head(const struct call *c, const struct wire_tally *tally)
{
	return tally->head ? c->requests + tally->head - 1 : c->last_index;
}

/*
 * All sockets are of one superblock, which is never unmounted: its address, if the file is a socket;
 * else 0.
 */
static __always_inline __u64 sockets_of(struct file *file)
{
	struct inode *inode = READ(file, file, f_inode);

	return (READ(inode, inode, i_mode) & S_IFMT) == S_IFSOCK ? (__u64)READ(inode, inode, i_sb)
								 : 0;
}

/*
 * A request counts in that row of the record: those like it can be tallied from now on. What its file
 * is comes by way of the record, so that the verifier does not take each way to the file apart.
 */
static __always_inline void tally_learns(struct wire_tally *tally, const struct call *c, __u32 op,
					 __u32 row)
{
	__u64 sockets = *(volatile const __u64 *)&c->sockets;

	if (FILTERING_FS)
		return;
	if (sockets && !tally->sockets) {
		tally->sockets_row = row;
		barrier();
		tally->sockets = sockets;
	} else if (!uring_has_file(op) && !tally->op) {
		tally->op_row = row;
		barrier();
		tally->op = op + 1;
	}
}

/* Where such a request is tallied, NULL if it is not. Reads and writes have bytes to be counted, too. */
static __always_inline __u32 *tally_of(struct wire_tally *tally, void *req, __u32 flags)
{
	__u32 op = READ(io_kiocb___any, req, opcode);

	if (!uring_has_file(op))
		return tally->op == op + 1 ? &tally->of_op : NULL;
	if (!tally->sockets || fold_op(aio_opcode_of(op)) != WIRE_OP_OTHER ||
	    sockets_of(kiocb_file(req, flags)) != tally->sockets)
		return NULL;
	return &tally->on_sockets;
}

/*
 * True if the request is tallied. A single instruction counts it: preempted before, the thread comes
 * back to the same CPU and finds its tally there again.
 */
static __always_inline bool tally_counts(struct wire_slot *slot, void *req, __u32 flags)
{
	struct wire_tally *tally = &slot->tally;
	__u32 *cell = tally_of(tally, req, flags);

	if (!cell)
		return false;
	if (!tally->in_chain) {
		slot->req_iocb = (__u64)req;
		tally->head = tally->on_sockets + tally->of_op + 1;
	}
	tally->in_chain = flags & (REQ_F_LINK_ | REQ_F_HARDLINK_);
	__sync_fetch_and_add(cell, 1);
	return true;
}

#endif
