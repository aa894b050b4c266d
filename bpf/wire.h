/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the BPF programs and user space share: map values and ring-buffer
 * records. Only fixed-width types, explicit padding, sizes asserted, so that
 * both compilers lay them out alike.
 */
#ifndef AIOSTALL_WIRE_H
#define AIOSTALL_WIRE_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#define WIRE_COMM_LEN 16
#define WIRE_FSTYPE_LEN 16
#define WIRE_STACK_DEPTH 127
/* Bytes of a file's name within its filesystem: components, innermost first, each with its NUL. */
#define WIRE_NAMES_LEN 1024
#define WIRE_NAME_MAX 256
#define WIRE_PATH_PARTS 24
/* Requests of one call that are looked at; what is beyond is counted in wire_fs.requests_beyond. */
#define WIRE_MAX_REQUESTS 1024
/* Filesystems of one call that are told apart. */
#define WIRE_FS_PER_CALL 8
/* Size of the table of per-CPU slots; a power of two. */
#define WIRE_MAX_CPUS 1024
/* Most filesystems that have counters; a power of two. */
#define WIRE_MAX_ROWS 512

/*
 * Log-linear histogram of nanoseconds: 8 buckets per power of two, so that a
 * bucket is at most 12.5 % wide. Bucket b < 8 holds the value b; else with
 * e = b / 8 + 2 and s = b % 8 it holds [(8 + s) << (e - 3), (9 + s) << (e - 3)).
 * 280 buckets reach 2^37 ns (137 s); the last one takes everything above.
 */
#define WIRE_HIST_BUCKETS 280

/* What a filesystem row is: the superblock's device, or the block device itself. */
enum wire_fs_kind {
	WIRE_FS_NONE = 0,   /* the request, and so its file, is not known */
	WIRE_FS_SUPER = 1,  /* dev = super_block.s_dev */
	WIRE_FS_BLKDEV = 2, /* dev = inode.i_rdev of a block special file */
	WIRE_FS_CHRDEV = 3, /* dev = inode.i_rdev of a character special file */
	WIRE_FS_BATCH =
		4, /* a sleep of the whole call (final plug flush) over several filesystems */
	WIRE_FS_TOTAL = 5, /* all calls, each once; dev = 0; in a map of its own */
	WIRE_FS_OP = 6,	   /* io_uring: dev = IORING_OP_* of requests that have no file */
	WIRE_FS_RING = 7,  /* io_uring: sleeps for the ring itself, before a request is begun */
};

/* How requests are handed over. */
enum wire_api { WIRE_API_AIO, WIRE_API_URING };

struct wire_fs_key {
	__u32 dev; /* kernel encoding: major << 20 | minor */
	__u16 kind;
	__u16 api;
	__u64 super; /* UUID and attachment of the superblocks that had this device: see super_id() */
};

/* Whose counters a row has. One that leaves is not to be had by its key any more. */
enum wire_row_use { WIRE_ROW_FREE, WIRE_ROW_USED, WIRE_ROW_LEAVES };
struct wire_row {
	struct wire_fs_key key;
	__u32 used; /* enum wire_row_use */
	__u32 pad;
};

/* Operations as the row's ops[] counts them; IOCB_CMD_* folded to 8. */
enum wire_op {
	WIRE_OP_PREAD,
	WIRE_OP_PWRITE,
	WIRE_OP_FSYNC,
	WIRE_OP_FDSYNC,
	WIRE_OP_POLL,
	WIRE_OP_PREADV,
	WIRE_OP_PWRITEV,
	WIRE_OP_OTHER,
	WIRE_OPS,
};

/* Per-CPU counters of one filesystem, and of all calls (WIRE_FS_TOTAL). */
struct wire_fs {
#define COUNTER(name, adds, since, json, csv) __u64 name;
#define OPS() __u64 ops[WIRE_OPS];
#include "../src/model/counters.def"
	__u64 requests_beyond; /* beyond WIRE_MAX_REQUESTS, not attributed (totals only) */
	__u32 mnt_id;	       /* of the request that came last */
	__u32 pid;	       /* of the caller that came first: to find its mount table */
	char fstype[WIRE_FSTYPE_LEN];
	__u32 submit_hist[WIRE_HIST_BUCKETS];
	__u32 sleep_hist[WIRE_HIST_BUCKETS];
};

