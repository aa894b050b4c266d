/* SPDX-License-Identifier: GPL-2.0 */
/* When and where threads of a load run, and what they find in memory. */
#ifndef AIOSTALL_WORK_PACE_H
#define AIOSTALL_WORK_PACE_H

#include <stdbool.h>
#include <stdint.h>

void pace__sleep_us(uint64_t us);
/*
 * Whether a thread of this process is on a CPU, or on its way to one: who serves it after a delay must
 * wait until it sleeps, or it may find the bytes there, having been kept from its CPU for as long.
 */
bool pace__is_running(int tid);
/* The calling thread to one CPU. 0 or -errno. */
int pace__pin(int cpu);
/* Sync, then forget clean pages, inodes and names of the whole host. 0 or -errno. */
int pace__drop_caches(void);

#endif
