// SPDX-License-Identifier: GPL-2.0
/* Programs that do nothing: what the tracepoints themselves cost. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("tp_btf/sched_switch")
int empty_switch(void *ctx)
{
	return 0;
}

SEC("tp_btf/sched_waking")
int empty_waking(void *ctx)
{
	return 0;
}

SEC("tp/syscalls/sys_enter_io_submit")
int empty_enter(void *ctx)
{
	return 0;
}

SEC("tp/syscalls/sys_exit_io_submit")
int empty_exit(void *ctx)
{
	return 0;
}

/*
 * The same places that aiostall watches where fentry works: each request is one run of two of them.
 */
#if defined(__TARGET_ARCH_x86)
#define SUBMIT "__x64_sys_io_submit"
#else
#define SUBMIT "__arm64_sys_io_submit"
#endif

SEC("?fentry/" SUBMIT)
int fentry_enter(void *ctx)
{
	return 0;
}

SEC("?fexit/" SUBMIT)
int fentry_exit(void *ctx)
{
	return 0;
}

SEC("?fentry/io_submit_one")
int fentry_request(void *ctx)
{
	return 0;
}

SEC("?fentry/aio_complete_rw")
int fentry_complete(void *ctx)
{
	return 0;
}

/*
 * The least that can count the requests of a call by the descriptor they are for, and take its time:
 * who calls, one look-up for the thread at each end, two reads of user memory for the request, two
 * clocks, and one counter. Whose filesystem it is, and all else, is not in it.
 */
struct least {
	__u64 start_ns, wall_ns, calls, bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct least);
} least_calls SEC(".maps");

SEC("?tp/syscalls/sys_enter_io_submit")
int least_enter(struct trace_event_raw_sys_enter *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct least *c = bpf_map_lookup_elem(&least_calls, &tid);
	__u64 iocb = 0, part[4] = {};
	struct least none = {};

	if (!c) {
		bpf_map_update_elem(&least_calls, &tid, &none, BPF_ANY);
		return 0;
	}
	bpf_probe_read_user(&iocb, sizeof(iocb), (void *)ctx->args[2]);
	bpf_probe_read_user(part, sizeof(part), (void *)(iocb + 8));
	c->bytes += part[3];
	c->start_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("?tp/syscalls/sys_exit_io_submit")
int least_exit(void *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct least *c = bpf_map_lookup_elem(&least_calls, &tid);

	if (!c)
		return 0;
	c->wall_ns += bpf_ktime_get_ns() - c->start_ns;
	c->calls++;
	return 0;
}
