// SPDX-License-Identifier: GPL-2.0
#include "options.bpf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u64 opt_min_ns = 0;
const volatile __u64 opt_slow_ns = 0;
const volatile __u64 opt_spill_bytes = 0;
const volatile __u32 opt_all_submits = 0;
const volatile __u32 opt_user_stacks = 0;
const volatile __u32 opt_tree_only = 0;
const volatile __u32 opt_own_pid = 0;
const volatile __u32 opt_cpus = 1;
const volatile __u32 opt_row_values = 1;
const volatile __u32 opt_exact_requests = 0;
const volatile __u32 opt_refused_exit = 0;
const volatile __u32 opt_count_buffered = 0;
const volatile __u32 opt_compat_sleeps = 0;
const volatile __u32 opt_fentry = 0;
const volatile __u32 opt_typed_args = 0, opt_has_prev_state = 0;
const volatile __u32 opt_typed_reads = 0;
const volatile __u32 opt_io_threads = 0;
const volatile __u32 opt_uring_requests = 0;
const volatile __u32 opt_uring_request_arg = 0;
const volatile __u32 opt_punts = 0;
const volatile __u32 opt_punt_arg = 0;
const volatile __u64 opt_can_nowait = 0, opt_came_back = 0;
const volatile __u32 opt_takes = 0;
const volatile __u32 opt_takes_by_sleep = 0;
const volatile __u32 filter_pids = 0, filter_tids = 0, filter_cgroup = 0;
const volatile __u32 filter_nr_comms = 0, filter_nr_fstypes = 0, filter_wants = 0;
const volatile char filter_comm[8][WIRE_COMM_LEN] = {};
const volatile char filter_fstype[8][WIRE_FSTYPE_LEN] = {};
