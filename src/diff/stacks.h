/* SPDX-License-Identifier: GPL-2.0 */
/* The stacks of both recordings by their normalised frames. */
#ifndef AIOSTALL_DIFF_STACKS_H
#define AIOSTALL_DIFF_STACKS_H

#include "diff/diff.h"

/* Stacks to show per cause. */
#define STACKS_PER_CAUSE 3
/* A stack with less of its cause's blocked time is not worth a line. */
#define STACKS_MIN_SHARE 0.05

/* Fill d->stacks: those on one side only first, by share. 0 or -ENOMEM. */
int stacks__compare(struct diff *d);

#endif
