// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "host/attached.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "host/procfile.h"

/* A volume on crypt on RAID on partitions is five deep. */
#define MAX_DEPTH 8
#define MAX_SLAVES 64

/* FNV-1a */
static uint64_t hash(uint64_t h, const void *data, size_t size)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < size; i++)
		h = (h ^ p[i]) * 0x100000001b3ULL;
	return h;
}

static uint64_t hash_text(const char *kind, const char *text)
{
	uint64_t h = hash(0xcbf29ce484222325ULL, kind, strlen(kind) + 1);

	return hash(h, text, strlen(text)) | 1;
}

/* The file's text without its newline, in the caller's hands; NULL if there is none or it is empty. */
static char *text_of(const char *dir, const char *name)
{
	char path[PATH_MAX], *text;
	size_t len;
	int n = snprintf(path, sizeof(path), "%s/%s", dir, name);

	if (n < 0 || (size_t)n >= sizeof(path) || procfile__read(path, 2 * PATH_MAX, &text, &len))
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	if (*text)
		return text;
	free(text);
	return NULL;
}

struct birth {
	uint64_t dev_major, dev_minor, ino, sec, nsec;
};

static int ask_birth(const void *ctx, void *answer, int *unused)
{
	struct birth *b = answer;
	struct statx sx;

	(void)unused;
	if (statx(AT_FDCWD, ctx, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_INO | STATX_BTIME,
		  &sx))
		return -errno;
	*b = (struct birth){sx.stx_dev_major, sx.stx_dev_minor, sx.stx_ino,
			    (uint64_t)sx.stx_btime.tv_sec, sx.stx_btime.tv_nsec};
	return 0;
}

/* A loop device's file, which may be on a filesystem that does not answer; 0 if it cannot be found. */
static uint64_t id_of_image(struct aside *a, const char *dir)
{
	char *path = text_of(dir, "loop/backing_file"), *offset = text_of(dir, "loop/offset");
	struct birth b;
	uint64_t id = 0;

	if (path && offset &&
	    !aside__ask(a, ask_birth, path, strlen(path) + 1, &b, sizeof(b), NULL))
		id = hash(hash_text("image", offset), &b, sizeof(b)) | 1;
	free(path);
	free(offset);
	return id;
}

/* What a disk or a volume calls itself. */
static uint64_t id_of_names(const char *dir)
{
	static const char *const names[] = {"dm/uuid", "wwid", "device/wwid", "serial",
					    "device/serial"};
	uint64_t id = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names) && !id; i++) {
		char *text = text_of(dir, names[i]);

		id = text ? hash_text(names[i], text) : 0;
		free(text);
	}
	return id;
}

static uint64_t id_of(struct aside *a, const char *dir, int depth);

/* In any order. *known = false if there is one that is not known. */
static uint64_t id_of_slaves(struct aside *a, const char *dir, int depth, bool *known)
{
	char path[PATH_MAX];
	uint64_t sum = 0, id;
	struct dirent *de;
	DIR *slaves;
	int nr = 0, n;

	n = snprintf(path, sizeof(path), "%s/slaves", dir);
	slaves = n > 0 && (size_t)n < sizeof(path) ? opendir(path) : NULL;
	while (slaves && *known && (de = readdir(slaves))) {
		if (de->d_name[0] == '.')
			continue;
		n = snprintf(path, sizeof(path), "%s/slaves/%s", dir, de->d_name);
		id = ++nr <= MAX_SLAVES && (size_t)n < sizeof(path) ? id_of(a, path, depth + 1) : 0;
		*known = id != 0;
		sum += id;
	}
	if (slaves)
		closedir(slaves);
	return sum;
}

static uint64_t id_of_disk(struct aside *a, const char *dir, int depth)
{
	uint64_t own = id_of_image(a, dir), below;
	bool known = true;
	char *text;

	if (!own)
		own = id_of_names(dir);
	below = id_of_slaves(a, dir, depth, &known);
	if (!known)
		return 0;
	if (own || below)
		return hash(own, &below, sizeof(below)) | 1;
	text = text_of(dir, "size");
	known = text && strcmp(text, "0") != 0;
	free(text);
	if (!known)
		return 0;
	text = text_of(dir, "diskseq");
	own = hash_text("sequence", text ? text : "");
	free(text);
	return own;
}

/* dir is the device's, by whatever links. */
static uint64_t id_of(struct aside *a, const char *dir, int depth)
{
	char *start = text_of(dir, "start"), disk[PATH_MAX];
	uint64_t id = 0;
	int n;

	if (depth >= MAX_DEPTH || access(dir, F_OK)) {
		free(start);
		return 0;
	}
	if (!start)
		return id_of_disk(a, dir, depth);
	n = snprintf(disk, sizeof(disk), "%s/..", dir);
	if (n > 0 && (size_t)n < sizeof(disk))
		id = id_of_disk(a, disk, depth);
	if (id)
		id = hash(id, start, strlen(start)) | 1;
	free(start);
	return id;
}

/* False on kernels that do not number what is attached; what a partition is on has the number. */
static bool has_sequence(const char *dir, uint32_t *sequence)
{
	char *text = text_of(dir, "diskseq");

	if (!text)
		text = text_of(dir, "../diskseq");
	*sequence = text ? (uint32_t)strtoull(text, NULL, 10) : 0;
	free(text);
	return *sequence != 0;
}

static void name_dir(char *dir, size_t size, const char *root, uint32_t major, uint32_t minor)
{
	snprintf(dir, size, "%s/dev/block/%u:%u", root ? root : "/sys", major, minor);
}

uint64_t attached__id_now(struct aside *a, const char *sysfs_root, uint32_t major, uint32_t minor)
{
	char dir[PATH_MAX];

	name_dir(dir, sizeof(dir), sysfs_root, major, minor);
	return id_of(a, dir, 0);
}

uint64_t attached__id(struct aside *a, const char *sysfs_root, uint32_t major, uint32_t minor,
		      uint32_t sequence)
{
	char dir[PATH_MAX];
	uint32_t now;
	uint64_t id;

	name_dir(dir, sizeof(dir), sysfs_root, major, minor);
	if (has_sequence(dir, &now) && now != sequence)
		return 0;
	id = id_of(a, dir, 0);
	return has_sequence(dir, &now) && now != sequence ? 0 : id;
}
