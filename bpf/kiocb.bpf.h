/* SPDX-License-Identifier: GPL-2.0 */
/* Requests of io_uring as kernels from 5.10 to 7.x lay them out; members are found by name. */
#ifndef AIOSTALL_KIOCB_BPF_H
#define AIOSTALL_KIOCB_BPF_H

#include "target.bpf.h"

struct io_cqe___any {
	__u64 user_data;
	int fd;
} __attribute__((preserve_access_index));

/* 6.13 on: descriptors of the ring in a table of nodes. */
struct io_rsrc_node___any {
	unsigned long file_ptr;
} __attribute__((preserve_access_index));

struct io_rsrc_data___any {
	unsigned int nr;
	struct io_rsrc_node___any **nodes;
} __attribute__((preserve_access_index));

struct io_fixed_file___any {
	unsigned long file_ptr;
} __attribute__((preserve_access_index));

struct io_file_table___any {
	struct io_fixed_file___any *files; /* until 6.12 */
	struct io_rsrc_data___any data;
} __attribute__((preserve_access_index));

struct io_uring_idx___any {
	__u32 tail;
} __attribute__((preserve_access_index));

struct io_rings___any {
	struct io_uring_idx___any sq;
} __attribute__((preserve_access_index));

struct io_ring_ctx___any {
	struct io_file_table___any file_table;
	unsigned int nr_user_files; /* until 6.12 */
	struct io_rings___any *rings;
	unsigned int cached_sq_head;
} __attribute__((preserve_access_index));

struct io_wq_work___any {
	int flags;
} __attribute__((preserve_access_index));

struct io_worker___any {
	struct io_wq_work___any *cur_work;
} __attribute__((preserve_access_index));

struct io_uring_task___any {
	struct task_struct *task; /* since 6.16 */
} __attribute__((preserve_access_index));

struct io_kiocb___any {
	struct file *file;
	__u8 opcode;
	unsigned int flags; /* 64 bits since 6.10, of which these are the lower ones */
	__u64 user_data;    /* in cqe since 5.19 */
	struct io_cqe___any cqe;
	struct io_ring_ctx___any *ctx;
	struct task_struct *task; /* who submitted, until 6.12 */
	void *tctx;		  /* the same later: task_struct.io_uring of that thread */
	struct io_wq_work___any work;
} __attribute__((preserve_access_index));

struct io_kiocb___flags {
	__u64 flags; /* 32 bits until 6.9, with others behind them */
} __attribute__((preserve_access_index));

struct kiocb___any {
	__s64 ki_pos;
} __attribute__((preserve_access_index));

struct io_rw___any {
	struct kiocb___any kiocb;
	__u64 addr;
	unsigned int len;   /* 64 bits before 5.19, of which these are the lower ones */
	unsigned int flags; /* since 5.19 */
} __attribute__((preserve_access_index));

/* REQ_F_*: the bits of sqe->flags, which are the ABI. */
#define REQ_F_FIXED_FILE_ (1u << 0)
#define REQ_F_LINK_ (1u << 2)
#define REQ_F_HARDLINK_ (1u << 3)

/* IORING_OP_*, which are the ABI. */
enum uring_op {
	URING_OP_READV = 1,
	URING_OP_WRITEV = 2,
	URING_OP_FSYNC = 3,
	URING_OP_READ_FIXED = 4,
	URING_OP_WRITE_FIXED = 5,
	URING_OP_POLL_ADD = 6,
	URING_OP_READ = 22,
	URING_OP_WRITE = 23,
};

/*
 * Operations without a file of their own: NOP, POLL_REMOVE, TIMEOUT, TIMEOUT_REMOVE,
 * ASYNC_CANCEL, LINK_TIMEOUT, OPENAT, CLOSE, FILES_UPDATE, STATX, MADVISE, OPENAT2,
 * EPOLL_CTL, PROVIDE_BUFFERS, REMOVE_BUFFERS, RENAMEAT, UNLINKAT, MKDIRAT, SYMLINKAT,
 * LINKAT, SETXATTR, GETXATTR, SOCKET, WAITID, FUTEX_WAIT, FUTEX_WAKE, FUTEX_WAITV, PIPE.
 */
#define NO_FILE_BIT(op) (1ULL << (op))
#define URING_NO_FILE                                                                              \
	(NO_FILE_BIT(0) | NO_FILE_BIT(7) | NO_FILE_BIT(11) | NO_FILE_BIT(12) | NO_FILE_BIT(14) |   \
	 NO_FILE_BIT(15) | NO_FILE_BIT(18) | NO_FILE_BIT(19) | NO_FILE_BIT(20) | NO_FILE_BIT(21) | \
	 NO_FILE_BIT(25) | NO_FILE_BIT(28) | NO_FILE_BIT(29) | NO_FILE_BIT(31) | NO_FILE_BIT(32) | \
	 NO_FILE_BIT(35) | NO_FILE_BIT(36) | NO_FILE_BIT(37) | NO_FILE_BIT(38) | NO_FILE_BIT(39) | \
	 NO_FILE_BIT(42) | NO_FILE_BIT(44) | NO_FILE_BIT(45) | NO_FILE_BIT(50) | NO_FILE_BIT(51) | \
	 NO_FILE_BIT(52) | NO_FILE_BIT(53) | NO_FILE_BIT(62))

static __always_inline bool uring_has_file(__u32 op)
{
	return op >= 63 || !(URING_NO_FILE >> op & 1);
}

