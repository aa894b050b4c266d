// SPDX-License-Identifier: GPL-2.0
#include "lifecycle.bpf.h"

__u64 zero_call[sizeof(struct call) / sizeof(__u64)] = {};

__noinline int flush_call(__u32 tid, __u64 wall, __s64 ret)
{
	struct call *c = bpf_map_lookup_elem(&calls, &tid);

	if (c)
		flush(c, wall, ret, false);
	return 0;
}
