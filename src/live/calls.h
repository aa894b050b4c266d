/* SPDX-License-Identifier: GPL-2.0 */
/* What the programs keep of each thread that has been seen in a call. */
#ifndef AIOSTALL_LIVE_CALLS_H
#define AIOSTALL_LIVE_CALLS_H

#include "live/state.h"

/*
 * Maps the records: while the reader is in a map's system call, the kernel skips programs on its CPU.
 * 0 or -errno.
 */
int calls__open(struct live *lv, struct err *e);
void calls__close(struct live *lv);

/* False if there is nothing of the thread. */
bool calls__of(const struct live *lv, uint32_t tid, struct wire_call *c);

/* The next record of a thread, from *number on, which is 0 at first. False at the end. */
bool calls__next(const struct live *lv, uint32_t *number, struct wire_call *c);

#endif
