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
	int fd;
	int err; /* of the first write that failed: stdio forgets it when a later call reports it */
	char *path; /* final name; NULL = stdout */
	char *temp; /* name while incomplete; NULL = written directly */
};

static ssize_t write_cookie(void *cookie, const char *buf, size_t size)
{
	struct output *o = cookie;
	size_t done = 0;

	while (done < size) {
		ssize_t n = write(o->fd, buf + done, size - done);

		if (n < 0) {
			if (!o->err)
				o->err = errno;
			break;
		}
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static int close_cookie(void *cookie)
{
	struct output *o = cookie;

	if (o->path && close(o->fd) && !o->err)
		o->err = errno;
	return o->err ? -1 : 0;
}

static int open_stream(struct output *o)
{
	static const cookie_io_functions_t functions = {
		.write = write_cookie,
		.close = close_cookie,
	};

	o->file = fopencookie(o, "w", functions);
	return o->file ? 0 : -ENOMEM;
}

static int output__failed(const struct output *o, int err, struct err *e)
{
	err = o->err ? o->err : err ? err : EIO;
	return err__set(e, -err, "cannot write %s: %s", o->path ? o->path : "standard output",
			strerror(err));
}

/* The name a rename must replace: through symbolic links, so that a link stays a link. */
static char *final_path(const char *path)
{
	char *real = realpath(path, NULL);

	return real ? real : strdup(path);
}

static int open_temp(struct output *o)
{
	mode_t mask = umask(0);
	int fd;

	umask(mask);
	if (asprintf(&o->temp, "%s.XXXXXX", o->path) < 0) {
		o->temp = NULL;
		return -1;
	}
	fd = mkostemp(o->temp, O_CLOEXEC);
	if (fd < 0) {
		free(o->temp);
		o->temp = NULL;
		return -1;
	}
	/* mkostemp makes it 0600; a result file is as readable as any other the user makes */
	if (!fchmod(fd, 0666 & ~mask))
		return fd;
	close(fd);
	return -1;
}

/* A file descriptor, or -1 with errno set. */
static int open_path(struct output *o)
{
	struct stat st;

	if (stat(o->path, &st) == 0) {
		if (S_ISDIR(st.st_mode)) {
			errno = EISDIR;
			return -1;
		}
		if (!S_ISREG(st.st_mode))
			return open(o->path, O_WRONLY | O_CLOEXEC);
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
		o->fd = STDOUT_FILENO;
	} else {
		o->path = final_path(path);
		o->fd = o->path ? open_path(o) : -1;
	}
	if (o->fd >= 0 && !open_stream(o))
		return o;
	output__failed(o, errno, e);
	if (o->fd >= 0 && o->path)
		close(o->fd);
	output__free(o);
	return NULL;
}

FILE *output__file(struct output *o)
{
	return o->file;
}

int output__fd(const struct output *o)
{
	return o->fd;
}

bool output__is_stdout(const struct output *o)
{
	return !o->path;
}

int output__flush(struct output *o, struct err *e)
{
	errno = 0;
	if (fflush(o->file) || ferror(o->file) || o->err)
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
	if (o->file)
		fclose(o->file);
	if (o->temp)
		unlink(o->temp);
	free(o->temp);
	free(o->path);
	free(o);
}

int output__finish_stdout(void)
{
	struct output o = {.file = stdout, .fd = STDOUT_FILENO};
	struct err e = {0};

	return output__flush(&o, &e) ? cmd__fail(&e) : CMD_OK;
}
