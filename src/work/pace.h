/* SPDX-License-Identifier: GPL-2.0 */
/* When and where threads of a load run, and what they find in memory. */
#ifndef AIOSTALL_WORK_PACE_H
#define AIOSTALL_WORK_PACE_H

#include <stdint.h>

void pace__sleep_us(uint64_t us);
/* The calling thread to one CPU. 0 or -errno. */
int pace__pin(int cpu);
/* Sync, then forget clean pages, inodes and names of the whole host. 0 or -errno. */
int pace__drop_caches(void);

#endif
