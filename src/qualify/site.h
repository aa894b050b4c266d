/* SPDX-License-Identifier: GPL-2.0 */
/* Where the rows are run: a folder of a filesystem, or a block device that nobody uses. */
#ifndef AIOSTALL_QUALIFY_SITE_H
#define AIOSTALL_QUALIFY_SITE_H

#include "base/base.h"
#include "qualify/result.h"

struct site {
	char path[40]; /* to open: the folder or device that was found, whatever has its name now */
	char name[4096]; /* to show */
	bool is_device;
	int claim; /* holds a device against mounts, a folder as it is; -1 = none */
	uint32_t block_bytes, lba_bytes, mem_bytes;
	const char *align_from;
	uint64_t cap_bytes; /* largest file */
	/* of the device below: "" where there is none that has a name */
	char disk[64], device[64];
};

/*
 * Look at it, claim it if it is a device, make sure that there is room. Says in r what it is. 0, or
 * -errno with e set; to be followed by site__close in both cases.
 */
int site__open(struct site *p, const char *path, bool destructive, struct result *r, struct err *e);
void site__close(struct site *p);

#endif
