// SPDX-License-Identifier: GPL-2.0
/* Processes: what each has submitted, when its threads end, what it begins. */
#include "lifecycle.bpf.h"

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

static __always_inline void name_process(struct wire_process *p, __u32 pid)
{
	struct task_struct___any *task = (void *)bpf_get_current_task();

	if (p->comm[0] || bpf_get_current_pid_tgid() >> 32 != pid)
		return;
	p->cgroup_id = bpf_get_current_cgroup_id();
	task = BPF_CORE_READ(task, group_leader);
	bpf_probe_read_kernel_str(p->comm, sizeof(p->comm), &task->comm);
}

__noinline int retire(__u32 number)
{
	struct call *c = call_numbered(number);
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

/* ---- the programs: threads that end, processes that begin ---- */

static __always_inline void free_call(struct call *c, __u32 tid)
{
	__u32 number = c->number;

	bpf_map_delete_elem(&call_numbers, &tid);
	*(volatile __u32 *)&c->tid = 0;
	bpf_map_push_elem(&free_calls, &number, BPF_ANY);
}

static __always_inline int thread_ends(void)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 tid = (__u32)id;
	struct wire_slot *slot = slot_here();
	struct call *c = call_of_tid(tid);
	struct task_struct *task = (void *)bpf_get_current_task();
	__u32 pid = id >> 32;

	/* do_exit() counts the threads down before it tells of the end (5.10 to 7.x) */
	if (opt_tree_only && BPF_CORE_READ(task, signal, live.counter) == 0)
		bpf_map_delete_elem(&tree, &pid);
	if (slot->tid == tid)
		slot->tid = 0;
	/* at the end of tracing they are read while this is being taken off */
	if (!c || !tracing())
		return 0;
	if (c->state != WIRE_CALL_IDLE)
		call_abandon(c, WIRE_LOSS_DIED);
	retire(c->number);
	free_call(c, tid);
	return 0;
}

static __always_inline void add_to_tree(__u32 pid)
{
	__u8 one = 1;

	if (bpf_map_update_elem(&tree, &pid, &one, BPF_ANY))
		lose(WIRE_LOSS_CALLS_FULL, 1);
}

__noinline int adopt(__u32 pid)
{
	struct task_struct___any *task = (void *)bpf_get_current_task();
	__u32 parent = BPF_CORE_READ(task, real_parent, tgid);

	/* threads of the kernel ask for the thread that they work for */
	if (bpf_get_current_pid_tgid() >> 32 != pid || !bpf_map_lookup_elem(&tree, &parent))
		return 0;
	add_to_tree(pid);
	return 1;
}

static __always_inline int process_begins(struct task_struct *parent, struct task_struct *child)
{
	__u32 pid = BPF_CORE_READ(parent, tgid), new = BPF_CORE_READ(child, tgid);

	if (pid != new && (bpf_map_lookup_elem(&tree, &pid) || adopt(pid)))
		add_to_tree(new);
	return 0;
}

SEC("?raw_tp/sched_process_exit")
int exit_raw_tp(void *ctx)
{
	return thread_ends();
}

SEC("?raw_tp/sched_process_fork")
int fork_raw_tp(struct bpf_raw_tracepoint_args *ctx)
{
	return process_begins((void *)ctx->args[0], (void *)ctx->args[1]);
}
