/* SPDX-License-Identifier: GPL-2.0 */
/* Stalls that the programs summed up because the ring buffer had no room for them. */
#ifndef AIOSTALL_LIVE_SPILL_H
#define AIOSTALL_LIVE_SPILL_H

#include "live/state.h"

/*
 * Deliver what was summed up since the last time; `all`: sums under way now, too. True if all
 * programs that were running when it was called have ended.
 */
bool spill__deliver(struct live *lv, const struct sink *to, bool all);
/* The two tables: a descriptor, and what is in one that no program uses any more. */
int spill__table(const struct live *lv, uint32_t which);
void spill__empty(struct live *lv, const struct sink *to, uint32_t which);

/*
 * Puts the two where the programs look for them, for which the kernel waits for a grace period
 * each: to be run beside the verifier. rc: 0 or -errno.
 */
struct spill_placing {
	struct live *lv;
	int rc;
};
void spill__place(void *ctx);

#endif
