/* SPDX-License-Identifier: GPL-2.0 */
/* A request as the system call of its own that it would be without asynchronous I/O. */
#ifndef AIOSTALL_WORK_DIRECT_CALL_H
#define AIOSTALL_WORK_DIRECT_CALL_H

#include <linux/aio_abi.h>
#include <stdint.h>

/* rw_flags besides those of the request. What the call returned, or -errno. */
int64_t direct_call__run(const struct iocb *cb, int rw_flags);

#endif
