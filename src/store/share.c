// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE /* open file description locks */
#include "store/share.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "store/pages.h"

/* The bytes by which SQLite's processes tell each other what they do (os.h there). */
#define PENDING_BYTE 0x40000000
#define RESERVED_BYTE (PENDING_BYTE + 1)
#define SHARED_FIRST (PENDING_BYTE + 2)
#define SHARED_SIZE 510

static int lock(int fd, short type, off_t start, off_t len)
{
	struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len};

	if (!fcntl(fd, F_OFD_SETLK, &l))
		return 0;
	return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
}

int share__is_reserved(const struct store_input *in)
{
	struct flock l = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = RESERVED_BYTE, .l_len = 1};

	return fcntl(in->fd, F_OFD_GETLK, &l) ? -errno : l.l_type != F_UNLCK;
}

static int look(struct store_input *in)
{
	int rc = share__is_reserved(in);

	if (rc < 0)
		return rc;
	if (rc)
		pages__ignore_journal(in);
	else
		rc = pages__look_at_journal(in);
	if (rc < 0)
		return rc;
	return pages__schema_is_small(in) ? 0 : -EBADMSG;
}

int share__take(struct store_input *in)
{
	int rc;

	if (in->shares) {
		in->shares++;
		return 0;
	}
	/* a writer that waits for the readers to go must not wait for new ones */
	rc = lock(in->fd, F_RDLCK, PENDING_BYTE, 1);
	if (rc)
		return rc;
	rc = lock(in->fd, F_RDLCK, SHARED_FIRST, SHARED_SIZE);
	lock(in->fd, F_UNLCK, PENDING_BYTE, 1);
	if (rc)
		return rc;
	rc = look(in);
	if (rc)
		lock(in->fd, F_UNLCK, SHARED_FIRST, SHARED_SIZE);
	else
		in->shares = 1;
	return rc;
}

int share__drop(struct store_input *in)
{
	if (--in->shares)
		return 0;
	return lock(in->fd, F_UNLCK, SHARED_FIRST, SHARED_SIZE);
}