/* Losses, one cell each; every one has a line in every output. */
enum wire_loss {
	WIRE_LOSS_EVENTS,	   /* ring buffer full, and what stalls are summed up in */
	WIRE_LOSS_STACKS,	   /* stack not available or stack table full */
	WIRE_LOSS_CALLS_FULL,	   /* table of calls full: submit not traced */
	WIRE_LOSS_FS_FULL,	   /* table of filesystems full */
	WIRE_LOSS_FILES_FULL,	   /* table of file names full */
	WIRE_LOSS_BEFORE_TRACING,  /* not a loss: exit of a call that began before tracing */
	WIRE_LOSS_UNMATCHED_EXIT,  /* exit not seen, or a switch before it */
	WIRE_LOSS_NO_ENTRY,	   /* exit without entry, of a thread seen before */
	WIRE_LOSS_NO_URING_ENTRY,  /* the same of io_uring_enter */
	WIRE_LOSS_UNMATCHED_ENTRY, /* entry without exit */
	WIRE_LOSS_DIED,		   /* thread ended inside the call */
	WIRE_LOSS_IOCB_UNREADABLE, /* iocb not to be read, and sleeps until it is */
	WIRE_LOSS_BEYOND,	   /* requests beyond WIRE_MAX_REQUESTS */
	WIRE_LOSS_FS_PER_CALL,	   /* requests beyond WIRE_FS_PER_CALL filesystems in one call */
	WIRE_LOSS_SCAN_AGREE,	   /* not a loss: stack scan agreed with the exact index */
	WIRE_LOSS_SCAN_DISAGREE,   /* not a loss: it did not */
	WIRE_LOSS_MISJUDGED, /* calls with more or fewer sleeps than the kernel's count grew by */
	WIRE_LOSS_REFUSED,   /* not a loss: exit of a call that seccomp or a debugger refused */
	WIRE_LOSS_UNCOUNTED_SLEEPS, /* not a loss: sleeps in calls that cannot be counted */
	WIRE_LOSS_RECOVERED,	    /* not a loss: return to the CPU that was shown to no tracer */
	WIRE_LOSS_MAX,
};

enum wire_kind {
	WIRE_STALL = 1,
	WIRE_SUBMIT = 2,
};

struct wire_hdr {
	__u32 kind;
	__u32 size;  /* of the whole record */
	__u64 ts_ns; /* CLOCK_MONOTONIC at the end of the thing */
};

/* How the sleeping request was found. */
enum wire_how {
	WIRE_HOW_UNKNOWN,
	WIRE_HOW_EXACT,	  /* request probe, or a call of one request */
	WIRE_HOW_SCANNED, /* stack scan */
	WIRE_HOW_BATCH,	  /* no current request: final plug flush */
};

/* Shape of the request that slept. */
#define WIRE_SHAPE_BEYOND_EOF (1u << 0)
#define WIRE_SHAPE_UNALIGNED (1u << 1)	  /* to the filesystem block */
#define WIRE_SHAPE_UNALIGNED_LB (1u << 2) /* to the logical block */
#define WIRE_SHAPE_DIRECT (1u << 3)
#define WIRE_SHAPE_DSYNC (1u << 4)
#define WIRE_SHAPE_NOWAIT (1u << 5)
#define WIRE_SHAPE_APPEND (1u << 6)
#define WIRE_SHAPE_UNALIGNED_MEM (1u << 7) /* the buffer, to the filesystem block */
/* Alignment of the buffer: its logarithm to the base of 2 plus 1, in so many bits; 0 = not known. */
#define WIRE_SHAPE_MEM_SHIFT 24
#define WIRE_SHAPE_MEM_MAX 16 /* 64 KiB or more */

/* Where the wake-up came from. */
enum wire_waker {
	WIRE_WAKER_UNKNOWN, /* woken before it was off the CPU */
	WIRE_WAKER_TASK,
	WIRE_WAKER_IRQ, /* hard or soft interrupt: usually a device's completion */
};

/* The kind of lock a sleep waits for; PERCPU and OTHER do not tell who holds them. */
enum wire_lock {
	WIRE_LOCK_NONE,
	WIRE_LOCK_MUTEX,
	WIRE_LOCK_RWSEM,
	WIRE_LOCK_RT,
	WIRE_LOCK_PERCPU,
	WIRE_LOCK_OTHER,
};