/* As aio would call it, for counting and for the shape of reads and writes; 15 = otherwise. */
#define AIO_OF(op, aio) ((__u64)((aio) ^ 15) << (4 * ((op)&15)))
#define AIO_OF_0_TO_15                                                                             \
	(AIO_OF(URING_OP_READV, 7) | AIO_OF(URING_OP_WRITEV, 8) | AIO_OF(URING_OP_FSYNC, 2) |      \
	 AIO_OF(URING_OP_READ_FIXED, 0) | AIO_OF(URING_OP_WRITE_FIXED, 1) |                        \
	 AIO_OF(URING_OP_POLL_ADD, 5))
#define AIO_OF_16_TO_31 (AIO_OF(URING_OP_READ, 0) | AIO_OF(URING_OP_WRITE, 1))

/* By a shift: with a branch for each the verifier would look at all that follows once for each. */
static __always_inline __u32 aio_opcode_of(__u32 op)
{
	__u64 these = op < 16 ? AIO_OF_0_TO_15 : op < 32 ? AIO_OF_16_TO_31 : 0;

	return (these >> (4 * (op & 15)) & 15) ^ 15;
}

static __always_inline __u64 kiocb_user_data(void *req)
{
	struct io_kiocb___any *k = req;

	if (bpf_core_field_exists(k->cqe))
		return READ(io_kiocb___any, k, cqe.user_data);
	return bpf_core_field_exists(k->user_data) ? READ(io_kiocb___any, k, user_data) : 0;
}

/* The submitter of a request, as what a request has of it: 0 if kernels have neither. */
static __always_inline __u64 kiocb_owner(void *req)
{
	struct io_kiocb___any *k = req;

	if (bpf_core_field_exists(k->tctx))
		return (__u64)READ(io_kiocb___any, k, tctx);
	return bpf_core_field_exists(k->task) ? (__u64)READ(io_kiocb___any, k, task) : 0;
}

/* The same of a thread. */
static __always_inline __u64 owner_of_task(struct task_struct *task)
{
	struct io_kiocb___any *k = NULL;
	struct task_struct___any *t = NULL;

	if (!bpf_core_field_exists(k->tctx))
		return (__u64)task;
	return bpf_core_field_exists(t->io_uring) ? (__u64)READ(task_struct___any, task, io_uring)
						  : 0;
}

/* The thread that submitted a request; NULL if the kernel does not tell. */
static __always_inline struct task_struct *kiocb_task(void *req)
{
	struct io_kiocb___any *k = req;
	struct io_uring_task___any *t = NULL;

	if (bpf_core_field_exists(k->task))
		return READ(io_kiocb___any, k, task);
	if (!bpf_core_field_exists(k->tctx) || !bpf_core_field_exists(t->task))
		return NULL;
	return READ(io_uring_task___any, READ(io_kiocb___any, k, tctx), task);
}

/* What an io-wq thread works at; NULL if it has nothing to do. */
static __always_inline void *kiocb_of_worker(void *worker)
{
	__u64 work = (__u64)READ(io_worker___any, worker, cur_work);

	return work ? (void *)(work - bpf_core_field_offset(struct io_kiocb___any, work)) : NULL;
}

/* The low bits of the word hold flags. */
#define FILE_PTR_FLAGS 7UL

/* A file that is registered with the ring; NULL if there is none of that number. */
static __always_inline struct file *registered_file(void *req, __u32 fd)
{
	struct io_ring_ctx___any *ring = READ(io_kiocb___any, req, ctx);
	struct io_file_table___any *none = NULL;
	__u64 file = 0;

	if (bpf_core_field_exists(none->data)) {
		struct io_rsrc_node___any **nodes =
			READ(io_ring_ctx___any, ring, file_table.data.nodes);

		if (fd < READ(io_ring_ctx___any, ring, file_table.data.nr))
			file = READ(io_rsrc_node___any, read_pointer(nodes + fd), file_ptr);
	} else if (bpf_core_field_exists(none->files)) {
		struct io_fixed_file___any *files = READ(io_ring_ctx___any, ring, file_table.files);

		if (fd < READ(io_ring_ctx___any, ring, nr_user_files))
			file = READ(io_fixed_file___any, files + fd, file_ptr);
	}
	return (void *)(file & ~FILE_PTR_FLAGS);
}

/*
 * The file of a request that is about to begin. Until 5.18 it is known by then;
 * later the request has only its number (io_assign_file(), 5.19).
 */
static __always_inline struct file *kiocb_file(void *req, __u32 flags)
{
	struct io_kiocb___any *k = req;
	struct file *file = READ(io_kiocb___any, k, file);
	__u32 fd;

	if (file || !bpf_core_field_exists(k->cqe.fd))
		return file;
	fd = READ(io_kiocb___any, k, cqe.fd);
	return flags & REQ_F_FIXED_FILE_ ? registered_file(req, fd) : file_of_fd(fd);
}

/* What a request of that operation on that file is about; false if that is not wanted. */
static __always_inline bool uring_target_of(struct file *file, __u32 op, struct target *t)
{
	t->key.api = WIRE_API_URING;
	if (file) {
		target_of_file(file, t);
	} else if (!uring_has_file(op)) {
		t->key.kind = WIRE_FS_OP;
		t->key.dev = op;
	}
	return !FILTERING_FS || (file && target_wanted(t));
}

/* The file that a request which has yet to begin is for; NULL if it has none. */
static __always_inline struct file *uring_file(void *req, __u32 flags, __u32 op)
{
	return uring_has_file(op) ? kiocb_file(req, flags) : NULL;
}

/* What a request that has yet to begin is about; false if that is not wanted. */
static __always_inline bool uring_target(void *req, __u32 flags, __u32 op, struct target *t)
{
	return uring_target_of(uring_file(req, flags, op), op, t);
}

#endif
