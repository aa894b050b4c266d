/* SPDX-License-Identifier: GPL-2.0 */
/* The state of a call that is under way. */
#ifndef AIOSTALL_CALL_BPF_H
#define AIOSTALL_CALL_BPF_H

#include "options.bpf.h"

/* The two programs of the entry, and of the exit. */
enum program { PROGRAM_NONE, PROGRAM_FIRST, PROGRAM_AGAIN };

/* Whether entry and exit of a call are seen: of this one, or of none at all (unwatched.bpf.h). */
enum watch { WATCHED, UNWATCHED, NONE_WATCHED };

#define FD_CACHE 8
#define FD_SKIP 0xffu

/* The part of an iocb that counting needs: what is read costs, and there is little stack. */
struct iocb_part {
	__u32 key, rw_flags;
	__u16 opcode, reqprio;
	__u32 fd;
	__u64 buf, nbytes;
};

/* What user space reads of it comes first, as members of its own (-fms-extensions). */
struct call {
	struct wire_call;
	__u64 task; /* identity, against reuse of the tid */
	__u64 seq;  /* calls of this thread so far */
	__u64 start_ns;
	__u64 wake_ns;	   /* 0 = not woken yet */
	__u64 nvcsw;	   /* task_struct.nvcsw when last looked at */
	__u64 nvcsw_start; /* ... when the call began */
	__u64 ran_ns;	   /* the kernel's accounts when the thread left the CPU: what it had run */
	__u64 waited_ns;   /* ... and waited for a CPU */
	__u64 ctx_id;
	__u64 iocbpp;
	__u64 req_iocb; /* as in struct wire_slot, while the thread is off the CPU */
	__u64 user_stack_id;
	__u64 lock;	   /* address of the one that is waited for */
	__u32 lock_kind;   /* enum wire_lock */
	__u32 interrupted; /* entry program was preempted: take the start again */
	__u32 away;	   /* off the CPU, and counted in the table of those */
	__u32 returning;   /* the exit program accounts for a return that was not seen */
	__u32 nr;
	__u32 compat;
	__u32 last_index; /* where the search for the next index starts */
	__u32 req_count;
	__u32 sleeps;
	__u32 preemptions;
	__u32 iowait;
	__u32 waker_kind;
	__u32 waker_pid;
	__u32 waker_tid;
	__u32 unreadable; /* requests whose iocb could not be read */
	__u32 beyond;	  /* requests beyond what is looked at */
	__u32 fs_overflow;
	__u32 skipped;	/* requests on filesystems that are not wanted */
	__u32 buffered; /* bit i: the file of fds[i] has the page cache between it and the disk */
	__u32 unwanted; /* seen to begin, for no filesystem that is wanted: bit by enum program */
	__u32 began;	/* bits, 1 << enum program: the entry's programs that saw it begin */
	__u32 ended_by; /* enum program that saw it end, while the other has yet to come */
	__u32 holder_pid;
	__u32 holder_tid;
	char holder_comm[WIRE_COMM_LEN];
	char waker_comm[WIRE_COMM_LEN];
	__u32 requests; /* io_uring: so far, but for those in the tally */
	__u32 in_chain; /* the thread that submits: the next request is linked to the one before */
	__u32 epoch;	/* in which its latest sleep, or its end, counts */
	__u32 row;	/* that was found last, see find_row() */
	__u32 number;	/* of the record, in the table of calls */
	__u32 sleeps_of_any; /* before it was known whether it is of a filesystem that is wanted */
	__u64 file;	     /* that its first row was found by, see inside.bpf.h; */
	__u32 file_row;	     /* index + 1 of that row, 0 = there is none */
	__u32 taken_inside;  /* see there: how often */
	__u64 sockets; /* the superblock of the file of its latest request, if that is a socket */
	struct wire_tally tally; /* as in struct wire_slot, while the thread is off the CPU */
	struct {
		__u32 fd;
		__u32 fs; /* index into fs[] + 1, 0 = empty, FD_SKIP = not wanted */
	} fds[FD_CACHE];
	__u64 list[8];	       /* addresses of iocbs, while they are counted, */
	struct iocb_part part; /* and one of them */
};
_Static_assert(sizeof(struct call) == WIRE_CALL_BYTES, "as user space reads it");

#endif
