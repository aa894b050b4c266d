// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "cmd/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/outfile.h"
#include "cmd/cmd.h"
#include "cmd/pager.h"

struct output {
	FILE *file;
	int fd;
	int err; /* of the first write that failed: stdio forgets it when a later call reports it */
	const char *path;	 /* NULL = stdout */
	struct outfile *outfile; /* NULL = stdout */
	pid_t pager;		 /* 0 = none */
};

static ssize_t write_cookie(void *cookie, const char *buf, size_t size)
{
	struct output *o = cookie;
	size_t done = 0;

	while (done < size) {
		ssize_t n = write(o->fd, buf + done, size - done);

		/* who leaves the pager has what he wants */
		if (n < 0 && errno == EPIPE && o->pager)
			return (ssize_t)size;
		if (n < 0) {
			if (!o->err)
				o->err = errno;
			break;
		}
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static int open_stream(struct output *o)
{
	static const cookie_io_functions_t functions = {
		.write = write_cookie,
	};

	o->file = fopencookie(o, "w", functions);
	return o->file ? 0 : -ENOMEM;
}

static int output__failed(const struct output *o, int err, struct err *e)
{
	err = o->err ? o->err : err ? err : EIO;
	err__set(e, -err, "cannot write %s: %s", o->path ? o->path : "standard output",
		 strerror(err));
	/* `| head` has what it wants */
	if (e)
		e->quiet = err == EPIPE && !o->path;
	return -err;
}

struct output *output__open(const char *path, struct err *e)
{
	struct output *o = calloc(1, sizeof(*o));

	if (!o) {
		err__set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	o->fd = STDOUT_FILENO;
	if (path && strcmp(path, "-") != 0) {
		o->path = path;
		o->outfile = outfile__open(path, e);
		o->fd = o->outfile ? outfile__fd(o->outfile) : -1;
	}
	if (o->fd >= 0 && !open_stream(o))
		return o;
	if (o->fd >= 0)
		output__failed(o, ENOMEM, e);
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

bool output__page(struct output *o)
{
	char buf[16];
	const char *command = o->path || !isatty(o->fd) ? NULL : pager__command(buf, sizeof(buf));
	pid_t pid;
	int fd;

	if (!command || fflush(o->file))
		return false;
	pid = pager__start(command, &fd);
	if (pid < 0)
		return false;
	o->pager = pid;
	o->fd = fd;
	return true;
}

int output__flush(struct output *o, struct err *e)
{
	errno = 0;
	/* what has failed now or earlier stays in the stream */
	fflush(o->file);
	return ferror(o->file) ? output__failed(o, errno, e) : 0;
}

int output__commit(struct output *o, struct err *e)
{
	int rc = output__flush(o, e);

	return rc || !o->outfile ? rc : outfile__commit(o->outfile, e);
}

void output__free(struct output *o)
{
	if (!o)
		return;
	if (o->file)
		fclose(o->file);
	if (o->pager) {
		close(o->fd);
		pager__wait(o->pager);
	}
	outfile__free(o->outfile);
	free(o);
}

int output__finish_stdout(void)
{
	struct output o = {.file = stdout, .fd = STDOUT_FILENO};
	struct err e = {0};

	return output__flush(&o, &e) ? cmd__fail(&e) : CMD_OK;
}
