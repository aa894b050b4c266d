/* SPDX-License-Identifier: GPL-2.0 */
/* Where, and for what, most time was blocked since it was last asked. */
#ifndef AIOSTALL_MODEL_MOST_H
#define AIOSTALL_MODEL_MOST_H

#include "model/ledger.h"

struct most_entry {
	char fstype[32], where[256]; /* mount point, or else the device */
	char cause[64];
	enum api api;
	enum plane plane;
	uint64_t blocked_ns;
};

/* Begins as zeros; release frees. */
struct most {
	struct most_entry *before;
	size_t nr;
	struct most_entry now; /* what is told */
};

/* NULL: nothing was blocked since, or memory is short. Valid until the next call. */
const struct most_entry *most__step(struct most *m, struct ledger *l);
void most__release(struct most *m);

#endif
