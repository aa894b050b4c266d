/* SPDX-License-Identifier: GPL-2.0 */
/* Device numbers and names, from sysfs. */
#ifndef AIOSTALL_HOST_DEVICES_H
#define AIOSTALL_HOST_DEVICES_H

#include <stddef.h>
#include <stdint.h>

#include "base/base.h"
#include "host/mounts.h"

struct devices;

/* NULL root = /sys. NULL if out of memory. */
struct devices *devices__new(const char *sysfs_root);
void devices__free(struct devices *d);

/* "sda1"; "0:45" if the kernel has no such device. Never NULL, valid until the next call. */
const char *devices__name(struct devices *d, uint32_t major, uint32_t minor);
/* Same for character devices: "null", "nvme0". */
const char *devices__char_name(struct devices *d, uint32_t major, uint32_t minor);

/*
 * What a superblock is called by: its own device, or, where it has an anonymous number (btrfs), that
 * of its source; "" if there is none. m NULL = not known.
 */
const char *devices__of_super(struct devices *d, const struct mount_entry *m, uint32_t major,
			      uint32_t minor);

/* "sda1", "/dev/sda1", "/dev/disk/by-id/..." or "8:1" to a block device number. */
int devices__parse(const char *name_or_path, uint32_t *major, uint32_t *minor, struct err *e);

/*
 * Mounts of the btrfs filesystems that have this block device among theirs: a
 * btrfs superblock has a device number of its own, and its mounts name only
 * one device of several. One entry per superblock. Returns how many there are;
 * at most max are set.
 */
size_t devices__btrfs_mounts(struct devices *d, const struct mounts *m, uint32_t major,
			     uint32_t minor, const struct mount_entry **out, size_t max);

#endif
