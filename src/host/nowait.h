/* SPDX-License-Identifier: GPL-2.0 */
/* Which block device of a stack makes its callers wait: it has no NOWAIT, and so none above it has. */
#ifndef AIOSTALL_HOST_NOWAIT_H
#define AIOSTALL_HOST_NOWAIT_H

#include <stddef.h>

#include "model/event.h"

/*
 * Given that a filesystem's device, or the device itself, has no NOWAIT: "dm-3 (delay)", the lowest that is known
 * to have none, into buf; "" = not known. No file says it, so that it is told by kind of driver. sysfs_root NULL
 * = /sys; targets of device mapper are asked for where that is /sys alone.
 */
void nowait__find(const char *sysfs_root, const struct fs_info *fs, char *buf, size_t size);

#endif
