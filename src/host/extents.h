/* SPDX-License-Identifier: GPL-2.0 */
/* How a file lies on its filesystem, asked without risk of waiting for a device that hangs. */
#ifndef AIOSTALL_HOST_EXTENTS_H
#define AIOSTALL_HOST_EXTENTS_H

#include <stdint.h>

struct extents {
	uint64_t size_bytes;
	uint64_t extents;
	uint64_t unwritten;    /* extents that are preallocated but not written */
	uint64_t beyond_bytes; /* allocated behind the end of the file */
	uint64_t more;	       /* 1: there are more extents than were counted */
};

/*
 * Of a regular file, by FIEMAP. 0, -ETIMEDOUT when the filesystem does not
 * answer at once, or -errno.
 */
int extents__read(const char *path, struct extents *out);

#endif
