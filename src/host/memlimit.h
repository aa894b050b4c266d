/* SPDX-License-Identifier: GPL-2.0 */
/* How much memory the cgroups that this process is in leave to it. */
#ifndef AIOSTALL_HOST_MEMLIMIT_H
#define AIOSTALL_HOST_MEMLIMIT_H

#include <limits.h>
#include <stdint.h>

struct memlimit {
	uint64_t limit_bytes;
	uint64_t left_bytes;   /* with what the kernel would take back from the page cache */
	char cgroup[PATH_MAX]; /* whose limit it is, as /proc/self/cgroup writes it */
};

/*
 * The tightest limit of the own cgroup and all above it, of version 2 and of version 1, below this
 * root ("" for the host's). left_bytes is UINT64_MAX where there is no limit, or none can be read.
 */
void memlimit__read(const char *root, struct memlimit *out);

#endif
