// SPDX-License-Identifier: GPL-2.0
#include "host/tracefs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/base.h"

/* *shut: it is there, and only its owner may enter. */
static int open_mounted(bool *shut)
{
	static const char *const dirs[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
	struct statfs st;
	int fd;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		fd = open(dirs[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		*shut |= fd < 0 && errno == EACCES;
		if (fd < 0)
			continue;
		if (!fstatfs(fd, &st) && st.f_type == TRACEFS_MAGIC)
			return fd;
		close(fd);
	}
	return -ENOENT;
}

static int open_private(void)
{
	int fs = (int)syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC);
	int mnt = -1, rc;

	if (fs < 0)
		return -errno;
	if (syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) {
		rc = -errno;
		goto out;
	}
	mnt = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	rc = mnt < 0 ? -errno : mnt;
out:
	close(fs);
	return rc;
}

int tracefs__open(char *why, size_t why_size)
{
	bool shut = false;
	int fd = open_mounted(&shut);

	if (fd >= 0)
		return fd;
	fd = open_private();
	if (fd < 0 && shut)
		snprintf(why, why_size,
			 "tracefs may be entered by its owner only: "
			 "CAP_DAC_READ_SEARCH is missing");
	else if (fd < 0)
		snprintf(why, why_size, "tracefs is not mounted and cannot be: %s", strerror(-fd));
	return fd;
}

int tracefs__id(int tracefs_fd, const char *event, char *why, size_t why_size)
{
	char path[128], text[32] = "";
	uint64_t id;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "events/%s/id", event);
	fd = openat(tracefs_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		int rc = -errno;

		if (rc == -EACCES)
			snprintf(why, why_size,
				 "tracefs events/%s may be read by its owner only: "
				 "CAP_DAC_READ_SEARCH is missing",
				 event);
		else if (rc == -ENOENT)
			snprintf(why, why_size, "tracefs has no events/%s", event);
		else
			snprintf(why, why_size, "tracefs events/%s cannot be read: %s", event,
				 strerror(-rc));
		return rc;
	}
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (parse__u64(text, 0, INT32_MAX, &id)) {
		snprintf(why, why_size, "tracefs events/%s/id is not a number", event);
		return -EINVAL;
	}
	return (int)id;
}
