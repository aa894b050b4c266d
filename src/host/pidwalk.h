/* SPDX-License-Identifier: GPL-2.0 */
/* Look at all processes of the host, some of which may not let themselves be looked at. */
#ifndef AIOSTALL_HOST_PIDWALK_H
#define AIOSTALL_HOST_PIDWALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/aside.h"

/*
 * Runs in the child: the first find of a process beyond the one whose key is *key (0 at first). True
 * with found filled and its key in *key.
 */
typedef bool pidwalk_fn(const char *root, uint32_t pid, uint32_t *key, void *found);

struct pidwalk {
	pidwalk_fn *look;
	size_t size;				  /* of a find, at most ASIDE_ANSWER_MAX / 2 */
	void (*fn)(void *ctx, const void *found); /* in the caller, in the order of pids */
	void *ctx;
};

/*
 * Numbers that are names in a directory of /proc, ascending; *nr of them, to be freed. NULL if there are
 * none or it cannot be read, with errno set then.
 */
uint32_t *pidwalk__numbers(const char *dir, size_t *nr);

/*
 * 0; -ETIMEDOUT if processes were left out because nothing was heard of them in time; -errno if
 * root cannot be read.
 */
int pidwalk__each(struct aside *a, const char *root, const struct pidwalk *w);

#endif
