// SPDX-License-Identifier: GPL-2.0
#include "call.bpf.h"

struct wire_call zero_call = {};

__noinline int flush_call(__u32 tid, __u64 wall, __s64 ret)
{
	struct wire_call *c = bpf_map_lookup_elem(&calls, &tid);

	if (c)
		flush(c, wall, ret, false);
	return 0;
}
