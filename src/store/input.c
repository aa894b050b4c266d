// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE /* asprintf */
#include "store/input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/infile.h"
#include "store/pages.h"

/* Years of recording. Offsets stay far from where arithmetic ends. */
#define SIZE_MAX_BYTES (64ULL << 30)
#define BLOCK_BYTES 512 /* the unit of st_blocks */

static int open_journal(struct store_input *in, struct err *e)
{
	struct stat st;
	char *path;
	int rc;

	if (asprintf(&path, "%s-journal", in->path) < 0)
		return err__set(e, -ENOMEM, "out of memory");
	in->journal = infile__open(path, &st);
	rc = in->journal >= 0 || in->journal == -ENOENT ? 0 : infile__failed(path, in->journal, e);
	free(path);
	return rc;
}

struct store_input *store_input__open(const char *path, struct err *e)
{
	struct store_input *in = calloc(1, sizeof(*in));
	struct stat st;
	int rc = 0;

	if (!in || !(in->path = strdup(path))) {
		free(in);
		err__set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	in->journal = -1;
	in->fd = infile__open(path, &st);
	if (in->fd < 0) {
		rc = infile__failed(path, in->fd, e);
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
