// SPDX-License-Identifier: GPL-2.0
#include "shared.bpf.h"

struct wire_slot slots[WIRE_MAX_CPUS] = {};
__u32 away[AWAY_CELLS] = {};
__u32 tracing_on = 0;
__u64 losses[WIRE_LOSS_MAX] = {};
__u64 submit_one_start = 0, submit_one_end = 0;
__u64 submit_start = 0, submit_end = 0;
__u64 compat_start = 0, compat_end = 0;
__u32 epoch = 0;
