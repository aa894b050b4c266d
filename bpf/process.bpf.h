/* SPDX-License-Identifier: GPL-2.0 */
/* What each process has submitted, and the errors with which its calls failed. */
#ifndef AIOSTALL_PROCESS_BPF_H
#define AIOSTALL_PROCESS_BPF_H

#include "shared.bpf.h"

/* Submits of processes and errors that the tables had no room for: not told apart. */
__u64 process_submits_left = 0;
struct wire_process zero_process = {};

/* Of threads that have ended; what the others have is in their calls. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct wire_process);
} processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct wire_failure_key);
	__type(value, __u64);
} failures SEC(".maps");

/* How many of them no entry has, user space knows by the rows. */
__noinline int count_failure(__u32 pid, __s64 ret)
{
	struct wire_failure_key key = {.pid = pid, .err = -ret};
	__u64 none = 0, *n = bpf_map_lookup_elem(&failures, &key);

	if (!n) {
		bpf_map_update_elem(&failures, &key, &none, BPF_NOEXIST);
		n = bpf_map_lookup_elem(&failures, &key);
	}
	if (n)
		__sync_fetch_and_add(n, 1);
	return 0;
}

/* A call is over: it adds to its thread's, which nobody else writes to. */
static __always_inline void submitted(struct wire_call *c, __u64 requests, __s64 ret)
{
	c->own.submits++;
	c->own.submits_blocked += c->counted_sleeps != 0;
	c->own.requests += requests;
	c->own.sleeps += c->counted_sleeps;
	c->own.blocked_ns += c->counted_ns;
	if (ret < 0)
		count_failure(c->pid, ret);
}

/* The first thread of a process names it. */
struct task_struct___leader {
	struct task_struct___leader *group_leader;
	char comm[WIRE_COMM_LEN];
} __attribute__((preserve_access_index));

static __always_inline void name_process(struct wire_process *p, __u32 pid)
{
	struct task_struct___leader *task = (void *)bpf_get_current_task();

	if (p->comm[0] || bpf_get_current_pid_tgid() >> 32 != pid)
		return;
	p->cgroup_id = bpf_get_current_cgroup_id();
	task = BPF_CORE_READ(task, group_leader);
	bpf_probe_read_kernel_str(p->comm, sizeof(p->comm), &task->comm);
}

/* The thread is no more, or its number is that of another one: what it had is its process's. */
__noinline int retire(__u32 tid)
{
	struct wire_call *c = bpf_map_lookup_elem(&calls, &tid);
	struct wire_process *p;
	__u32 pid;

	if (!c || (!c->own.submits && !c->own.requests))
		return 0;
	pid = c->pid;
	p = bpf_map_lookup_elem(&processes, &pid);
	if (!p) {
		bpf_map_update_elem(&processes, &pid, &zero_process, BPF_NOEXIST);
		p = bpf_map_lookup_elem(&processes, &pid);
	}
	if (p) {
		__sync_fetch_and_add(&p->sum.submits, c->own.submits);
		__sync_fetch_and_add(&p->sum.submits_blocked, c->own.submits_blocked);
		__sync_fetch_and_add(&p->sum.requests, c->own.requests);
		__sync_fetch_and_add(&p->sum.sleeps, c->own.sleeps);
		__sync_fetch_and_add(&p->sum.blocked_ns, c->own.blocked_ns);
		name_process(p, pid);
	} else {
		__sync_fetch_and_add(&process_submits_left, c->own.submits);
	}
	__builtin_memset(&c->own, 0, sizeof(c->own));
	return 0;
}

#endif