/* Where a sleep belongs, see URING in docs: the same numbers as enum plane. */
enum wire_plane { WIRE_PLANE_SUBMIT, WIRE_PLANE_TASKWORK, WIRE_PLANE_WORKER, WIRE_PLANE_SQPOLL };

/* Whose thread it is: the kernel has some in each process that uses io_uring. */
enum wire_thread { WIRE_THREAD_OWN, WIRE_THREAD_WORKER, WIRE_THREAD_SQPOLL };

/*
 * What a sleep inside io_uring_enter is, by its stack; of the functions that
 * tell, user space knows where they lie.
 */
enum wire_place {
	WIRE_PLACE_UNKNOWN,  /* the stack does not tell */
	WIRE_PLACE_REQUEST,  /* a request is being begun */
	WIRE_PLACE_FLUSH,    /* what the requests have queued goes to the device */
	WIRE_PLACE_PREPARE,  /* between requests: the next one is read */
	WIRE_PLACE_RING,     /* before any request: the ring's lock, room in it */
	WIRE_PLACE_TASKWORK, /* work that was put off until now */
	WIRE_PLACE_WAIT,     /* for completions, as the program asked */
};

/* Functions that tell; a range of addresses has the kind of its function. */
enum wire_telling {
	WIRE_TELLS_NOTHING,
	WIRE_TELLS_ENTER,
	WIRE_TELLS_SUBMIT,
	WIRE_TELLS_ISSUE,
	WIRE_TELLS_FLUSH,
	WIRE_TELLS_TASKWORK,
	WIRE_TELLS_CQWAIT,
	WIRE_TELLS_SLEEP,
	WIRE_TELLS_IDLE,
};

#define WIRE_TELLING_MAX 32
struct wire_telling_range {
	__u64 start, end;
	__u64 tells;
};

/* Opcodes of io_uring's, so that they are no IOCB_CMD_*. */
#define WIRE_URING_OP 0x100

/* The request and file of a sleep; also part of the call's record in the kernel. */
struct wire_req {
	__u64 iocb; /* user address, 0 = not known; io_uring: user_data */
	__u64 offset;
	__u64 len; /* bytes; vectored: sum, or 0 if not readable */
	__u64 ino;
	__u64 file_id; /* key of the files map, 0 = none */
	struct wire_fs_key fs;
	__u32 index; /* k of nr, valid if how is EXACT or SCANNED */
	__u32 nr;    /* as the kernel limits it to the context's size */
	__u32 fd;
	__u32 rw_flags;
	__u32 mnt_id;
	__u32 shape;
	__u16 opcode;
	__u16 how;
	__u32 i_mode;
	__u32 sb_dev; /* of the superblock the name is on (devtmpfs for a device node) */
	__u32 memory; /* alignment of the buffer, as in the shape */
	char fstype[WIRE_FSTYPE_LEN];
};

struct wire_stall {
	struct wire_hdr hdr;
	__u32 pid; /* tgid */
	__u32 tid;
	char comm[WIRE_COMM_LEN];
	__u64 cgroup_id;
	__u64 call_seq; /* number of the call of this thread */
	__u64 out_ns;	/* switched out */
	__u64 blocked_ns;
	__u64 runqueue_ns;
	__u64 stack_id; /* key of the stacks map, 0 = none */
	__u64 user_stack_id;
	__u32 state; /* TASK_* bits at switch-out */
	__u32 iowait;
	__u32 sleep_no; /* 1 = first sleep of the call */
	__u32 waker_kind;
	__u32 waker_pid;
	__u32 waker_tid;
	char waker_comm[WIRE_COMM_LEN];
	__u32 lock_kind;  /* enum wire_lock */
	__u32 holder_pid; /* 0 = not known */
	__u32 holder_tid;
	__u32 plane; /* enum wire_plane */
	char holder_comm[WIRE_COMM_LEN];
	__u32 submitter_tid; /* of what a thread of the kernel runs; 0 = its own */
	__u32 epoch;	     /* that it is counted in, see shared.bpf.h */
	struct wire_req req;
};

/*
 * Stalls that are alike, summed up where the ring buffer has no room for them.
 * The CPU is part of the key, so that nobody else writes to the value.
 */
struct wire_spill_key {
	struct wire_fs_key fs;
	__u64 stack_id;
	__u64 user_stack_id;
	__u64 file_id;
	__u32 mnt_id;
	__u32 how;
	__u32 pid;
	__u32 cpu;
};

