/* SPDX-License-Identifier: GPL-2.0 */
/* What is known of a thread that falls asleep: its request and its file. */
#ifndef AIOSTALL_SLEEPER_BPF_H
#define AIOSTALL_SLEEPER_BPF_H

#include "request.bpf.h"

struct files_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct wire_file);
};
extern struct files_map files SEC(".maps");

/* ---- what a sleeping request is ---- */

/* The first buffer of a read or write: direct I/O asks for aligned memory too. */
static __always_inline __u32 memory_of(const struct iocb *iocb, bool compat)
{
	__u64 addr = iocb->aio_buf;
	__u32 n;

	if (iocb->aio_lio_opcode == 7 || iocb->aio_lio_opcode == 8) {
		if (bpf_probe_read_user(&addr, compat ? 4 : 8, (void *)iocb->aio_buf))
			return 0;
		if (compat)
			addr = (__u32)addr;
	} else if (iocb->aio_lio_opcode > 1) {
		return 0;
	}
	for (n = 0; n < WIRE_SHAPE_MEM_MAX && !(addr & (1ULL << n)); n++)
		;
	return n + 1;
}

static __always_inline void read_iocb(struct wire_req *r, bool compat)
{
	struct iocb iocb;

	if (!r->iocb || bpf_probe_read_user(&iocb, sizeof(iocb), (void *)r->iocb))
		return;
	r->opcode = iocb.aio_lio_opcode;
	r->fd = iocb.aio_fildes;
	r->offset = iocb.aio_offset;
	r->rw_flags = iocb.aio_rw_flags;
	r->len = iocb.aio_nbytes;
	r->memory = memory_of(&iocb, compat);
	if (r->opcode == 7 || r->opcode == 8) {
		r->len = iovec_bytes(iocb.aio_buf, iocb.aio_nbytes, compat);
		if (r->len == BYTES_UNKNOWN)
			r->len = 0;
	} else if (r->opcode > 1) {
		r->len = 0;
	}
}

#define O_APPEND_ 00002000
#define O_DSYNC_ 00010000
#define RWF_DSYNC_ 0x2
#define RWF_SYNC_ 0x4
#define RWF_APPEND_ 0x10

static __always_inline __u32 shape_of(const struct wire_req *r, struct file *file,
				      struct inode *inode)
{
	__u32 flags = READ(file, file, f_flags), shape = 0, lb;
	bool rw = r->opcode == 0 || r->opcode == 1 || r->opcode == 7 || r->opcode == 8;
	bool write = r->opcode == 1 || r->opcode == 8;
	__u64 ends = r->offset | r->len;
	struct block_device *bdev;
	__u32 blkbits;

	if (flags & O_DIRECT_)
		shape |= WIRE_SHAPE_DIRECT;
	if ((flags & O_DSYNC_) || (r->rw_flags & (RWF_DSYNC_ | RWF_SYNC_)))
		shape |= WIRE_SHAPE_DSYNC;
	if (r->rw_flags & RWF_NOWAIT_)
		shape |= WIRE_SHAPE_NOWAIT;
	if ((flags & O_APPEND_) || (r->rw_flags & RWF_APPEND_))
		shape |= WIRE_SHAPE_APPEND;
	if (!rw || (r->i_mode & S_IFMT) == 0010000 || (r->i_mode & S_IFMT) == 0140000 ||
	    (r->i_mode & S_IFMT) == S_IFCHR)
		return shape;
	if (r->fs.kind == WIRE_FS_SUPER) {
		struct super_block *sb = READ(inode, inode, i_sb);

		bdev = READ(super_block, sb, s_bdev);
		if (write && r->offset + r->len > (__u64)READ(inode, inode, i_size))
			shape |= WIRE_SHAPE_BEYOND_EOF;
	} else {
		/* the node in /dev has the block size of its own filesystem */
		struct address_space *pages = READ(file, file, f_mapping);

		inode = READ(address_space, pages, host);
		bdev = device_of_inode(inode);
	}
	blkbits = READ(inode, inode, i_blkbits) & 31;
	if (ends & ((1ULL << blkbits) - 1))
		shape |= WIRE_SHAPE_UNALIGNED;
	if ((flags & O_DIRECT_) && r->memory && r->memory - 1 < blkbits)
		shape |= WIRE_SHAPE_UNALIGNED_MEM;
	shape |= r->memory << WIRE_SHAPE_MEM_SHIFT;
	lb = logical_block_size(bdev);
	if (lb && (ends & (lb - 1)))
		shape |= WIRE_SHAPE_UNALIGNED_LB;
	return shape;
}

/* Names from the file up to the root of its filesystem, once per file and mount. */
int save_names(__u64 dentry, __u64 file_id);

static __always_inline void describe_file(struct wire_req *r, struct file *file)
{
	struct inode *inode = READ(file, file, f_inode);
	struct target t = {};

	target_of_file(file, &t);
	r->fs = t.key;
	r->mnt_id = t.mnt_id;
	r->i_mode = READ(inode, inode, i_mode);
	r->sb_dev = t.sb_dev;
	read_fstype(&t, r->fstype);
	r->ino = READ(inode, inode, i_ino);
	r->shape = shape_of(r, file, inode);
	r->file_id = (r->ino * 0x9e3779b97f4a7c15ULL) ^ ((__u64)t.sb_dev << 32) ^ t.key.super ^
		     READ(inode, inode, i_generation) ^ ((__u64)t.mnt_id * 0xff51afd7ed558ccdULL);
	if (!r->file_id)
		r->file_id = 1;
	save_names(read_number((void *)file + bpf_core_field_offset(struct file, f_path.dentry)),
		   r->file_id);
}

