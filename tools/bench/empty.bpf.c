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
