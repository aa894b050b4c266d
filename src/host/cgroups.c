// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "host/cgroups.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/hash.h"

#include "host/mountns.h"
#include "host/mounts.h"

/* What was asked for longest ago makes room, and is looked up again if it comes back. */
#define MAX_IDS 8192
#define MAX_BYTES (4u << 20)
/* Directories looked at for one id where the kernel does not open it by handle. */
#define MAX_WALK 20000
#define MAX_DEPTH 64
/* File handle type of kernfs (FILEID_KERNFS, Linux 5.5): the id alone. */
#define HANDLE_KERNFS 0xfe

struct known {
	UT_hash_handle hh;
	uint64_t id;
	size_t bytes;
	char path[];
};

struct cgroups {
	int root_fd;	     /* mount point of cgroup v2, -1 if there is none */
	char base[PATH_MAX]; /* what descriptors in it are below, as the kernel has it */
	struct known *known; /* in the order of their use */
	size_t bytes;
	uint64_t recycled;
	char path[PATH_MAX]; /* what there was no memory for */
};

char *cgroups__mount_point(void)
{
	struct mounts *m = mounts__new(NULL, NULL);
	const struct mount_entry *e, *best = NULL;
	char *root = NULL, files[64];
	size_t i;

	for (i = 0; m && (e = mounts__at(m, i)); i++)
		if (!strcmp(e->fstype, "cgroup2") && (!best || !strcmp(e->root, "/")))
			best = best && !strcmp(best->root, "/") ? best : e;
	if (best && asprintf(&root, "%s%s", mountns__files("", files, sizeof(files)),
			     best->mount_point) < 0)
		root = NULL;
	mounts__free(m);
	return root;
}

/* The path of a descriptor; its length or -errno. */
static ssize_t path_of(int fd, char *buf, size_t size)
{
	char link[64];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, buf, size - 1);
	if (len < 0)
		return -errno;
	buf[len] = '\0';
	return len;
}

struct cgroups *cgroups__new(void)
{
	struct cgroups *c = calloc(1, sizeof(*c));
	char *root;

	if (!c)
		return NULL;
	root = cgroups__mount_point();
	c->root_fd = root ? open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	free(root);
	if (c->root_fd >= 0 && path_of(c->root_fd, c->base, sizeof(c->base)) < 0) {
		close(c->root_fd);
		c->root_fd = -1;
	}
	return c;
}

static void cgroups__drop(struct cgroups *c, struct known *k)
{
	HASH_DEL(c->known, k);
	c->bytes -= k->bytes;
	free(k);
}

void cgroups__free(struct cgroups *c)
{
	if (!c)
		return;
	while (c->known)
		cgroups__drop(c, c->known);
	if (c->root_fd >= 0)
		close(c->root_fd);
	free(c);
}

/* Path of a directory descriptor below the mount; 0 or -errno. */
static int below_root(const struct cgroups *c, int fd, char *buf, size_t size)
{
	char full[PATH_MAX];
	size_t skip = strlen(c->base);
	ssize_t len = path_of(fd, full, sizeof(full));

	if (len < 0)
		return (int)len;
	if (strncmp(full, c->base, skip))
		return -ENOENT;
	snprintf(buf, size, "%s", full[skip] ? full + skip : "/");
	return 0;
}

