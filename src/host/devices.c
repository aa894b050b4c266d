// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "host/devices.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "host/procfile.h"

/* Devices of one btrfs filesystem that are looked at. */
#define MAX_SIBLINGS 256

struct devices {
	char *root;
	char name[NAME_MAX + 1]; /* the one asked for last */
};

struct devices *devices__new(const char *sysfs_root)
{
	struct devices *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->root = strdup(sysfs_root ? sysfs_root : "/sys");
	if (!d->root) {
		devices__free(d);
		return NULL;
	}
	return d;
}

void devices__free(struct devices *d)
{
	if (!d)
		return;
	free(d->root);
	free(d);
}

/* Sysfs writes the slash of a name like "cciss/c0d0" as an exclamation mark. */
static void swap_char(char *s, char from, char to)
{
	for (; *s; s++)
		if (*s == from)
			*s = to;
}

/* Not cached: a number can become another device's at any time. */
static const char *name_in(struct devices *d, const char *class, uint32_t major, uint32_t minor)
{
	char path[PATH_MAX], target[PATH_MAX];
	char *name;
	ssize_t len = -1;
	int n;

	n = snprintf(path, sizeof(path), "%s/dev/%s/%u:%u", d->root, class, major, minor);
	if (n > 0 && (size_t)n < sizeof(path))
		len = readlink(path, target, sizeof(target) - 1);
	if (len > 0) {
		target[len] = '\0';
		name = strrchr(target, '/');
		name = name ? name + 1 : target;
		swap_char(name, '!', '/');
	} else {
		snprintf(target, sizeof(target), "%u:%u", major, minor);
		name = target;
	}
	snprintf(d->name, sizeof(d->name), "%.*s", NAME_MAX, name);
	return d->name;
}

const char *devices__name(struct devices *d, uint32_t major, uint32_t minor)
{
	return name_in(d, "block", major, minor);
}

const char *devices__char_name(struct devices *d, uint32_t major, uint32_t minor)
{
	return name_in(d, "char", major, minor);
}

static int parse_number(const char *s, uint32_t *major, uint32_t *minor)
{
	uint64_t a, b;

	if (procfile__number(&s, 10, UINT32_MAX, &a) || *s++ != ':' ||
	    procfile__number(&s, 10, UINT32_MAX, &b) || (*s && *s != '\n'))
		return -EINVAL;
	*major = (uint32_t)a;
	*minor = (uint32_t)b;
	return 0;
}

/* Number in /sys/class/block/NAME/dev: works without a node in /dev. */
static int number_of(const char *root, const char *name, uint32_t *major, uint32_t *minor)
{
	char path[PATH_MAX], file[NAME_MAX + 1];
	size_t len;
	char *buf;
	int rc;

	if (!*name || !strcmp(name, ".") || !strcmp(name, "..") || strlen(name) > NAME_MAX)
		return -ENOENT;
	snprintf(file, sizeof(file), "%s", name);
	swap_char(file, '/', '!');
	rc = snprintf(path, sizeof(path), "%s/class/block/%s/dev", root, file);
	if (rc < 0 || (size_t)rc >= sizeof(path))
		return -ENAMETOOLONG;
	rc = procfile__read(path, 64, &buf, &len);
	if (rc)
		return rc;
	rc = parse_number(buf, major, minor);
	free(buf);
	return rc;
}

static int number_of_node(const char *path, uint32_t *major, uint32_t *minor)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	if (!S_ISBLK(st.st_mode))
		return -ENOTBLK;
	*major = major(st.st_rdev);
	*minor = minor(st.st_rdev);
	return 0;
}

