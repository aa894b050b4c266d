// SPDX-License-Identifier: GPL-2.0
/* Requests of io_uring that the kernel hands to its worker threads (io-wq), and why as far as the request tells. */
#include "kiocb.bpf.h"
#include "punt.bpf.h"
#include "row.bpf.h"
#include "submitter.bpf.h"

__u64 punted_reqs[PUNTED_PLACES] = {};
__u64 punted_ns[PUNTED_PLACES] = {};

#define REQ_F_FORCE_ASYNC_ (1u << 4) /* IOSQE_ASYNC; the kernel sets it for some operations, too */

/*
 * Operations that kernels begin nowhere but in a worker: their functions refuse to run without
 * blocking (5.10), or the request is marked so when it is prepared (6.2 on). FSYNC,
 * SYNC_FILE_RANGE, FALLOCATE, STATX, MADVISE, SPLICE, TEE, SHUTDOWN, RENAMEAT, UNLINKAT, MKDIRAT,
 * SYMLINKAT, LINKAT, FSETXATTR, SETXATTR, FGETXATTR, GETXATTR, FTRUNCATE.
 */
#define URING_NEVER_INLINE                                                                         \
	(NO_FILE_BIT(3) | NO_FILE_BIT(8) | NO_FILE_BIT(17) | NO_FILE_BIT(21) | NO_FILE_BIT(25) |   \
	 NO_FILE_BIT(30) | NO_FILE_BIT(33) | NO_FILE_BIT(34) | NO_FILE_BIT(35) | NO_FILE_BIT(36) | \
	 NO_FILE_BIT(37) | NO_FILE_BIT(38) | NO_FILE_BIT(39) | NO_FILE_BIT(41) | NO_FILE_BIT(42) | \
	 NO_FILE_BIT(43) | NO_FILE_BIT(44) | NO_FILE_BIT(55))
/* OPENAT, FADVISE, OPENAT2: the kernel marks some of them, so that whose wish it was is not known. */
#define URING_MAYBE_FORCED (NO_FILE_BIT(18) | NO_FILE_BIT(24) | NO_FILE_BIT(28))

enum punt_why {
	PUNT_UNKNOWN,
	PUNT_TRIED,    /* refused or given back, the kernel does not tell which */
	PUNT_REFUSED,  /* -EAGAIN at once */
	PUNT_REISSUED, /* begun, and given back by what is below */
	PUNT_ASKED,
	PUNT_FORCED,
	PUNT_UNABLE, /* its file has no NOWAIT */
	PUNT_DEVICE, /* the device below has none */
};

static __always_inline bool is_op_of(__u64 set, __u32 op)
{
	return op < 64 && (set >> op & 1);
}

/* The device that the file is, or is on; NULL if there is none. */
static __always_inline struct block_device *device_below(struct file *file)
{
	struct inode *inode = READ(file, file, f_inode);

	if ((READ(inode, inode, i_mode) & S_IFMT) == S_IFBLK)
		return device_of_inode(READ(address_space, READ(file, file, f_mapping), host));
	return READ(super_block, READ(inode, inode, i_sb), s_bdev);
}

static __always_inline bool waits_below(struct file *file)
{
	struct block_device *bdev = device_below(file);

	return bdev && !device_can_nowait(bdev);
}

/*
 * A file that can do without waiting has its flag in the request; before 5.19 the kernel looks at
 * the device of regular files and devices alone. A bio that was refused comes back, too, where
 * the device has no NOWAIT.
 */
static __always_inline enum punt_why why_tried(void *req, __u32 op, struct file *file)
{
	__u32 aio = aio_opcode_of(op);
	__u64 flags = READ(io_kiocb___flags, req, flags);
	bool came_back = flags & opt_came_back;

	if (aio > 1 && aio != 7 && aio != 8)
		return PUNT_TRIED;
	if (file && (!opt_can_nowait || !(flags & opt_can_nowait) || came_back) &&
	    waits_below(file))
		return PUNT_DEVICE;
	if (opt_can_nowait && !(flags & opt_can_nowait))
		return PUNT_UNABLE;
	return !opt_came_back ? PUNT_TRIED : came_back ? PUNT_REISSUED : PUNT_REFUSED;
}

static __always_inline enum punt_why punt_why(void *req, __u32 op, __u32 flags, struct file *file)
{
	if (is_op_of(URING_NEVER_INLINE, op))
		return PUNT_FORCED;
	if (flags & REQ_F_FORCE_ASYNC_)
		return is_op_of(URING_MAYBE_FORCED, op) ? PUNT_UNKNOWN : PUNT_ASKED;
	return why_tried(req, op, file);
}

