// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "host/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DELETED " (deleted)"
#define FRONT "..."

/* A path that grows from its end to its front, as the kernel builds one. */
struct tail {
	char *buf;
	char *at; /* first character so far */
	bool cut;
};

/* Put len bytes in front, keeping room for FRONT; all or nothing. */
static void tail__put(struct tail *t, const char *s, size_t len)
{
	if (t->cut)
		return;
	if ((size_t)(t->at - t->buf) < len + sizeof(FRONT) - 1) {
		t->cut = true;
		return;
	}
	t->at -= len;
	memcpy(t->at, s, len);
}

static void tail__part(struct tail *t, const char *name)
{
	size_t len = strlen(name);

	if (t->cut)
		return;
	/* Name and slash together, or neither. */
	if ((size_t)(t->at - t->buf) < len + sizeof(FRONT)) {
		t->cut = true;
		return;
	}
	tail__put(t, name, len);
	tail__put(t, "/", 1);
}

static char *tail__finish(struct tail *t, bool front_known)
{
	size_t len;

	if (!front_known || t->cut) {
		t->at -= sizeof(FRONT) - 1;
		memcpy(t->at, FRONT, sizeof(FRONT) - 1);
	}
	len = strlen(t->at);
	memmove(t->buf, t->at, len + 1);
	return t->buf;
}

static bool skipped(const char *part)
{
	return !part || !*part || !strcmp(part, "/");
}

/*
 * How many of the n parts are left below the mount's root; SIZE_MAX if the file
 * is not below it. Components of the root are compared from the outside.
 */
static size_t below_root(const char *root, const char *const *parts, size_t n)
{
	size_t len, slashes;

	while (n && skipped(parts[n - 1]))
		n--;
	for (;;) {
		slashes = strspn(root, "/");
		root += slashes;
		len = strcspn(root, "/");
		/* The kernel marks a root directory that was removed with "//deleted". */
		if (!len || (slashes == 2 && !strcmp(root, "deleted")))
			return n;
		if (!n || strlen(parts[n - 1]) != len || memcmp(parts[n - 1], root, len))
			return SIZE_MAX;
		root += len;
		n--;
	}
}

char *paths__build(const struct mount_entry *m, const char *const *parts, size_t n, bool complete,
		   bool deleted, char *buf, size_t size)
{
	size_t inside = n, i;
	bool known = m && complete;
	struct tail t;

	if (size < sizeof(FRONT) + sizeof(DELETED)) {
		if (size)
			buf[0] = '\0';
		return buf;
	}
	t = (struct tail){.buf = buf, .at = buf + size - 1};
	*t.at = '\0';
	if (deleted)
		tail__put(&t, DELETED, sizeof(DELETED) - 1);
	if (known) {
		inside = below_root(m->root, parts, n);
		known = inside != SIZE_MAX;
		inside = known ? inside : n;
	}
	for (i = 0; i < inside; i++)
		if (!skipped(parts[i]))
			tail__part(&t, parts[i]);
	/* The root directory's own name is "/", any other mount point goes in front as it is. */
	if (known && (strcmp(m->mount_point, "/") || *t.at != '/'))
		tail__put(&t, m->mount_point, strlen(m->mount_point));
	return tail__finish(&t, known);
}

static bool same_file(const struct statx *sx, uint32_t major, uint32_t minor, uint64_t ino,
		      bool any_dev)
{
	bool node = S_ISBLK(sx->stx_mode) || S_ISCHR(sx->stx_mode);

	if (node && sx->stx_rdev_major == major && sx->stx_rdev_minor == minor)
		return true;
	if (sx->stx_ino != ino)
		return false;
	return any_dev || (sx->stx_dev_major == major && sx->stx_dev_minor == minor);
}

struct descriptor {
	pid_t pid;
	int fd;
	uint32_t major, minor;
	uint64_t ino;
	bool any_dev;
};

static int ask(const void *ctx, void *answer, int *unused)
{
	const struct descriptor *d = ctx;
	char link[64], *path = answer;
	struct statx sx;
	ssize_t len;

	(void)unused;
	snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)d->pid, d->fd);
	/* Without asking a server: a network or FUSE filesystem that hangs is what is looked at. */
	if (statx(AT_FDCWD, link, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_INO | STATX_TYPE,
		  &sx))
		return errno == ESRCH ? -ENOENT : -errno;
	if (!same_file(&sx, d->major, d->minor, d->ino, d->any_dev))
		return -ENOENT;
	len = readlink(link, path, PATH_MAX);
	if (len < 0)
		return -errno;
	if (len >= PATH_MAX)
		return -ENAMETOOLONG;
	path[len] = '\0';
	return 0;
}

int paths__from_fd(struct aside *a, pid_t pid, int fd, uint32_t major, uint32_t minor, uint64_t ino,
		   bool any_dev, char *buf, size_t size)
{
	const struct descriptor d = {pid, fd, major, minor, ino, any_dev};
	char path[PATH_MAX];
	int rc = size ? 0 : -EINVAL, n;

	if (!rc)
		rc = aside__ask(a, ask, &d, sizeof(d), path, sizeof(path), NULL);
	if (rc)
		return rc;
	n = snprintf(buf, size, "%.*s", (int)sizeof(path) - 1, path);
	return (size_t)n < size ? 0 : -ENAMETOOLONG;
}
