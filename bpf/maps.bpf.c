// SPDX-License-Identifier: GPL-2.0
/* Maps of more than one subject. */
#include "row.bpf.h"
#include "shared.bpf.h"
#include "sleeper.bpf.h"
#include "stack.bpf.h"
#include "target.bpf.h"

struct calls_map calls SEC(".maps");
struct free_calls_map free_calls SEC(".maps");
struct given_calls_map given_calls SEC(".maps");
struct call_numbers_map call_numbers SEC(".maps");
struct ring_map ring SEC(".maps");
struct scratches_map scratches SEC(".maps");
struct filesystems_map filesystems SEC(".maps");
struct row_of_map row_of SEC(".maps");
struct free_rows_map free_rows SEC(".maps");
struct totals_map totals SEC(".maps");
struct want_pids_map want_pids SEC(".maps");
struct want_tids_map want_tids SEC(".maps");
struct tree_map tree SEC(".maps");
struct want_cgroup_map want_cgroup SEC(".maps");
struct wants_map wants SEC(".maps");
struct stacks_map stacks SEC(".maps");
struct files_map files SEC(".maps");