struct wire_spill {
	__u64 sleeps;
	__u64 blocked_ns;
	__u64 runqueue_ns;
	__u64 held_up_requests;
	__u64 iowait_sleeps;
	__u64 nowait_sleeps;
	struct wire_stall longest;
	__u32 hist[WIRE_HIST_BUCKETS];
};

struct wire_submit {
	struct wire_hdr hdr;
	__u32 pid;
	__u32 tid;
	char comm[WIRE_COMM_LEN];
	__u64 cgroup_id;
	__u64 call_seq;
	__u64 start_ns;
	__u64 wall_ns;
	__u64 on_cpu_ns;
	__u64 blocked_ns;
	__u64 runqueue_ns;
	__u64 preempted_ns;
	__u64 waited_ns; /* io_uring: for completions, in so many of the sleeps */
	__u32 waits;
	__u32 sleeps;
	__u32 preemptions;
	__u32 pad2;
	__s64 ret;
	__u32 nr;
	__u32 fs_count; /* filesystems of this call, first one below */
	struct wire_fs_key fs;
	char fstype[WIRE_FSTYPE_LEN];
	__u32 mnt_id;
	__u32 pad;
};

/* Requests of a call of io_uring that are counted apart from its record, see tally.bpf.h. */
struct wire_tally {
	__u64 sockets; /* the superblock of all sockets, once the call has a row for them; else 0 */
	__u32 op;      /* an operation without a file + 1, once the call has a row for it; else 0 */
	__u16 sockets_row, op_row; /* index in the call */
	__u32 on_sockets, of_op;   /* requests */
	__u32 head; /* tallied requests up to the latest that begins by itself, 0 = that is in the record */
	__u32 in_chain; /* the next request is linked to the one before */
};

/*
 * The thread inside io_submit on one CPU, 0 = none; cache lines of its own. The programs' own, but among the
 * variables that user space maps.
 */
/* The programs by which a call is seen to begin or to end. */
enum wire_held {
	WIRE_HELD_ENTER,
	WIRE_HELD_ENTER_AGAIN,
	WIRE_HELD_EXIT,
	WIRE_HELD_EXIT_AGAIN,
	WIRE_HELD_REQUEST,
	WIRE_HELD_MAX
};

struct wire_slot {
	__u32 tid;
	/*
	 * A bit for each program that a thread preempted in it holds, see held.bpf.h. A switch asks for
	 * both at once: with neither, nobody who leaves the CPU can be inside io_submit unseen.
	 */
	__u32 held;
	__u32 holder[WIRE_HELD_MAX]; /* that thread, where held */
	/* request probe: requests that the call has begun, and the user's address of the latest */
	__u32 req_count;
	__u64 req_iocb;
	__u64 word; /* pointers become numbers here, with which the verifier lets one calculate */
	/* what a kernel's thread of io_uring is about to wait for, see lock.bpf.h */
	__u64 lock;
	__u32 lock_kind;
	__u32 lock_tid;
	__u32 began; /* the call's, see there */
	/* requests on `file` that were done inside the call and are not in it yet, see inside.bpf.h */
	__u32 inside_buffered;
	__u64 file;
	__u32 inside_direct;
	__u32 nr; /* the call's requests */
	struct wire_tally tally;
	__u32 call; /* number of the record of who was inside last, see call_of_tid() */
	__u32 pad;
};

/* Value of the stacks map: addresses innermost first, tracer frames included. */
struct wire_stack {
	__u32 depth;
	__u32 user;
	__u32 pid; /* user stacks: whose address space */
	__u32 pad;
	__u64 ip[WIRE_STACK_DEPTH];
};

/* Key of the samples map. */
struct wire_sample_key {
	__u64 stack_id;
	struct wire_fs_key fs;
};

/* Value of the files map: names from the file up to the filesystem's root. */
struct wire_file {
	__u32 len;	/* used bytes of names[] */
	__u32 parts;	/* components in it */
	__u32 complete; /* the root was reached */
	__u32 deleted;
	char names[WIRE_NAMES_LEN];
};

/* What the calls of a thread, or of a process's threads that have ended, add up to. */
struct wire_submitted {
	__u64 submits;
	__u64 submits_blocked;
	__u64 requests;
	__u64 sleeps;
	__u64 blocked_ns;
};

