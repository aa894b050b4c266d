/* SPDX-License-Identifier: GPL-2.0 */
/* Full file paths, from what the kernel side saw or from the process' descriptor. */
#ifndef AIOSTALL_HOST_PATHS_H
#define AIOSTALL_HOST_PATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/aside.h"
#include "host/mounts.h"

/*
 * Join dentry names, innermost first and up to the filesystem's root if
 * complete, to the path as seen through mount m: its root taken off, its mount
 * point put in front. Where the front is not known (not complete, no mount,
 * file outside the mount's root, buffer too small) the path begins with
 * "...". deleted appends " (deleted)". Returns buf.
 */
char *paths__build(const struct mount_entry *m, const char *const *parts, size_t n, bool complete,
		   bool deleted, char *buf, size_t size);

/*
 * Path of a process' open descriptor, "pipe:[ino]", "socket:[ino]" or
 * "anon_inode:[eventfd]", if it still is the inode asked for: ino on device
 * major:minor, or the device node major:minor itself. any_dev compares only
 * ino: stat(2) shows anonymous devices on btrfs and overlayfs. Never waits for
 * a filesystem to answer. 0, -ENOENT if it is another file or gone, -errno.
 */
int paths__from_fd(struct aside *a, pid_t pid, int fd, uint32_t major, uint32_t minor, uint64_t ino,
		   bool any_dev, char *buf, size_t size);

#endif
