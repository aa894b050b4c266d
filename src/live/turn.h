/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters, the sums of stalls and the records in the ring buffer are read one after the other while
 * programs go on. An epoch (shared.bpf.h) makes a cut through all of them: what a sleep adds to any
 * of them is of one epoch.
 */
#ifndef AIOSTALL_LIVE_TURN_H
#define AIOSTALL_LIVE_TURN_H

#include "live/state.h"

/*
 * An epoch ends and the next one begins. No program adds to the old one any more when this returns:
 * its counters are taken, its summed-up stalls delivered, all its records in the ring buffer. 0 or
 * -errno: then they wait for a later turn.
 */
int turn__epoch(struct live *lv, const struct sink *to);
/* Events up to now are delivered; until the cut ends, counters are as of it. 0 or -errno. */
int turn__begin_cut(struct live *lv, const struct sink *to);
void turn__end_cut(struct live *lv);
/* struct source_ops.cut */
int turn__cut(struct source *src, const struct sink *to);
/* True if the record is of the epoch that begins with the cut under way, and kept for turn__release. */
bool turn__holds(struct live *lv, const struct wire_stall *w);
void turn__release(struct live *lv, const struct sink *to);

#endif
