/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ask in a child what may never be answered: a path below another program's root can lead
 * through a filesystem whose server is silent, and a file can be on a device that hangs.
 */
#ifndef AIOSTALL_HOST_ASIDE_H
#define AIOSTALL_HOST_ASIDE_H

#include <stddef.h>

/* Runs in the child: fill answer, set *fd (-1 before) to hand a descriptor over. 0 or -errno. */
typedef int aside_fn(const void *ctx, void *answer, int *fd);

/*
 * 0 with answer filled and *fd, if fd is not NULL, a descriptor of the caller's or -1;
 * -ETIMEDOUT if there was no answer in time; -errno.
 */
int aside__ask(aside_fn *ask, const void *ctx, void *answer, size_t size, int *fd, int timeout_ms);

#endif
