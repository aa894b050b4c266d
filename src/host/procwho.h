/* SPDX-License-Identifier: GPL-2.0 */
/* What a process calls itself, and where it belongs, by /proc. */
#ifndef AIOSTALL_HOST_PROCWHO_H
#define AIOSTALL_HOST_PROCWHO_H

#include <stdint.h>

struct procwho {
	char comm[64];
	char cgroup[4096]; /* of cgroup v2: "/system.slice/..." */
};

/* What is not known, of a process that is gone for one, is "". proc_root NULL = /proc. */
struct procwho procwho__of(const char *proc_root, uint32_t pid);

#endif
