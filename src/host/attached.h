/* SPDX-License-Identifier: GPL-2.0 */
/* What is behind a block device just now: its number is used again, and so may its UUID be, by a copy. */
#ifndef AIOSTALL_HOST_ATTACHED_H
#define AIOSTALL_HOST_ATTACHED_H

#include <stdint.h>

#include "host/aside.h"

/*
 * The same number for the same image (by inode and time of birth), disk (by its serial number or
 * WWID) or volume (by its UUID), also when it has been taken off and attached again; where none of
 * these is known, for the same attachment (Linux 5.15), before that for the same device. sequence is the lower half of the
 * kernel's number of the attachment. 0 = another one is there by now, or none, or what
 * is behind it is not told. sysfs_root NULL = /sys.
 */
uint64_t attached__id(struct aside *a, const char *sysfs_root, uint32_t major, uint32_t minor,
		      uint32_t sequence);
/* Of a device that has no sequence to go by: whatever is there now. */
uint64_t attached__id_now(struct aside *a, const char *sysfs_root, uint32_t major, uint32_t minor);

#endif
