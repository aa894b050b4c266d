/* SPDX-License-Identifier: GPL-2.0 */
/* What each process has submitted, and the errors with which its calls failed. */
#ifndef AIOSTALL_PROCESS_BPF_H
#define AIOSTALL_PROCESS_BPF_H

#include "shared.bpf.h"

/* How many of them no entry has, user space knows by the rows. */
int count_failure(__u32 pid, __s64 ret);

/* The thread is no more, or its number is that of another one: what it had is its process's. */
int retire(__u32 number);

/* A call is over: it adds to its thread's, which nobody else writes to. */
static __always_inline void submitted(struct call *c, __u64 requests, __s64 ret)
{
	c->own.submits++;
	c->own.submits_blocked += c->counted_sleeps != 0;
	c->own.requests += requests;
	c->own.sleeps += c->counted_sleeps;
	c->own.blocked_ns += c->counted_ns;
	if (ret < 0)
		count_failure(c->pid, ret);
}

#endif