static int path_by_handle(const struct cgroups *c, uint64_t id, char *buf, size_t size)
{
	union {
		struct file_handle h;
		char space[sizeof(struct file_handle) + sizeof(id)];
	} u = {.h = {.handle_bytes = sizeof(id), .handle_type = HANDLE_KERNFS}};
	int fd, rc;

	memcpy(u.space + offsetof(struct file_handle, f_handle), &id, sizeof(id));
	fd = open_by_handle_at(c->root_fd, &u.h, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	rc = below_root(c, fd, buf, size);
	close(fd);
	return rc;
}

struct walk {
	uint64_t id;
	size_t left; /* directories that may still be looked at */
	char *buf;
	size_t size;
};

/* Is the directory at buf[0..len), or one below it, the group? Takes fd over. */
static int walk(struct walk *w, int fd, size_t len, int depth)
{
	DIR *dir = fdopendir(fd);
	struct dirent *de;
	int rc = -ENOENT, n, sub;

	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while (rc == -ENOENT && (de = readdir(dir))) {
		if (de->d_type != DT_DIR || de->d_name[0] == '.' || !w->left)
			continue;
		n = snprintf(w->buf + len, w->size - len, "/%s", de->d_name);
		if (n < 0 || (size_t)n >= w->size - len)
			continue;
		w->left--;
		if (de->d_ino == w->id) {
			rc = 0;
			break;
		}
		sub = depth < MAX_DEPTH
			      ? openat(dirfd(dir), de->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
			      : -1;
		if (sub >= 0)
			rc = walk(w, sub, len + (size_t)n, depth + 1);
	}
	closedir(dir);
	return rc;
}

static int path_by_walk(const struct cgroups *c, uint64_t id, char *buf, size_t size)
{
	struct walk w = {.id = id, .left = MAX_WALK, .buf = buf, .size = size};
	struct stat st;
	int fd;

	if (!fstat(c->root_fd, &st) && st.st_ino == id) {
		snprintf(buf, size, "/");
		return 0;
	}
	fd = openat(c->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : walk(&w, fd, 0, 0);
}

static void lookup(const struct cgroups *c, uint64_t id, char *buf, size_t size)
{
	int rc = -ENOENT;

	if (c->root_fd >= 0 && id) {
		rc = path_by_handle(c, id, buf, size);
		/* Not allowed (CAP_DAC_READ_SEARCH) or not known to this kernel: search for it. */
		if (rc && rc != -ESTALE && rc != -ENOENT)
			rc = path_by_walk(c, id, buf, size);
	}
	if (rc)
		snprintf(buf, size, "cgroup:%" PRIu64, id);
}

/* As the last one in the table. Its path, also if there is no memory to keep it. */
static const char *cgroups__keep(struct cgroups *c, struct known *k)
{
	HASH_ADD(hh, c->known, id, sizeof(k->id), k);
	if (k->hh.tbl) {
		c->bytes += k->bytes;
		return k->path;
	}
	snprintf(c->path, sizeof(c->path), "%s", k->path);
	free(k);
	return c->path;
}

/* Ids are never reused, and groups never renamed: what was found stays true, also after removal. */
const char *cgroups__path(struct cgroups *c, uint64_t id)
{
	size_t bytes;
	struct known *k;

	HASH_FIND(hh, c->known, &id, sizeof(id), k);
	if (k && !k->hh.next)
		return k->path;
	if (k) {
		HASH_DEL(c->known, k);
		c->bytes -= k->bytes;
		return cgroups__keep(c, k);
	}
	lookup(c, id, c->path, sizeof(c->path));
	bytes = sizeof(*k) + strlen(c->path) + 1;
	k = calloc(1, bytes);
	if (!k)
		return c->path;
	k->id = id;
	k->bytes = bytes;
	memcpy(k->path, c->path, bytes - sizeof(*k));
	while (c->known && (HASH_COUNT(c->known) >= MAX_IDS || c->bytes + bytes > MAX_BYTES)) {
		cgroups__drop(c, c->known);
		c->recycled++;
	}
	return cgroups__keep(c, k);
}

uint64_t cgroups__recycled(const struct cgroups *c)
{
	return c->recycled;
}

static int open_dir(const char *path, long *magic)
{
	struct statfs fs;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	*magic = fstatfs(fd, &fs) ? 0 : (long)fs.f_type;
	return fd;
}

static int open_below_root(const char *path, long *magic)
{
	char *root = cgroups__mount_point(), *full = NULL;
	int fd = -ENODEV;

	if (root)
		fd = asprintf(&full, "%s/%s", root, path) < 0 ? -ENOMEM : open_dir(full, magic);
	free(full);
	free(root);
	return fd;
}

static int open_failed(const char *path, bool opened, long magic, int below, struct err *e)
{
	int rc = opened || below >= 0 ? -EINVAL : below;

	if (below == -ENODEV)
		rc = err__set(e, below, "cannot use cgroup %s: cgroup v2 is not mounted", path);
	else if (opened && magic == CGROUP_SUPER_MAGIC)
		err__set(e, rc, "%s is a cgroup v1 directory", path);
	else if (opened || below >= 0)
		err__set(e, rc, "%s is not a cgroup directory", path);
	else
		err__set(e, rc, "no cgroup %s: %s", path, strerror(-rc));
	err__hint(e, "name a cgroup v2 directory, as in the line \"0::PATH\" of /proc/PID/cgroup");
	return rc;
}

int cgroups__open(const char *path, struct err *e)
{
	long magic = 0, magic_below = 0;
	int fd = path[0] == '/' ? open_dir(path, &magic) : -ENOENT;
	int below;

	if (fd >= 0 && magic == CGROUP2_SUPER_MAGIC)
		return fd;
	below = open_below_root(path, &magic_below);
	if (below >= 0 && magic_below != CGROUP2_SUPER_MAGIC)
		close(below);
	if (fd >= 0)
		close(fd);
	if (below >= 0 && magic_below == CGROUP2_SUPER_MAGIC)
		return below;
	return open_failed(path, fd >= 0, magic, below, e);
}
