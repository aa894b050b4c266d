// SPDX-License-Identifier: GPL-2.0
#include "held.bpf.h"
#include "lifecycle.bpf.h"

__u64 zero_call[sizeof(struct call) / sizeof(__u64)] = {};

/* What comes next after all numbers that were given so far: user space reads the records below it. */
__u32 next_call = 0;

/*
 * The number of a record that no thread has; MAX_CALLS if there may be none. Before 5.12 no counter tells its
 * value, so that two may take the same one for the next: one of them gets it. Nor does user space fill a queue
 * at the start: while it is preempted in a map's system call, kernels skip the programs of other tracers.
 */
static __always_inline __u32 unused_call(void)
{
	__u8 one = 1;
	__u32 n;

	if (!bpf_map_pop_elem(&free_calls, &n))
		return n;
	for (int i = 0; i < 8; i++) {
		n = *(volatile __u32 *)&next_call;
		if (n >= MAX_CALLS)
			break;
		__sync_fetch_and_add(&next_call, 1);
		if (!bpf_map_update_elem(&given_calls, &n, &one, BPF_NOEXIST))
			return n;
	}
	return MAX_CALLS;
}

/* A switch may come between, and give the thread its record first: then that is the one. */
__noinline __u32 new_call(__u32 tid)
{
	__u32 n = unused_call(), *known;
	struct call *c = call_numbered(n);

	if (!c)
		return 0;
	bpf_map_update_elem(&calls, &n, zero_call, BPF_ANY);
	c->number = n;
	if (SECOND_PAIR && blind_threads[tid & (BLIND_CELLS - 1)])
		__sync_fetch_and_add(&blind, 1);
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
