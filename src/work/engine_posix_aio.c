// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "work/engine.h"

/* A slot for each aio_data; those in flight are in the list that aio_suspend takes, others NULL there. */
struct engine {
	unsigned int depth;
	struct aiocb *slots;
	const struct aiocb **in_flight;
};

static void posix_aio__close(struct engine *e)
{
	if (!e)
		return;
	free(e->slots);
	free(e->in_flight);
	free(e);
}

static int posix_aio__open(struct engine **out, unsigned int depth)
{
	/* as many threads as requests: by default glibc has 20 */
	struct aioinit init = {.aio_threads = (int)depth, .aio_num = (int)depth};
	struct engine *e = *out = calloc(1, sizeof(*e));

	if (!e)
		return -ENOMEM;
	e->depth = depth;
	e->slots = calloc(depth, sizeof(*e->slots));
	e->in_flight = calloc(depth, sizeof(*e->in_flight));
	if (!e->slots || !e->in_flight)
		return -ENOMEM;
	aio_init(&init);
	return 0;
}

static int posix_aio__start(struct aiocb *a, const struct iocb *cb)
{
	*a = (struct aiocb){.aio_fildes = (int)cb->aio_fildes,
			    .aio_buf = (void *)(uintptr_t)cb->aio_buf,
			    .aio_nbytes = cb->aio_nbytes,
			    .aio_offset = cb->aio_offset,
			    .aio_sigevent = {.sigev_notify = SIGEV_NONE}};
	/* it knows no flags of a single request */
	if (cb->aio_rw_flags)
		return -EOPNOTSUPP;
	switch (cb->aio_lio_opcode) {
	case IOCB_CMD_PREAD:
		return aio_read(a) ? -errno : 0;
	case IOCB_CMD_PWRITE:
		return aio_write(a) ? -errno : 0;
	case IOCB_CMD_FSYNC:
		return aio_fsync(O_SYNC, a) ? -errno : 0;
	case IOCB_CMD_FDSYNC:
		return aio_fsync(O_DSYNC, a) ? -errno : 0;
	default:
		return -EOPNOTSUPP;
	}
}

static long posix_aio__submit(struct engine *e, struct iocb **batch, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct aiocb *a = &e->slots[batch[i]->aio_data];
		int err = posix_aio__start(a, batch[i]);

		if (err)
			return i ? (long)i : err;
		e->in_flight[batch[i]->aio_data] = a;
	}
	return n;
}

static long posix_aio__take(struct engine *e, unsigned int max, struct io_event *events)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < e->depth && n < max; i++) {
		int err = e->in_flight[i] ? aio_error(e->in_flight[i]) : EINPROGRESS;

		if (err == EINPROGRESS)
			continue;
		events[n++] =
			(struct io_event){.data = i, .res = err ? -err : aio_return(&e->slots[i])};
		e->in_flight[i] = NULL;
	}
	return n;
}

static long posix_aio__reap(struct engine *e, unsigned int min, unsigned int max,
			    struct io_event *events)
{
	long n = posix_aio__take(e, max, events);

	while (n < (long)min) {
		if (aio_suspend(e->in_flight, (int)e->depth, NULL) && errno != EINTR)
			return -errno;
		n += posix_aio__take(e, max - (unsigned int)n, events + n);
	}
	return n;
}

const struct engine_ops engine_posix_aio = {
	.name = "posix-aio",
	.help = "aio_read(3) and aio_write(3), threads of the C library",
	.open = posix_aio__open,
	.submit = posix_aio__submit,
	.reap = posix_aio__reap,
	.close = posix_aio__close,
};
