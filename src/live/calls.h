/* SPDX-License-Identifier: GPL-2.0 */
/* What the programs keep of each thread that has been seen in a call. */
#ifndef AIOSTALL_LIVE_CALLS_H
#define AIOSTALL_LIVE_CALLS_H

#include "live/state.h"

/* False if there is nothing of the thread. */
bool calls__of(const struct live *lv, uint32_t tid, struct wire_call *c);

/* The one after that of thread *prev, the first if that is NULL, in no order. False at the end. */
bool calls__next(const struct live *lv, const uint32_t *prev, uint32_t *tid, struct wire_call *c);

#endif
