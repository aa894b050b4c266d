// SPDX-License-Identifier: GPL-2.0
#include "qualify/fsfacts.h"

#include <ctype.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/base.h"
#include "host/procfile.h"

#define SPACES_MAX 32

static const struct {
	uint64_t bit;
	const char *name;
} profiles[] = {
	{BTRFS_BLOCK_GROUP_RAID0, "RAID0"},	{BTRFS_BLOCK_GROUP_RAID1, "RAID1"},
	{BTRFS_BLOCK_GROUP_DUP, "DUP"},		{BTRFS_BLOCK_GROUP_RAID10, "RAID10"},
	{BTRFS_BLOCK_GROUP_RAID5, "RAID5"},	{BTRFS_BLOCK_GROUP_RAID6, "RAID6"},
	{BTRFS_BLOCK_GROUP_RAID1C3, "RAID1C3"}, {BTRFS_BLOCK_GROUP_RAID1C4, "RAID1C4"},
};

static const char *profile_name(uint64_t flags)
{
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++)
		if (flags & profiles[i].bit)
			return profiles[i].name;
	return "single";
}

/* More than one of them: a conversion has begun. */
static void note_data_profile(int fd, struct result *r)
{
	struct btrfs_ioctl_space_args *args =
		calloc(1, sizeof(*args) + SPACES_MAX * sizeof(struct btrfs_ioctl_space_info));
	char text[128] = "";

	if (!args)
		return;
	args->space_slots = SPACES_MAX;
	if (!ioctl(fd, BTRFS_IOC_SPACE_INFO, args)) {
		for (uint64_t i = 0; i < args->total_spaces && i < SPACES_MAX; i++) {
			uint64_t flags = args->spaces[i].flags;
			size_t len = strlen(text);

			if (flags & BTRFS_BLOCK_GROUP_DATA)
				snprintf(text + len, sizeof(text) - len, "%s%s", len ? "," : "",
					 profile_name(flags));
		}
		result__add_fact(r, "data_profile", text);
	}
	free(args);
}

static void note_flags(int fd, const char *fstype, struct result *r)
{
	unsigned long flags = 0;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags))
		return;
	if (!strcmp(fstype, "ext4"))
		result__add_fact(r, "extents", flags & FS_EXTENT_FL ? "yes" : "no");
	if (!strcmp(fstype, "btrfs"))
		result__add_fact(r, "nodatacow", flags & FS_NOCOW_FL ? "yes" : "no");
}

static void note_extent_size(int fd, struct result *r)
{
	struct fsxattr x;
	char text[32];

	if (ioctl(fd, FS_IOC_FSGETXATTR, &x) || !x.fsx_extsize)
		return;
	snprintf(text, sizeof(text), "%u", x.fsx_extsize);
	result__add_fact(r, "extent_size_hint_bytes", text);
}

void fsfacts__note(int fd, const char *fstype, struct result *r)
{
	note_flags(fd, fstype, r);
	note_extent_size(fd, r);
	if (!strcmp(fstype, "btrfs"))
		note_data_profile(fd, r);
}

static bool line_of(const char *disk, const char *name, char *buf, size_t size)
{
	char path[256], *text;
	size_t len;

	snprintf(path, sizeof(path), "/sys/block/%s/%s", disk, name);
	if (procfile__read(path, 4096, &text, &len))
		return false;
	text[strcspn(text, "\n")] = '\0';
	snprintf(buf, size, "%s", text);
	free(text);
	return *buf;
}

/* "CRYPT-LUKS2-..." to "dm crypt": device mapper's users put their name in front of the uuid. */
static void mapper_kind(const char *disk, char *buf, size_t size)
{
	char uuid[128];

	if (!line_of(disk, "dm/uuid", uuid, sizeof(uuid))) {
		snprintf(buf, size, "dm");
		return;
	}
	uuid[strcspn(uuid, "-")] = '\0';
	for (char *c = uuid; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	snprintf(buf, size, "dm %s", uuid);
}

char *fsfacts__device_kind(const char *disk, char *buf, size_t size)
{
	char level[64];

	if (!strncmp(disk, "dm-", 3))
		mapper_kind(disk, buf, size);
	else if (line_of(disk, "md/level", level, sizeof(level)))
		snprintf(buf, size, "md %s", level);
	else if (!strncmp(disk, "sd", 2) || !strncmp(disk, "vd", 2) || !strncmp(disk, "xvd", 3))
		snprintf(buf, size, "disk");
	else
		snprintf(buf, size, "%.*s", (int)strcspn(disk, "0123456789"), disk);
	return buf;
}
