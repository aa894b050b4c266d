/* SPDX-License-Identifier: GPL-2.0 */
/* Requests that the kernel's own thread submits (IORING_SETUP_SQPOLL). */
#ifndef AIOSTALL_SQPOLL_BPF_H
#define AIOSTALL_SQPOLL_BPF_H

#include "options.bpf.h"

/* No call goes with it: it counts by itself. Which one is under way, a sleep asks. */
int sqpoll_request(__u64 req);

#endif
