/* SPDX-License-Identifier: GPL-2.0 */
/* The line on a terminal's stderr that is overwritten while tracing, or while reading many recordings. */
#ifndef AIOSTALL_CMD_PROGRESS_H
#define AIOSTALL_CMD_PROGRESS_H

#include "model/event.h"

void progress__show(uint64_t elapsed_ns, const struct counters *c, bool sleeps_only);
/* Which recording of many is read. */
void progress__reading(size_t i, size_t nr, const char *path);
void progress__clear(void);

#endif
