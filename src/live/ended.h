/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes that are gone: their rows in the kernel's tables are given up when they have been read, so
 * that there is room for others as long as tracing lasts.
 */
#ifndef AIOSTALL_LIVE_ENDED_H
#define AIOSTALL_LIVE_ENDED_H

#include "live/state.h"

/* From time to time, of what the kernel's tables have. */
void ended__reap(struct live *lv);
bool ended__is_gone(uint32_t pid);
void ended__free(struct live *lv);

#endif
