// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE /* asprintf */
#include "store/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/pages.h"

/* Years of recording. Offsets stay far from where arithmetic ends. */
#define SIZE_MAX_BYTES (64ULL << 30)
#define BLOCK_BYTES 512 /* the unit of st_blocks */

/* A pipe must not make us wait for its writer, nor a device do what a device does when opened. */
static int open_regular(const char *path, struct stat *st, int *fd)
{
	int rc = 0;

	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (*fd < 0)
		return -errno;
	if (fstat(*fd, st))
		rc = -errno;
	else if (!S_ISREG(st->st_mode))
		rc = -EINVAL;
	if (!rc)
		return 0;
	close(*fd);
	*fd = -1;
	return rc;
}

static int failed(const char *path, int rc, struct err *e)
{
	if (rc == -EINVAL)
		return err__set(e, rc, "%s is not a regular file", path);
	return err__set(e, rc, "cannot open %s: %s", path, strerror(-rc));
}

static int open_journal(struct store_input *in, struct err *e)
{
	struct stat st;
	char *path;
	int rc;

	if (asprintf(&path, "%s-journal", in->path) < 0)
		return err__set(e, -ENOMEM, "out of memory");
	rc = open_regular(path, &st, &in->journal);
	rc = !rc || rc == -ENOENT ? 0 : failed(path, rc, e);
	free(path);
	return rc;
}

struct store_input *store_input__open(const char *path, struct err *e)
{
	struct store_input *in = calloc(1, sizeof(*in));
	struct stat st;
	int rc;

	if (!in || !(in->path = strdup(path))) {
		free(in);
		err__set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	in->journal = -1;
	rc = open_regular(path, &st, &in->fd);
	if (rc) {
		failed(path, rc, e);
	} else if ((uint64_t)st.st_size > SIZE_MAX_BYTES) {
		rc = err__set(e, -EFBIG, "%s is no recording: larger than one can be", path);
	} else {
		in->size_bytes = (uint64_t)st.st_size;
		in->weight_bytes = (uint64_t)st.st_blocks * BLOCK_BYTES;
		if (in->weight_bytes > in->size_bytes)
			in->weight_bytes = in->size_bytes;
		rc = open_journal(in, e);
	}
	if (!rc)
		return in;
	store_input__free(in);
	return NULL;
}

const char *store_input__path(const struct store_input *in)
{
	return in->path;
}

uint64_t store_input__weight(const struct store_input *in)
{
	return in->weight_bytes;
}

void store_input__fds(const struct store_input *in, int fds[2])
{
	fds[0] = in->fd;
	fds[1] = in->journal;
}

void store_input__free(struct store_input *in)
{
	if (!in)
		return;
	if (in->fd >= 0)
		close(in->fd);
	if (in->journal >= 0)
		close(in->journal);
	free(in->saved);
	free(in->path);
	free(in);
}
