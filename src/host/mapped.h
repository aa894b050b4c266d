/* SPDX-License-Identifier: GPL-2.0 */
/* The file behind a mapping of another process, opened without being held up or fooled by it. */
#ifndef AIOSTALL_HOST_MAPPED_H
#define AIOSTALL_HOST_MAPPED_H

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/aside.h"

/* As in /proc/PID/maps. */
struct mapped {
	pid_t pid;
	uint64_t start, end, ino;
	char path[PATH_MAX];
};

/* A descriptor for reading, the caller's, of a regular file that no process serves; or -errno, -EAGAIN if not now. */
int mapped__open(struct aside *a, const struct mapped *m);

#endif
