/* SPDX-License-Identifier: GPL-2.0 */
/* What others need to know of calls of io_uring_enter(2). */
#ifndef AIOSTALL_URING_BPF_H
#define AIOSTALL_URING_BPF_H

#include "options.bpf.h"

/* Count a call that is over in its rows and in the totals. */
int uring_flush(__u32 number, __u64 wall, __s64 ret);

/* What the request is that the thread sleeps for. */
int uring_find_request(__u32 number);

#endif