int devices__parse(const char *name_or_path, uint32_t *maj, uint32_t *min, struct err *e)
{
	const char *s = name_or_path;
	int rc;

	if (!parse_number(s, maj, min))
		return 0;
	if (s[0] == '/' || s[0] == '.') {
		rc = number_of_node(s, maj, min);
		/* Containers often have sysfs but few nodes. */
		if (rc == -ENOENT && !strncmp(s, "/dev/", 5))
			rc = number_of("/sys", s + 5, maj, min);
	} else {
		rc = number_of("/sys", s, maj, min);
	}
	if (!rc)
		return 0;
	if (rc == -ENOTBLK) {
		err__set(e, rc, "%s is not a block device", s);
		err__hint(e, "name a device (lsblk shows them); for a directory use --mount");
		return rc;
	}
	err__set(e, rc, "no block device %s: %s", s, strerror(-rc));
	err__hint(e, "name one as in lsblk, for example sda1 or /dev/sda1");
	return rc;
}

/* Block devices that belong to one btrfs filesystem. */
struct siblings {
	uint32_t major[MAX_SIBLINGS], minor[MAX_SIBLINGS];
	size_t nr;
};

static bool siblings__has(const struct siblings *s, uint32_t major, uint32_t minor)
{
	size_t i;

	for (i = 0; i < s->nr; i++)
		if (s->major[i] == major && s->minor[i] == minor)
			return true;
	return false;
}

static void siblings__read(const struct devices *d, const char *fsid, struct siblings *s)
{
	char path[PATH_MAX];
	struct dirent *de;
	DIR *dir;
	int n;

	s->nr = 0;
	n = snprintf(path, sizeof(path), "%s/fs/btrfs/%s/devices", d->root, fsid);
	dir = n > 0 && (size_t)n < sizeof(path) ? opendir(path) : NULL;
	if (!dir)
		return;
	while (s->nr < MAX_SIBLINGS && (de = readdir(dir)))
		if (de->d_name[0] != '.' &&
		    !number_of(d->root, de->d_name, &s->major[s->nr], &s->minor[s->nr]))
			s->nr++;
	closedir(dir);
}

/* The source is a path as it was at mount time; the node may be gone by now. */
static bool source_is(const struct devices *d, const char *source, const struct siblings *s)
{
	uint32_t major, minor;

	if (strncmp(source, "/dev/", 5))
		return false;
	if (number_of(d->root, source + 5, &major, &minor) &&
	    number_of_node(source, &major, &minor))
		return false;
	return siblings__has(s, major, minor);
}

static size_t add_mounts(const struct devices *d, const struct mounts *m, const struct siblings *s,
			 const struct mount_entry **out, size_t max, size_t nr)
{
	size_t i, k;

	for (i = 0; i < mounts__count(m); i++) {
		const struct mount_entry *e = mounts__at(m, i);

		if (e->gone || strcmp(e->fstype, "btrfs") || !source_is(d, e->source, s))
			continue;
		for (k = 0; k < nr && k < max; k++)
			if (out[k]->major == e->major && out[k]->minor == e->minor)
				break;
		if (k < nr && k < max)
			continue;
		if (nr < max)
			out[nr] = e;
		nr++;
	}
	return nr;
}

size_t devices__btrfs_mounts(struct devices *d, const struct mounts *m, uint32_t major,
			     uint32_t minor, const struct mount_entry **out, size_t max)
{
	char path[PATH_MAX];
	struct siblings s;
	struct dirent *de;
	size_t nr = 0;
	DIR *dir;
	int n;

	n = snprintf(path, sizeof(path), "%s/fs/btrfs", d->root);
	dir = n > 0 && (size_t)n < sizeof(path) ? opendir(path) : NULL;
	if (!dir)
		return 0;
	while ((de = readdir(dir))) {
		if (de->d_name[0] == '.')
			continue;
		siblings__read(d, de->d_name, &s);
		if (siblings__has(&s, major, minor))
			nr = add_mounts(d, m, &s, out, max, nr);
	}
	closedir(dir);
	return nr;
}

const char *devices__of_super(struct devices *d, const struct mount_entry *m, uint32_t major,
			      uint32_t minor)
{
	if (major)
		return devices__name(d, major, minor);
	if (!m || m->source[0] != '/' || devices__parse(m->source, &major, &minor, NULL))
		return "";
	return devices__name(d, major, minor);
}