/* Value of the processes map, key pid. */
struct wire_process {
	struct wire_submitted sum;
	__u64 cgroup_id;
	char comm[WIRE_COMM_LEN]; /* of its first thread; empty = not known */
};

/* Key of the failures map. */
struct wire_failure_key {
	__u32 pid;
	__u32 err; /* as a positive number */
};

/* One filesystem of a call under way. */
struct wire_call_fs {
	struct wire_fs_key key;
	__u64 type; /* struct file_system_type that fstype is the name of */
	char fstype[WIRE_FSTYPE_LEN];
	__u32 mnt_id;
	__u32 row; /* number + 1 of the row that an earlier call was counted in: see row_of_call() */
	/* from here on zero when a call begins */
	__u32 requests;
	__u32 bytes_unknown;
	__u64 bytes;
	__u64 blocked_ns;
	__u32 sleeps;
	__u32 pad;
	__u16 inside_buffered;
	__u16 inside_direct;
	__u16 nowait;
	__u16 nowait_refused;
	__u16 ops[WIRE_OPS];
};

enum wire_call_state {
	WIRE_CALL_IDLE,	   /* the thread is not inside io_submit */
	WIRE_CALL_RUNNING, /* on a CPU */
	WIRE_CALL_ASLEEP,
	WIRE_CALL_PREEMPTED,
};

/* Bytes of a value of the calls map: a struct wire_call, and what only the programs know. */
#define WIRE_CALL_BYTES 1592

/* What a thread does inside io_submit or io_uring_enter. */
struct wire_call {
	__u64 since_ns; /* of the present state */
	__u64 on_cpu_ns;
	__u64 blocked_ns;
	__u64 runqueue_ns;
	__u64 preempted_ns;
	__u64 cq_wait_ns; /* io_uring: waited for completions */
	__u64 counted_ns; /* blocked, in sleeps that the filter lets count */
	__u64 stack_id;
	__u64 cgroup_id;
	__u32 state; /* enum wire_call_state */
	__u32 pid, tid;
	__u32 unwatched; /* neither entry nor exit is seen; the programs' enum watch */
	__u32 task_state;
	__u32 counted_sleeps;
	__u32 waits;
	__u32 api;    /* enum wire_api */
	__u32 place;  /* enum wire_place of the present sleep */
	__u32 thread; /* enum wire_thread */
	__u32 submitter_tid;
	__u32 nr_fs;
	char comm[WIRE_COMM_LEN];
	struct wire_submitted own; /* calls of the thread that are over */
	struct wire_req req;
	struct wire_call_fs fs[WIRE_FS_PER_CALL];
};

/* Key of the filter on filesystems, of any of three kinds. */
enum wire_want_kind { WIRE_WANT_DEV = 1, WIRE_WANT_MOUNT = 2 };
struct wire_want_key {
	__u32 kind;
	__u32 value;
};

/* Seen by the compilers of both sides: all padding is there, and each lays out the other's structs. */
#define WIRE_SIZE(name, bytes) _Static_assert(sizeof(struct wire_##name) == (bytes), #name)
WIRE_SIZE(fs_key, 16);
WIRE_SIZE(row, 24);
WIRE_SIZE(fs, __builtin_offsetof(struct wire_fs, submit_hist) + 2 * 4 * WIRE_HIST_BUCKETS);
WIRE_SIZE(hdr, 16);
WIRE_SIZE(telling_range, 24);
WIRE_SIZE(req, 112);
WIRE_SIZE(stall, 176 + sizeof(struct wire_req));
WIRE_SIZE(spill_key, 56);
WIRE_SIZE(spill, 48 + sizeof(struct wire_stall) + 4 * WIRE_HIST_BUCKETS);
WIRE_SIZE(submit, 184);
WIRE_SIZE(tally, 32);
WIRE_SIZE(slot, 128);
WIRE_SIZE(stack, 16 + 8 * WIRE_STACK_DEPTH);
WIRE_SIZE(sample_key, 24);
WIRE_SIZE(file, 16 + WIRE_NAMES_LEN);
WIRE_SIZE(submitted, 40);
WIRE_SIZE(process, 64);
WIRE_SIZE(failure_key, 8);
WIRE_SIZE(call_fs, 104);
WIRE_SIZE(call, 288 + WIRE_FS_PER_CALL * sizeof(struct wire_call_fs));
WIRE_SIZE(want_key, 8);
#undef WIRE_SIZE

#endif
