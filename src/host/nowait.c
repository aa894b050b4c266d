// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "host/nowait.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/dm-ioctl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/base.h"
#include "host/caps.h"
#include "host/procfile.h"

#define PATH_SIZE 512
#define MAX_DEPTH 8
#define TABLE_SIZE 16384

struct walk {
	bool asks_dm;
	char *buf;
	size_t size;
};

/* False if it is too long. */
static bool join(char path[PATH_SIZE], const char *dir, const char *name)
{
	int n = snprintf(path, PATH_SIZE, "%s/%s", dir, name);

	return n > 0 && n < PATH_SIZE;
}

static bool exists(const char *dir, const char *name)
{
	char path[PATH_SIZE];

	return join(path, dir, name) && !access(path, F_OK);
}

/* The first line of a file; false if there is none. */
static bool read_line(const char *dir, const char *name, char *line, size_t size)
{
	char path[PATH_SIZE];

	return join(path, dir, name) && procfile__first_line(path, 4096, line, size);
}

/*
 * Targets with DM_TARGET_NOWAIT, in drivers/md of 5.10 to 7.3. On 5.10 only linear has it; a
 * device with another one of these is not named unless one below it is.
 */
static bool target_has_nowait(const char *type)
{
	static const char *const have[] = {"linear", "striped", "switch", "unstriped", "zero"};

	for (size_t i = 0; i < ARRAY_SIZE(have); i++)
		if (!strcmp(type, have[i]))
			return true;
	return false;
}

/* Asks device mapper, which wants a privilege for it. */
static bool ask_table(dev_t dev, struct dm_ioctl *io)
{
	bool raised = caps__raise(CAP_SYS_ADMIN), answered;
	int fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);

	io->version[0] = DM_VERSION_MAJOR;
	io->data_size = TABLE_SIZE;
	io->data_start = sizeof(*io);
	io->dev = dev;
	io->flags = DM_STATUS_TABLE_FLAG;
	answered = fd >= 0 && !ioctl(fd, DM_TABLE_STATUS, io);
	if (fd >= 0)
		close(fd);
	if (raised)
		caps__lower(CAP_SYS_ADMIN);
	return answered;
}

/* The first of the targets that has none, into type; false if all have it, or are not known. */
static bool waiting_target(dev_t dev, char type[DM_MAX_TYPE_NAME])
{
	struct dm_ioctl *io = calloc(1, TABLE_SIZE);
	const struct dm_target_spec *spec;
	bool found = false;
	uint32_t at, n;

	n = io && ask_table(dev, io) ? io->target_count : 0;
	at = io ? io->data_start : 0;
	for (uint32_t i = 0; i < n && !found && at <= TABLE_SIZE - sizeof(*spec); i++) {
		spec = (const struct dm_target_spec *)((char *)io + at);
		snprintf(type, DM_MAX_TYPE_NAME, "%.*s", DM_MAX_TYPE_NAME - 1, spec->target_type);
		found = !target_has_nowait(type);
		/* from the first of them, and never backwards */
		if (io->data_start + spec->next <= at)
			break;
		at = io->data_start + spec->next;
	}
	free(io);
	return found;
}

static bool find(const struct walk *w, const char *dir, int depth);

/* What the device is made of. */
static bool find_below(const struct walk *w, const char *dir, int depth)
{
	char path[PATH_SIZE], below[PATH_SIZE];
	struct dirent *e;
	bool found = false;
	DIR *slaves = join(path, dir, "slaves") ? opendir(path) : NULL;

	while (slaves && !found && (e = readdir(slaves)))
		if (*e->d_name != '.' && join(below, path, e->d_name))
			found = find(w, below, depth + 1);
	if (slaves)
		closedir(slaves);
	return found;
}

static bool name_it(const struct walk *w, const char *dir, const char *what)
{
	char real[PATH_MAX];
	const char *name = realpath(dir, real) ? strrchr(real, '/') + 1 : strrchr(dir, '/') + 1;

	snprintf(w->buf, w->size, "%s%s%s%s", name, *what ? " (" : "", what, *what ? ")" : "");
	return true;
}

static bool find_dm(const struct walk *w, const char *dir, int depth)
{
	char type[DM_MAX_TYPE_NAME], number[32];
	unsigned int major, minor;

	if (find_below(w, dir, depth))
		return true;
	if (!w->asks_dm || !read_line(dir, "dev", number, sizeof(number)) ||
	    sscanf(number, "%u:%u", &major, &minor) != 2)
		return false;
	return waiting_target(makedev(major, minor), type) && name_it(w, dir, type);
}

/*
 * Drivers with queues of their own (blk-mq) have NOWAIT. Of the others device mapper goes by its targets and
 * by what is below; md has had it since 5.17 where all below have, and from 7.2 on with raid0 and linear alone.
 */
static bool find(const struct walk *w, const char *dir, int depth)
{
	char disk[PATH_SIZE], level[32] = "md";
	int n;

	if (depth > MAX_DEPTH)
		return false;
	if (exists(dir, "partition")) {
		char real[PATH_MAX];

		if (!realpath(dir, real))
			return false;
		*strrchr(real, '/') = '\0';
		n = snprintf(disk, sizeof(disk), "%s", real);
		return n > 0 && (size_t)n < sizeof(disk) && find(w, disk, depth + 1);
	}
	if (exists(dir, "dm"))
		return find_dm(w, dir, depth);
	if (exists(dir, "md")) {
		if (find_below(w, dir, depth))
			return true;
		read_line(dir, "md/level", level, sizeof(level));
		return name_it(w, dir, level);
	}
	if (exists(dir, "mq"))
		return false;
	return find_below(w, dir, depth) || (exists(dir, "queue") && name_it(w, dir, ""));
}

void nowait__find(const char *sysfs_root, const struct fs_info *fs, char *buf, size_t size)
{
	const char *root = sysfs_root ? sysfs_root : "/sys";
	const struct walk w = {!strcmp(root, "/sys"), buf, size};
	const char *name = fs->device_name ? fs->device_name : "";
	char dir[PATH_SIZE];

	buf[0] = '\0';
	if (*name && *name != '.' && strlen(name) < 64 && !strchr(name, '/'))
		snprintf(dir, sizeof(dir), "%s/class/block/%s", root, name);
	else
		snprintf(dir, sizeof(dir), "%s/dev/block/%u:%u", root, fs->major, fs->minor);
	find(&w, dir, 0);
}
