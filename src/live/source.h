/* SPDX-License-Identifier: GPL-2.0 */
/* The live kernel as a struct source: ring buffer and maps in, events out. */
#ifndef AIOSTALL_LIVE_SOURCE_H
#define AIOSTALL_LIVE_SOURCE_H

#include "live/state.h"

/* The operations of this source. */
extern const struct source_ops live_ops;

/* 0, or -1 with errno set. */
int source__ring_new(struct live *lv);
/* A stall as the programs record it, with names; valid as long as w. ev->fs is NULL on lack of memory. */
void source__stall(struct live *lv, const struct wire_stall *w, struct ev_stall *ev);
/* What is in the ring buffer; counters. 0 or -errno. */
int source__consume(struct live *lv, const struct sink *to);
int source__counters(struct source *src, const struct sink *to);

#endif
