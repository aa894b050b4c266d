/* SPDX-License-Identifier: GPL-2.0 */
/* The programs that the plan has chosen, with their constants, into the kernel. */
#ifndef AIOSTALL_LIVE_LOAD_H
#define AIOSTALL_LIVE_LOAD_H

#include "live/state.h"

/* Before the probes are chosen. 0 or -errno with e set. */
int load__open(struct live *lv, struct err *e);
/* 0 or -errno with e set. */
int load__programs(struct live *lv, struct probe_env *env, struct err *e);

#endif
