// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "host/extents.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "host/aside.h"

#define TIMEOUT_MS 300
#define CHUNK 256
#define EXTENTS_MAX 65536

struct chunk {
	struct fiemap map;
	struct fiemap_extent extent[CHUNK];
};

static void add_extent(struct extents *out, const struct fiemap_extent *e)
{
	uint64_t inside = e->fe_logical < out->size_bytes ? out->size_bytes - e->fe_logical : 0;

	inside = inside < e->fe_length ? inside : e->fe_length;
	out->extents++;
	if (e->fe_flags & FIEMAP_EXTENT_UNWRITTEN)
		out->unwritten_bytes += inside;
	out->beyond_bytes += e->fe_length - inside;
}

/* XFS allocates ahead of a file that grows, and marks those that somebody preallocated. */
static bool is_never_preallocated(int fd)
{
	struct statfs fs;
	struct fsxattr x;

	return !fstatfs(fd, &fs) && fs.f_type == XFS_SUPER_MAGIC &&
	       !ioctl(fd, FS_IOC_FSGETXATTR, &x) && !(x.fsx_xflags & FS_XFLAG_PREALLOC);
}

static int count_extents(int fd, struct extents *out)
{
	static struct chunk c;
	uint64_t at = 0;

	while (out->extents < EXTENTS_MAX) {
		memset(&c.map, 0, sizeof(c.map));
		c.map.fm_start = at;
		c.map.fm_length = FIEMAP_MAX_OFFSET - at;
		c.map.fm_extent_count = CHUNK;
		if (ioctl(fd, FS_IOC_FIEMAP, &c.map))
			return -errno;
		if (!c.map.fm_mapped_extents || c.map.fm_mapped_extents > CHUNK)
			return 0;
		for (uint32_t i = 0; i < c.map.fm_mapped_extents; i++)
			add_extent(out, &c.extent[i]);
		c.extent[0] = c.extent[c.map.fm_mapped_extents - 1];
		if (c.extent[0].fe_flags & FIEMAP_EXTENT_LAST)
			return 0;
		at = c.extent[0].fe_logical + c.extent[0].fe_length;
	}
	out->more = 1;
	return 0;
}

static bool is_file(const struct extents_file *f, const struct statx *sx)
{
	return sx->stx_ino == f->ino &&
	       (f->any_dev || (sx->stx_dev_major == f->major && sx->stx_dev_minor == f->minor));
}

/*
 * Only a regular file is opened for more than its name: a FIFO or a device must not notice. And only
 * the one that is meant: what has its name now may be another.
 */
static int read_one(const char *path, const struct extents_file *f, struct extents *out)
{
	int fd = open(path, O_PATH | O_CLOEXEC), file, rc;
	char self[64];
	struct statx sx;

	if (fd < 0)
		return -errno;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &sx))
		return -errno;
	if (!S_ISREG(sx.stx_mode))
		return -EINVAL;
	if (!is_file(f, &sx))
		return -ENOENT;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	file = open(self, O_RDONLY | O_NONBLOCK | O_NOATIME | O_CLOEXEC);
	if (file < 0)
		return -errno;
	*out = (struct extents){.size_bytes = sx.stx_size};
	rc = count_extents(file, out);
	out->never_preallocated = is_never_preallocated(file);
	close(file);
	close(fd);
	return rc;
}

/* The process' own descriptor leads to the file whatever it is called now, and wherever. */
static int ask(const void *ctx, void *answer, int *fd)
{
	const struct extents_file *f = ctx;
	char path[PATH_MAX];
	int rc = -ENOENT;

	(void)fd;
	if (f->fd >= 0) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)f->pid, f->fd);
		rc = read_one(path, f, answer);
	}
	if (rc && f->path && *f->path == '/' &&
	    snprintf(path, sizeof(path), "/proc/%d/root%s", (int)f->pid, f->path) <
		    (int)sizeof(path))
		rc = read_one(path, f, answer);
	/* when the process is gone */
	if (rc && f->path && *f->path == '/')
		rc = read_one(f->path, f, answer);
	return rc;
}

int extents__read(const struct extents_file *f, struct extents *out)
{
	/* a child of its own, which has what f points to */
	struct aside *a = aside__new(TIMEOUT_MS, 0);
	int rc = a ? aside__ask(a, ask, f, sizeof(*f), out, sizeof(*out), NULL) : -ENOMEM;

	aside__free(a);
	return rc;
}
