/* SPDX-License-Identifier: GPL-2.0 */
/* The filesystems that requests can be expected on: mounted for writing, on a device. */
#ifndef AIOSTALL_HOST_MOUNTED_H
#define AIOSTALL_HOST_MOUNTED_H

#include <stdint.h>

#include "base/base.h"

struct mounted;

struct mounted_fs {
	uint32_t major, minor; /* of the superblock */
	const char *fstype, *device, *mount, *options;
};

/* root is put before /proc and /sys, "" = this host. NULL on error with e set. */
struct mounted *mounted__new(const char *root, struct err *e);
/*
 * Look again, if the kernel says that something changed. How many there are now; what was
 * given before is valid no more.
 */
size_t mounted__refresh(struct mounted *m);
/* The i-th of what mounted__refresh found, each superblock once. */
const struct mounted_fs *mounted__at(const struct mounted *m, size_t i);
void mounted__free(struct mounted *m); /* free(NULL) works */

#endif
