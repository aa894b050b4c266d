// SPDX-License-Identifier: GPL-2.0
#include "model/api.h"

#include <string.h>

#include "base/base.h"

static const char *const names[APIS] = {[API_AIO] = "aio", [API_URING] = "io_uring"};
static const char *const planes[PLANES] = {
	[PLANE_SUBMIT] = "submit",
	[PLANE_TASKWORK] = "taskwork",
	[PLANE_WORKER] = "worker",
	[PLANE_SQPOLL] = "sqpoll",
};

/* IOCB_CMD_*; 4 is not in use, 6 is the no-op that the kernel refuses. */
static const char *const aio_ops[] = {"pread", "pwrite", "fsync",  "fdsync", "other",
				      "poll",  "noop",	 "preadv", "pwritev"};

/* IORING_OP_*, include/uapi/linux/io_uring.h of 7.2. */
static const char *const uring_ops[] = {
	"nop",
	"readv",
	"writev",
	"fsync",
	"read_fixed",
	"write_fixed",
	"poll_add",
	"poll_remove",
	"sync_file_range",
	"sendmsg",
	"recvmsg",
	"timeout",
	"timeout_remove",
	"accept",
	"async_cancel",
	"link_timeout",
	"connect",
	"fallocate",
	"openat",
	"close",
	"files_update",
	"statx",
	"read",
	"write",
	"fadvise",
	"madvise",
	"send",
	"recv",
	"openat2",
	"epoll_ctl",
	"splice",
	"provide_buffers",
	"remove_buffers",
	"tee",
	"shutdown",
	"renameat",
	"unlinkat",
	"mkdirat",
	"symlinkat",
	"linkat",
	"msg_ring",
	"fsetxattr",
	"setxattr",
	"fgetxattr",
	"getxattr",
	"socket",
	"uring_cmd",
	"send_zc",
	"sendmsg_zc",
	"read_multishot",
	"waitid",
	"futex_wait",
	"futex_wake",
	"futex_waitv",
	"fixed_fd_install",
	"ftruncate",
	"bind",
	"listen",
	"recv_zc",
	"epoll_wait",
	"readv_fixed",
	"writev_fixed",
	"pipe",
	"nop128",
	"uring_cmd128",
};

const char *api__name(enum api api)
{
	return api < APIS ? names[api] : "";
}

enum api api__find(const char *name)
{
	unsigned int api = 0;

	while (api < APIS && strcmp(names[api], name) != 0)
		api++;
	return (enum api)api;
}

const char *plane__name(enum plane plane)
{
	return plane < PLANES ? planes[plane] : "";
}

const char *op__name(uint16_t opcode)
{
	uint16_t op = opcode & (OP_URING - 1);

	if (opcode < ARRAY_SIZE(aio_ops))
		return aio_ops[opcode];
	return (opcode & OP_URING) && op < ARRAY_SIZE(uring_ops) ? uring_ops[op] : "other";
}
