/* SPDX-License-Identifier: GPL-2.0 */
/* Threads that were in the call all the time, so that no probe ever fired for them. */
#ifndef AIOSTALL_LIVE_BEFORE_H
#define AIOSTALL_LIVE_BEFORE_H

#include "live/state.h"

/* All of them, as sleeps that have not ended. What cannot be looked at is warned of. */
void before__deliver(struct live *lv, const struct sink *to);
/* While tracing goes on: once there is none, a screen or a scrape does not walk /proc each time. */
void before__deliver_left(struct live *lv, const struct sink *to);

#endif
