/* SPDX-License-Identifier: GPL-2.0 */
/* What user space chooses before it loads the programs. */
#ifndef AIOSTALL_OPTIONS_BPF_H
#define AIOSTALL_OPTIONS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "wire.h"

extern const volatile __u64 opt_min_ns;
extern const volatile __u64 opt_slow_ns;
extern const volatile __u64 opt_spill_bytes; /* with so much in the ring, stalls are summed up */
extern const volatile __u32 opt_all_submits;
extern const volatile __u32 opt_user_stacks;
extern const volatile __u32 opt_tree_only;
extern const volatile __u32 opt_own_pid;
extern const volatile __u32 opt_cpus;		/* each has a value in a row */
extern const volatile __u32 opt_row_values;	/* twice as many with the second pair of programs */
extern const volatile __u32 opt_exact_requests; /* the request probe is attached */
extern const volatile __u32 opt_refused_exit;	/* calls that are refused have an exit, too */
extern const volatile __u32 opt_count_buffered; /* no probe tells what is done inside the call */
extern const volatile __u32 opt_compat_sleeps;	/* of 32-bit calls only the sleeps can be seen */
extern const volatile __u32 opt_fentry; /* io_submit's first programs are fentry and fexit */
/* tp_btf, so that the arguments of tracepoints have types; sched_switch has a fourth one (5.18). */
extern const volatile __u32 opt_typed_args, opt_has_prev_state;
/*
 * The kernel has bpf_rdonly_cast() (6.2): there a field of a kernel object is a plain load,
 * elsewhere a helper call, which costs 30 ns where calls are guarded against speculation.
 */
extern const volatile __u32 opt_typed_reads;
extern const volatile __u32 opt_io_threads;	   /* io_uring is traced, see is_io_thread() */
extern const volatile __u32 opt_uring_requests;	   /* its request probe is attached */
extern const volatile __u32 opt_uring_request_arg; /* which argument of it is the request */
extern const volatile __u32 opt_punts;		   /* they are traced */
extern const volatile __u32 opt_punt_arg; /* which argument of the tracepoint is the request */
/* Flags of requests: their file can do without waiting (5.19); what came back from below (6.10). 0 = none. */
extern const volatile __u64 opt_can_nowait, opt_came_back;
extern const volatile __u32 opt_takes;		/* it is seen when a worker takes one */
extern const volatile __u32 opt_takes_by_sleep; /* only by its first sleep there */
extern const volatile __u32 filter_pids, filter_tids, filter_cgroup;
extern const volatile __u32 filter_nr_comms, filter_nr_fstypes, filter_wants;
extern const volatile char filter_comm[8][WIRE_COMM_LEN];
extern const volatile char filter_fstype[8][WIRE_FSTYPE_LEN];

/* io_submit's entry and exit have two programs each. */
#define SECOND_PAIR (opt_row_values > opt_cpus)

#endif
