/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ask in a child what may never be answered. A path below another program's root can lead through a
 * filesystem whose server is silent, a file can be on a device that hangs, and most files of
 * /proc/PID wait for as long as that process is in execve, which closes its descriptors meanwhile:
 * one of a filesystem that its owner has made does not let go.
 */
#ifndef AIOSTALL_HOST_ASIDE_H
#define AIOSTALL_HOST_ASIDE_H

#include <stddef.h>
#include <stdint.h>

#define ASIDE_QUESTION_MAX 8192
#define ASIDE_ANSWER_MAX 32768

/* The child, which lives from the first question on until it has none for some seconds. */
struct aside;

/*
 * Runs in the child, which may be older than the question: fill answer from the copy that ctx is, set
 * *fd (-1 before) to hand a descriptor over, which is closed then. 0 or -errno.
 */
typedef int aside_fn(const void *ctx, void *answer, int *fd);

/*
 * timeout_ms is for each question; after a silence no other is asked for rest_ns. NULL if out
 * of memory.
 */
struct aside *aside__new(int timeout_ms, uint64_t rest_ns);
void aside__free(struct aside *a);

/*
 * 0 with answer filled and *fd, if fd is not NULL, a descriptor of the caller's or -1; -ETIMEDOUT if
 * there was no answer in time, -EAGAIN after that; -errno. NULL a = asked here, where nothing can hang.
 */
int aside__ask(struct aside *a, aside_fn *ask, const void *ctx, size_t ctx_size, void *answer,
	       size_t size, int *fd);

/*
 * A number that both sides see, for a long answer: as long as it changes the child is not silent, and
 * after a silence it tells where. NULL for a NULL a.
 */
uint64_t *aside__progress(struct aside *a);

#endif
