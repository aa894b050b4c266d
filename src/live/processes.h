/* SPDX-License-Identifier: GPL-2.0 */
/* Who has submitted, and the errors of calls that failed. */
#ifndef AIOSTALL_LIVE_PROCESSES_H
#define AIOSTALL_LIVE_PROCESSES_H

#include "live/state.h"

/* Each process once, with its errors, up to now. What memory is short for is left out. */
void processes__deliver(struct live *lv, const struct sink *to);

#endif