#define INDEX_NONE (~0U)
#define INDEX_CHUNK 16
/* Which of up to INDEX_CHUNK entries of the array, from number at on, is this iocb? */
__u32 index_in_chunk(__u64 iocbpp, __u32 at, __u32 nr, __u64 iocb, __u32 compat);

/*
 * Where in the call's array the iocb stands, INDEX_NONE if nowhere. Requests
 * are submitted in order, so the search goes on from the last one found.
 */
static __always_inline __u32 index_of(const struct call *c, __u64 iocb)
{
	__u32 at = c->last_index;

	for (__u32 i = 0; i < WIRE_MAX_REQUESTS / INDEX_CHUNK; i++, at += INDEX_CHUNK) {
		__u32 k;

		if (at >= c->nr)
			break;
		k = index_in_chunk(c->iocbpp, at, c->nr, iocb, c->compat);
		if (k != INDEX_NONE)
			return k;
	}
	return INDEX_NONE;
}

/*
 * The request under way from the thread's own kernel stack: io_submit_one and
 * what it calls keep the struct aio_kiocb pointer there. It is one of this
 * context (ki_ctx->user_id), names a user iocb (ki_res.obj) and, while its
 * submission runs, has two references; stale pointers of earlier requests have
 * one or none. Slab objects of this cache are aligned to a cache line. Returns
 * its address, 0 if there is none.
 */
__u64 scan_stack(__u64 ctx_id, __u64 top, __u64 base);

/* The request that the thread's stack tells of; all 0 if it tells of none. */
struct on_stack {
	__u64 iocb, file;
	__u32 nr_events; /* room of the context */
};

static __always_inline struct on_stack find_on_stack(const struct call *c, struct scratch *s,
						     struct task_struct *task)
{
	struct on_stack found = {};
	__u64 p;

	/* Through memory: the verifier takes a pointer for no scalar argument. */
	*(volatile __u64 *)&s->top = stack_top(task);
	p = scan_stack(c->ctx_id, *(volatile __u64 *)&s->top, (__u64)BPF_CORE_READ(task, stack));
	if (!p)
		return found;
	found.iocb = READ(aio_kiocb, p, ki_res.obj);
	found.file = (__u64)READ(aio_kiocb, p, ki_filp);
	found.nr_events = READ(kioctx, READ(aio_kiocb, p, ki_ctx), nr_events);
	return found;
}

/* The request probe knows which one it is; how well does the scan agree? */
static __always_inline void compare_scan(const struct call *c, __u64 scanned)
{
	if (scanned)
		lose(scanned == c->req_iocb ? WIRE_LOSS_SCAN_AGREE : WIRE_LOSS_SCAN_DISAGREE, 1);
}

/* Which request sleeps, and how that is known. */
struct found {
	__u64 iocb, file; /* file: 0 if only the descriptor tells */
	__u32 index, nr;
	enum wire_how how;
};

/*
 * The probe does not tell when a request is over, but io_submit_one among the
 * frames, or the same request found on the stack, does. It is skipped where
 * another thread's run of its program was preempted on this CPU. What the array
 * or the stack contradicts is then an older request.
 */
static __always_inline bool probe_is_right(const struct call *c, __u64 scanned, bool in_request)
{
	return c->req_iocb &&
	       (scanned ? scanned == c->req_iocb : in_request && c->stack_id && submit_one_start) &&
	       iocb_at(c->iocbpp, c->req_count - 1, c->compat) == c->req_iocb;
}

static __always_inline struct found find_of_many(struct call *c, const struct on_stack *on_stack,
						 bool in_request)
{
	struct found f = {.nr = c->nr};
	__u32 index;

	if (on_stack->nr_events && on_stack->nr_events < f.nr)
		f.nr = on_stack->nr_events;
	if (opt_exact_requests) {
		compare_scan(c, on_stack->iocb);
		if (probe_is_right(c, on_stack->iocb, in_request)) {
			f.how = WIRE_HOW_EXACT;
			f.index = c->req_count - 1;
			f.iocb = c->req_iocb;
			f.file = on_stack->file;
			return f;
		}
	}
	if (!in_request)
		f.how = WIRE_HOW_BATCH;
	if (!on_stack->iocb)
		return f;
	index = index_of(c, on_stack->iocb);
	/* left over from another call, or beyond what is looked at */
	if (index == INDEX_NONE)
		return f;
	c->last_index = index;
	f.how = WIRE_HOW_SCANNED;
	f.index = index;
	f.iocb = on_stack->iocb;
	f.file = on_stack->file;
	return f;
}

static __always_inline struct found find_sleeping(struct call *c, struct scratch *s,
						  struct task_struct *task, bool in_request)
{
	struct on_stack on_stack = {};

	if (c->nr == 1)
		return (struct found){
			.iocb = iocb_at(c->iocbpp, 0, c->compat), .nr = 1, .how = WIRE_HOW_EXACT};
	if (in_request)
		on_stack = find_on_stack(c, s, task);
	return find_of_many(c, &on_stack, in_request);
}

/* in_request: io_submit_one is, as far as known, among the frames of the sleep. */
static __always_inline void find_request(struct call *c, struct scratch *s,
					 struct task_struct *task, bool in_request)
{
	struct found found = find_sleeping(c, s, task, in_request);
	struct wire_req *r = &c->req;

	__builtin_memset(r, 0, sizeof(*r));
	r->nr = found.nr;
	r->how = found.how;
	r->index = found.index;
	r->iocb = found.iocb;
	r->fd = (__u32)-1;
	read_iocb(r, c->compat);
	if (!found.file && r->iocb)
		found.file = (__u64)file_of_fd(r->fd);
	if (found.file)
		describe_file(r, (struct file *)found.file);
}

#endif
