/* SPDX-License-Identifier: GPL-2.0 */
/* How a file lies on its filesystem, asked without risk of waiting for a device that hangs. */
#ifndef AIOSTALL_HOST_EXTENTS_H
#define AIOSTALL_HOST_EXTENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct extents {
	uint64_t size_bytes;
	uint64_t extents;
	uint64_t unwritten_bytes; /* below its end, allocated but not written */
	uint64_t beyond_bytes;	  /* allocated behind its end */
	uint64_t more;		  /* 1: there are more extents than were counted */
	uint64_t
		never_preallocated; /* 1: the filesystem says so: what is unwritten is of its own making */
};

/* The file that slept: found by descriptor or path, and certain by device and inode. */
struct extents_file {
	pid_t pid;
	int fd;		  /* -1 = not known */
	const char *path; /* NULL or "" = not known */
	uint64_t ino;
	uint32_t major, minor;
	bool any_dev; /* stat(2) shows another device: btrfs, overlayfs */
};

/*
 * Of that regular file, by FIEMAP. 0, -ENOENT if it cannot be found any more, -ETIMEDOUT when
 * the filesystem does not answer at once, or -errno.
 */
int extents__read(const struct extents_file *f, struct extents *out);

#endif
