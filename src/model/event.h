/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The vocabulary between a source (live kernel, recording, text fixture) and
 * everything above it. Plain data, no kernel addresses: stacks are symbolized,
 * devices and paths have names. Strings may hold any bytes a traced program
 * chose; whoever prints them escapes them.
 *
 * Pointers in an event are valid during the call that delivers it.
 */
#ifndef AIOSTALL_MODEL_EVENT_H
#define AIOSTALL_MODEL_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/api.h"
#include "model/hist.h"

struct cause;

/* A symbolized stack, innermost frame first, tracer's own frames and everything inward of the wait removed. */
struct stack {
	uint64_t id; /* the same frames have the same id within one source; 0 = no stack */
	uint32_t depth;
	const char **frames; /* function names as the kernel gives them, "module!" never prefixed */
};

/* One filesystem, or block device used directly, or kind of file (pipefs, sockfs). */
struct fs_info {
	uint32_t major,
		minor; /* superblock's device; the device itself for fstype "blockdev"/"chardev" */
	const char *fstype;	 /* "ext4", "blockdev", "pipefs", "(unknown)", "(several)" */
	const char *device_name; /* "loop0", "nvme0n1p2"; "" if there is none */
	const char *mount; /* mount point; "" if there is none or it is not visible from here */
	const char *
		mount_options; /* as in mountinfo, per-mount then per-superblock, comma separated; "" */
	enum api api;	       /* of the requests that are counted here */
	/* Of the filesystems that had this device number while tracing: 0 = the first, or all that is known. */
	uint32_t generation;
	/* Whose counters are spoken of: the same filesystem, attached again, may have several. */
	uint32_t counted;
};

enum request_how { HOW_UNKNOWN, HOW_EXACT, HOW_SCANNED, HOW_BATCH };

#define SHAPE_BEYOND_EOF (1u << 0)
#define SHAPE_UNALIGNED (1u << 1)    /* to the filesystem block */
#define SHAPE_UNALIGNED_LB (1u << 2) /* to the device's logical block */
#define SHAPE_DIRECT (1u << 3)
#define SHAPE_DSYNC (1u << 4)
#define SHAPE_NOWAIT (1u << 5)
#define SHAPE_APPEND (1u << 6)
#define SHAPE_UNALIGNED_MEM (1u << 7) /* the buffer, to the filesystem block */
#define SHAPE_MEM_SHIFT 24 /* above: logarithm of the buffer's alignment, plus 1; 0 = not known */
/* In bytes, 65536 standing for all above it; 0 = not known. */
static inline uint32_t shape__memory_align(uint32_t shape)
{
	uint32_t log2p1 = shape >> SHAPE_MEM_SHIFT & 31;

	return log2p1 && log2p1 <= 17 ? 1u << (log2p1 - 1) : 0;
}

/* WAKER_UNKNOWN: woken before it was off the CPU. WAKER_IRQ: an interrupt, usually a device's completion. */
enum waker_kind { WAKER_UNKNOWN, WAKER_TASK, WAKER_IRQ };

/* What kind of lock was waited for; the last two do not tell who holds them. */
enum lock_kind { LOCK_NONE, LOCK_MUTEX, LOCK_RWSEM, LOCK_RT, LOCK_PERCPU, LOCK_OTHER };

/* The thread that submitted. */
struct who {
	uint32_t pid, tid;
	const char *comm;
	uint64_t cgroup_id;
	const char *cgroup; /* path below the cgroup root; "" if not known */
};

/* One request of a call. */
struct request {
	enum request_how how;
	uint32_t index, nr; /* k of nr, k from 0; index is valid for HOW_EXACT and HOW_SCANNED */
	uint16_t opcode;    /* IOCB_CMD_*, or OP_URING | IORING_OP_* */
	int32_t fd;	    /* -1 = not known */
	uint64_t offset, len_bytes;
	uint32_t rw_flags, shape;
	uint64_t ino;
	uint64_t user_data; /* io_uring: what the program calls the request */
	const char *path;   /* full name, "" = not known */
};

