/* SPDX-License-Identifier: GPL-2.0 */
/* Probes on and off, in the order that misses nothing. */
#ifndef AIOSTALL_LIVE_ATTACH_H
#define AIOSTALL_LIVE_ATTACH_H

#include "live/state.h"

/* 0 or -errno with e set; what is attached stays until attach__undo. */
int attach__all(struct live *lv, struct probe_env *env, struct err *e);
/* Take the probes off in a thread, newest first: what programs do in between is not to count. */
void attach__begin_undo(struct live *lv);
/* Returns with all of them off. */
void attach__undo(struct live *lv);

#endif
