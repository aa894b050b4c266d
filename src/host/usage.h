/* SPDX-License-Identifier: GPL-2.0 */
/* What this process uses, as the kernel counts it. */
#ifndef AIOSTALL_HOST_USAGE_H
#define AIOSTALL_HOST_USAGE_H

#include <stdint.h>

struct usage {
	uint64_t cpu_ns, resident_bytes, open_fds; /* 0 = not known */
};

struct usage usage__now(void);

#endif
