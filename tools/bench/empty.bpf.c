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
