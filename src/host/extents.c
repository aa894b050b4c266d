// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "host/extents.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMEOUT_MS 300
#define CHUNK 256
#define EXTENTS_MAX 65536
#define FDS_MAX 4096

struct answer {
	int32_t err, pad;
	struct extents extents;
};

struct chunk {
	struct fiemap map;
	struct fiemap_extent extent[CHUNK];
};

static void add_extent(struct extents *out, const struct fiemap_extent *e)
{
	uint64_t end = e->fe_logical + e->fe_length;

	out->extents++;
	out->unwritten += !!(e->fe_flags & FIEMAP_EXTENT_UNWRITTEN);
	if (e->fe_logical >= out->size_bytes)
		out->beyond_bytes += e->fe_length;
	else if (end > out->size_bytes)
		out->beyond_bytes += end - out->size_bytes;
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

/* Only a regular file is opened for more than its name: a FIFO or a device must not notice. */
static int read_extents(const char *path, struct extents *out)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), file, rc;
	char self[64];
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	file = open(self, O_RDONLY | O_NONBLOCK | O_NOATIME | O_CLOEXEC);
	if (file < 0)
		return -errno;
	out->size_bytes = (uint64_t)st.st_size;
	rc = count_extents(file, out);
	close(file);
	close(fd);
	return rc;
}

/*
 * A child that hangs in the filesystem outlives its parent: it must not keep
 * the parent's probes attached, nor its output open.
 */
static void child__close_all_but(int keep)
{
	if (dup2(keep, 0) != 0)
		_exit(1);
	if (!syscall(SYS_close_range, 1U, ~0U, 0U))
		return;
	for (int fd = 1; fd < FDS_MAX; fd++)
		close(fd);
}

static void child__main(const char *path, int out)
{
	struct answer a = {0};

	child__close_all_but(out);
	a.err = read_extents(path, &a.extents);
	_exit(write(0, &a, sizeof(a)) == (ssize_t)sizeof(a) ? 0 : 1);
}

static int wait_answer(int fd, struct answer *a)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	int n;

	do {
		n = poll(&pfd, 1, TIMEOUT_MS);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n ? -errno : -ETIMEDOUT;
	return read(fd, a, sizeof(*a)) == (ssize_t)sizeof(*a) ? a->err : -EIO;
}

int extents__read(const char *path, struct extents *out)
{
	struct answer a = {0};
	int fds[2], rc;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid)
		child__main(path, fds[1]);
	rc = pid < 0 ? -errno : 0;
	close(fds[1]);
	if (!rc)
		rc = wait_answer(fds[0], &a);
	close(fds[0]);
	/* One that hangs ends when it can; nobody waits for it. */
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, rc == -ETIMEDOUT ? WNOHANG : 0);
	}
	if (!rc)
		*out = a.extents;
	return rc;
}