static __always_inline void add_punt(struct wire_fs *row, __u32 op, enum punt_why why, bool serial)
{
	__u32 aio = aio_opcode_of(op);

	/* shifts, see aio_opcode_of() */
	row->punted++;
	row->punted_asked += 1 << PUNT_ASKED >> why & 1;
	row->punted_forced += 1 << PUNT_FORCED >> why & 1;
	row->punted_unable += (1 << PUNT_UNABLE | 1 << PUNT_DEVICE) >> why & 1;
	row->punted_device += 1 << PUNT_DEVICE >> why & 1;
	row->punted_tried += (1 << PUNT_TRIED | 1 << PUNT_REFUSED | 1 << PUNT_REISSUED) >> why & 1;
	row->punted_refused += 1 << PUNT_REFUSED >> why & 1;
	row->punted_reissued += 1 << PUNT_REISSUED >> why & 1;
	row->punted_serial += serial;
	row->punted_reads += (1 << 0 | 1 << 7) >> aio & 1;
	row->punted_writes += (1 << 1 | 1 << 8) >> aio & 1;
	row->punted_syncs += 1 << 2 >> aio & 1;
}

/* 1 if it is one that is asked for. */
__noinline int punt(__u64 req, __u32 serial)
{
	__u32 now = epoch_now();
	struct wire_fs *row;
	__u32 op = READ(io_kiocb___any, req, opcode), flags = READ(io_kiocb___any, req, flags);
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct submitter s = {};
	struct target t = {};
	enum punt_why why;

	submitter_of((void *)req, &s);
	if (!submitter_wanted(pid, &s) || !uring_target((void *)req, flags, op, &t))
		return 0;
	why = punt_why((void *)req, op, flags,
		       uring_has_file(op) ? kiocb_file((void *)req, flags) : NULL);
	row = fs_row(&t.key, false, now);
	if (row)
		name_row(row, &t, pid);
	else
		row = totals_here(TOTAL_MORE, false, now);
	if (row)
		add_punt(row, op, why, serial);
	return 1;
}

static __always_inline int request_punted(__u64 req, __u32 serial)
{
	__u64 place = punted_place(req);
	volatile __u64 *in_place = &punted_reqs[place], *since_ns = &punted_ns[place];

	if (!tracing() || *in_place == req)
		return 0;
	*since_ns = 0;
	*in_place = req;
	if (punt(req, serial) && opt_takes)
		*since_ns = bpf_ktime_get_ns();
	return 0;
}

static __always_inline void add_queue_delay(struct wire_fs *row, __u32 op, __u64 delay_ns)
{
	__u32 aio = aio_opcode_of(op);
	/* all bits or none: shifts, see aio_opcode_of() */
	__u64 reads = -(__u64)((1 << 0 | 1 << 7) >> aio & 1);
	__u64 writes = -(__u64)((1 << 1 | 1 << 8) >> aio & 1);
	__u64 syncs = -(__u64)(1 << 2 >> aio & 1);

	row->queued_reads += reads & 1;
	row->queued_reads_ns += reads & delay_ns;
	row->queued_writes += writes & 1;
	row->queued_writes_ns += writes & delay_ns;
	row->queued_syncs += syncs & 1;
	row->queued_syncs_ns += syncs & delay_ns;
	row->queue_delays++;
	row->queue_delay_ns += delay_ns;
	if (delay_ns > row->max_queue_delay_ns)
		row->max_queue_delay_ns = delay_ns;
}

__noinline int taken(__u64 req)
{
	__u32 op = READ(io_kiocb___any, req, opcode), flags = READ(io_kiocb___any, req, flags);
	volatile __u64 *since_ns = &punted_ns[punted_place(req)];
	__u64 now = bpf_ktime_get_ns(), since = *since_ns, delay_ns = now > since ? now - since : 0;
	__u32 epoch = epoch_now();
	struct wire_fs *row;
	struct target t = {};

	*since_ns = 0;
	if (!since || !uring_target((void *)req, flags, op, &t))
		return 0;
	row = fs_row(&t.key, false, epoch);
	if (!row)
		row = totals_here(TOTAL_MORE, false, epoch);
	if (row)
		add_queue_delay(row, op, delay_ns);
	return 0;
}

/* A worker begins with a request; or somebody cancels it who is none. */
static __always_inline int request_begins(void *work)
{
	__u64 req =
		as_number(slot_here(), work) - bpf_core_field_offset(struct io_kiocb___any, work);

	if (tracing() && io_worker_of((void *)bpf_get_current_task()))
		taken_if_awaited(req);
	return 0;
}

/* io_uring_queue_async_work(req, hashed), since 5.19; before that (ctx, hashed, req, ...). */
SEC("?tp_btf/io_uring_queue_async_work")
int uring_punt_tp(__u64 *ctx)
{
	volatile __u64 *args = ctx;
	__u64 req = args[0], serial = args[1];

	if (opt_punt_arg)
		req = args[2];
	return request_punted(as_number(slot_here(), (void *)req), (serial & 0xff) != 0);
}

/* io_wq_submit_work(work), on all kernels. */
SEC("?fentry/io_wq_submit_work")
int uring_take_fentry(__u64 *ctx)
{
	return request_begins((void *)ctx[0]);
}
SEC("?kprobe/io_wq_submit_work")
int uring_take_kprobe(struct pt_regs *ctx)
{
	return request_begins((void *)PT_REGS_PARM1_CORE(ctx));
}
