/* SPDX-License-Identifier: GPL-2.0 */
/* The processes and threads named by -p and -t: are they there, are they all gone. */
#ifndef AIOSTALL_CMD_TARGETS_H
#define AIOSTALL_CMD_TARGETS_H

#include "live/live.h"

struct targets {
	struct {
		uint32_t id;
		int pidfd; /* -1 = none: a thread, or a kernel that has no pidfds */
		bool gone;
	} one[2 * LIVE_FILTER_MAX];
	size_t nr;
};

/* Look each one up. 0, or -errno with e set if one is not there. */
int targets__open(struct targets *t, const struct live_filter *f, struct err *e);
/* True when there were some and none is left. */
bool targets__all_gone(struct targets *t);
void targets__close(struct targets *t);

#endif
