// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/uio.h>

#include "work/direct_call.h"
#include "work/engine.h"

/* Each request is done by the time the submit returns; reap hands out what was kept. */
struct engine {
	unsigned int n, depth;
	struct io_event done[];
};

static int nowait__open(struct engine **out, unsigned int depth)
{
	struct engine *e = *out = calloc(1, sizeof(*e) + depth * sizeof(e->done[0]));

	if (!e)
		return -ENOMEM;
	e->depth = depth;
	return 0;
}

static long nowait__submit(struct engine *e, struct iocb **batch, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		e->done[e->n++] = (struct io_event){.data = batch[i]->aio_data,
						    .res = direct_call__run(batch[i], RWF_NOWAIT)};
	return n;
}

static long nowait__reap(struct engine *e, unsigned int min, unsigned int max,
			 struct io_event *events)
{
	unsigned int n = 0;

	(void)min;
	while (e->n && n < max)
		events[n++] = e->done[--e->n];
	return n;
}

static void nowait__close(struct engine *e)
{
	free(e);
}

const struct engine_ops engine_nowait = {
	.name = "nowait",
	.help = "preadv2(2) and pwritev2(2) with RWF_NOWAIT, in the thread itself",
	.open = nowait__open,
	.submit = nowait__submit,
	.reap = nowait__reap,
	.close = nowait__close,
};
