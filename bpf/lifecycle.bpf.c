// SPDX-License-Identifier: GPL-2.0
#include "lifecycle.bpf.h"

__u64 zero_call[sizeof(struct call) / sizeof(__u64)] = {};

/* A switch may come between, and give the thread its record first: then that is the one. */
__noinline __u32 new_call(__u32 tid)
{
	__u32 n = 0, *known;
	struct call *c;

	if (bpf_map_pop_elem(&free_calls, &n))
		return 0;
	c = call_numbered(n);
	if (!c)
		return 0;
	bpf_map_update_elem(&calls, &n, zero_call, BPF_ANY);
	c->number = n;
	*(volatile __u32 *)&c->tid = tid;
	if (!bpf_map_update_elem(&call_numbers, &tid, &n, BPF_NOEXIST))
		return n + 1;
	*(volatile __u32 *)&c->tid = 0;
	bpf_map_push_elem(&free_calls, &n, BPF_ANY);
	known = bpf_map_lookup_elem(&call_numbers, &tid);
	return known ? *known + 1 : 0;
}

__noinline int flush_call(__u32 number, __u64 wall, __s64 ret)
{
	struct call *c = call_numbered(number);

	if (c)
		flush(c, wall, ret, false);
	return 0;
}
