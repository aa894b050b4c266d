// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "cmd/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"

struct output {
	FILE *file;
	char *path; /* final name; NULL = stdout */
	char *temp; /* name while incomplete; NULL = written directly */
};

static int output__failed(const struct output *o, int err, struct err *e)
{
	err = err ? err : EIO;
	return err__set(e, -err, "cannot write %s: %s", o->path ? o->path : "standard output",
			strerror(err));
}

/* The name a rename must replace: through symbolic links, so that a link stays a link. */
static char *final_path(const char *path)
{
	char *real = realpath(path, NULL);

	return real ? real : strdup(path);
}

static FILE *open_temp(struct output *o)
{
	mode_t mask = umask(0);
	FILE *file;
	int fd;

	umask(mask);
	if (asprintf(&o->temp, "%s.XXXXXX", o->path) < 0) {
		o->temp = NULL;
		return NULL;
	}
	fd = mkostemp(o->temp, O_CLOEXEC);
	if (fd < 0) {
		free(o->temp);
		o->temp = NULL;
		return NULL;
	}
	/* mkostemp makes it 0600; a result file is as readable as any other the user makes */
	file = fchmod(fd, 0666 & ~mask) ? NULL : fdopen(fd, "w");
	if (!file)
		close(fd);
	return file;
}

static FILE *open_path(struct output *o)
{
	struct stat st;

	if (stat(o->path, &st) == 0) {
		if (S_ISDIR(st.st_mode)) {
			errno = EISDIR;
			return NULL;
		}
		if (!S_ISREG(st.st_mode))
			return fopen(o->path, "we");
	}
	return open_temp(o);
}

struct output *output__open(const char *path, struct err *e)
{
	struct output *o = calloc(1, sizeof(*o));

	if (!o) {
		err__set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	if (!path || !strcmp(path, "-")) {
		o->file = stdout;
		return o;
	}
	o->path = final_path(path);
	if (o->path)
		o->file = open_path(o);
	if (!o->file) {
		output__failed(o, errno, e);
		output__free(o);
		return NULL;
	}
	return o;
}

FILE *output__file(struct output *o)
{
	return o->file;
}

bool output__is_stdout(const struct output *o)
{
	return !o->path;
}

int output__flush(struct output *o, struct err *e)
{
	errno = 0;
	if (fflush(o->file) || ferror(o->file))
		return output__failed(o, errno, e);
	return 0;
}

int output__commit(struct output *o, struct err *e)
{
	FILE *file = o->file;
	int rc = output__flush(o, e);

	if (rc)
		return rc;
	if (!o->path)
		return 0;
	/* NFS and quota tell of a full disk only here */
	o->file = NULL;
	if (fclose(file))
		return output__failed(o, errno, e);
	if (o->temp && rename(o->temp, o->path))
		return output__failed(o, errno, e);
	free(o->temp);
	o->temp = NULL;
	return 0;
}

void output__free(struct output *o)
{
	if (!o)
		return;
	if (o->file && o->path)
		fclose(o->file);
	if (o->temp)
		unlink(o->temp);
	free(o->temp);
	free(o->path);
	free(o);
}

int output__finish_stdout(void)
{
	struct output o = {.file = stdout};
	struct err e = {0};

	return output__flush(&o, &e) ? cmd__fail(&e) : CMD_OK;
}
