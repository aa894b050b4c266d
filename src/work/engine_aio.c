// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "work/engine.h"

struct engine {
	aio_context_t ctx;
};

static int aio__open(struct engine **out, unsigned int depth)
{
	struct engine *e = *out = calloc(1, sizeof(*e));

	if (!e)
		return -ENOMEM;
	return syscall(SYS_io_setup, depth, &e->ctx) ? -errno : 0;
}

static long aio__submit(struct engine *e, struct iocb **batch, unsigned int n)
{
	long taken = syscall(SYS_io_submit, e->ctx, (long)n, batch);

	return taken < 0 ? -errno : taken;
}

static long aio__reap(struct engine *e, unsigned int min, unsigned int max, struct io_event *events)
{
	struct timespec zero = {0};
	long n;

	do {
		n = syscall(SYS_io_getevents, e->ctx, (long)min, (long)max, events,
			    min ? NULL : &zero);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static void aio__close(struct engine *e)
{
	if (e && e->ctx)
		syscall(SYS_io_destroy, e->ctx);
	free(e);
}

const struct engine_ops engine_aio = {
	.name = "aio",
	.help = "io_submit(2)",
	.open = aio__open,
	.submit = aio__submit,
	.reap = aio__reap,
	.close = aio__close,
};
