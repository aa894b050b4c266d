/* SPDX-License-Identifier: GPL-2.0 */
/* Runs of our programs that the kernel skipped, as it counts them itself. */
#ifndef AIOSTALL_LIVE_SKIPPED_H
#define AIOSTALL_LIVE_SKIPPED_H

#include "live/state.h"

/* What this kernel counts: capture.skips_unknown says why it is not enough. Calls that come later count. */
void skipped__begin(struct live *lv);
/* Read how many calls' entries were skipped so far, with few system calls and none on a map. */
void skipped__read(struct live *lv);
/* The programs skipped, whatever they are for, to capture.skips. After skipped__read(). */
void skipped__end(struct live *lv);

#endif
