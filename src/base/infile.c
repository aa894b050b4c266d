// SPDX-License-Identifier: GPL-2.0
#include "base/infile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int infile__open(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, st))
		rc = -errno;
	else if (!S_ISREG(st->st_mode))
		rc = -EINVAL;
	if (!rc)
		return fd;
	close(fd);
	return rc;
}

int infile__failed(const char *path, int rc, struct err *e)
{
	if (rc == -EINVAL)
		return err__set(e, rc, "%s is not a regular file", path);
	return err__set(e, rc, "cannot open %s: %s", path, strerror(-rc));
}
