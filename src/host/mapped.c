// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "host/mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "host/elfsyms.h"

/* Open only a regular file that is the mapped one: a FIFO or a device has side effects. */
static int open_regular(const char *path, uint64_t ino)
{
	char again[64];
	struct statfs fs;
	struct stat st;
	int fd, pfd = open(path, O_PATH | O_CLOEXEC);

	if (pfd < 0)
		return -errno;
	if (fstat(pfd, &st) || !S_ISREG(st.st_mode) || (ino && st.st_ino != ino)) {
		close(pfd);
		return -ENOENT;
	}
	/* asks the server, but says FUSE in any case; what one says when it is read is its own affair */
	if (fstatfs(pfd, &fs) || fs.f_type == FUSE_SUPER_MAGIC) {
		close(pfd);
		return -EACCES;
	}
	snprintf(again, sizeof(again), "/proc/self/fd/%d", pfd);
	fd = open(again, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	fd = fd < 0 ? -errno : fd;
	close(pfd);
	return fd;
}

/* map_files leads to the mapped file itself, also when it is deleted or in a container. */
static int open_mapped(const struct mapped *m)
{
	char path[PATH_MAX];
	int fd, n;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, (int)m->pid,
		 m->start, m->end);
	fd = open_regular(path, 0);
	if (fd >= 0)
		return fd;
	n = snprintf(path, sizeof(path), "/proc/%d/root%s", (int)m->pid, m->path);
	return n < 0 || (size_t)n >= sizeof(path) ? -ENAMETOOLONG : open_regular(path, m->ino);
}

/* What is read here for the first time is in memory when we read it again. */
static int ask_mapped(const void *ctx, void *answer, int *fd)
{
	struct elfsyms *syms;
	int rc;

	(void)answer;
	*fd = open_mapped(ctx);
	if (*fd < 0)
		return *fd;
	rc = elfsyms__new(*fd, &syms);
	if (!rc)
		elfsyms__free(syms);
	return rc;
}

/*
 * The path leads through what the process' owner has mounted, and the file can be on a device
 * that hangs: neither may stop us.
 */
int mapped__open(struct aside *a, const struct mapped *m)
{
	char nothing;
	int fd = -1;
	int rc = aside__ask(a, ask_mapped, m, sizeof(*m), &nothing, 0, &fd);

	return rc ? rc : fd;
}