/* A sleep that has ended. */
struct ev_stall {
	uint64_t end_ns; /* CLOCK_MONOTONIC, switched in again */
	uint64_t blocked_ns, runqueue_ns;
	uint64_t call_seq;
	uint32_t sleep_no; /* within the call, from 1 */
	struct who who;
	const struct fs_info *fs;
	enum plane plane;
	uint32_t
		submitter_tid; /* whose request it is, where who is a thread of the kernel's; or 0 */
	struct request req;
	uint32_t held_up_requests; /* nr - 1 - index, 0 if the index is not known */
	uint32_t state;		   /* TASK_* bits */
	bool iowait;
	enum waker_kind waker_kind;
	uint32_t waker_pid, waker_tid;
	const char *waker_comm; /* "" unless WAKER_TASK */
	enum lock_kind lock_kind;
	uint32_t holder_pid, holder_tid; /* who held the lock when the sleep began; 0 = not known */
	const char *holder_comm;	 /* "" = not known */
	/* what the holder slept for meanwhile, of workers of io_uring: see convoy.h; NULL = not known */
	const struct cause *behind;
	const struct stack *stack; /* NULL = lost */
	const struct stack
		*user_stack; /* NULL = not asked for or lost; frames are "binary`function" */
};

/* What several sleeps add up to: additive but for max_ns. Numbers only. */
struct sleep_sum {
	uint64_t sleeps, blocked_ns, runqueue_ns, max_ns;
	uint64_t held_up_requests, iowait_sleeps, nowait_sleeps;
	uint64_t how[4]; /* by enum request_how */
	/* those whose call had slept for that cause before; SUBMITS_UNKNOWN, of a sum with such a part too */
	uint64_t further_sleeps;
#define SUBMITS_UNKNOWN UINT64_MAX
	/* most threads that waited at once for a lock that a worker of io_uring held; 0 = none, or not known */
	uint64_t together;
};

/*
 * Stalls of one place that came faster than they could be told one by one. What
 * the longest one says of thread and request is its own; who woke them and who
 * held their lock is not known.
 */
struct ev_stalls {
	struct ev_stall
		longest; /* all of them have its filesystem, plane, stacks, file, process and req.how */
	struct sleep_sum sum;
	struct hist hist; /* of blocked_ns */
};

/* A submit that has ended: sent for long ones that did not sleep, or for all if asked. */
struct ev_submit {
	uint64_t end_ns, wall_ns, on_cpu_ns, blocked_ns, runqueue_ns, preempted_ns;
	uint64_t waited_ns; /* for completions, as the program asked: in `waits` of the sleeps */
	uint64_t call_seq;
	uint32_t sleeps, preemptions, nr, fs_count, waits;
	int64_t ret;
	struct who who;
	const struct fs_info *fs; /* the first one of the call */
};

/* A sleep that has not ended when tracing ends. */
struct ev_unfinished {
	uint64_t age_ns;
	bool before_tracing; /* already asleep when tracing began: the age is a lower bound */
	struct who who;
	const struct fs_info *fs;
	enum plane plane;
	uint32_t
		submitter_tid; /* whose request it is, where who is a thread of the kernel's; or 0 */
	struct request req;
	uint32_t held_up_requests;
	uint32_t state;
	const struct stack *stack;
};

/* What a process has submitted since tracing began, in calls that have ended. */
struct ev_process {
	uint32_t pid; /* 0 = of processes that are not told apart */
	const char *comm, *cgroup;
	uint64_t submits, submits_blocked, requests;
	uint64_t sleeps, blocked_ns; /* of calls that go on, too */
};

/* How many of its calls failed with one error. */
struct ev_failed {
	uint32_t pid;
	int err; /* positive */
	uint64_t calls;
};

/* How often a timer found a stack on a CPU inside io_submit, since tracing began. */
struct ev_sample {
	const struct fs_info *fs;
	const struct stack *stack; /* NULL = lost */
	uint64_t count;
};

/* Counters since tracing began: additive but for the maxima, and numbers only. */
struct counters {
#define COUNTER(name, adds, since, json, csv) uint64_t name;
#define OPS() uint64_t ops[8]; /* pread pwrite fsync fdsync poll preadv pwritev other */
#include "model/counters.def"
};

struct fs_counts {
	struct counters c;
	struct hist sleep, submit;
};

/*
 * Losses since tracing began. unmatched: entry without exit, exit without entry, thread ended in the
 * call. unattributed: requests whose iocb could not be read, or that are beyond 1024 or 8 filesystems.
 * model_evicted: dropped by the model's own bounds.
 */
struct loss {
#define LOSS(name, since, kind, words) uint64_t name;
#include "model/loss.def"
#undef LOSS
};

#endif
