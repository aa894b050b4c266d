// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "work/direct_call.h"
#include "work/engine.h"

#define POOL_MAX 64 /* what QEMU's pool has */

struct engine {
	pthread_mutex_t lock;
	pthread_cond_t has_work, has_done;
	unsigned int depth, threads_nr;
	pthread_t threads[POOL_MAX];
	bool ends;
	/* rings of depth places: never more than depth requests are in flight */
	struct iocb **queue;
	struct io_event *done;
	unsigned int queue_head, queue_nr, done_head, done_nr;
};

static void *pool__main(void *arg)
{
	struct engine *e = arg;

	pthread_mutex_lock(&e->lock);
	for (;;) {
		struct io_event ev;
		struct iocb *cb;

		while (!e->queue_nr && !e->ends)
			pthread_cond_wait(&e->has_work, &e->lock);
		if (!e->queue_nr)
			break;
		cb = e->queue[e->queue_head];
		e->queue_head = (e->queue_head + 1) % e->depth;
		e->queue_nr--;
		pthread_mutex_unlock(&e->lock);
		ev = (struct io_event){.data = cb->aio_data, .res = direct_call__run(cb, 0)};
		pthread_mutex_lock(&e->lock);
		e->done[(e->done_head + e->done_nr++) % e->depth] = ev;
		pthread_cond_signal(&e->has_done);
	}
	pthread_mutex_unlock(&e->lock);
	return NULL;
}

static int threads__open(struct engine **out, unsigned int depth)
{
	struct engine *e = *out = calloc(1, sizeof(*e));
	unsigned int want = depth < POOL_MAX ? depth : POOL_MAX;
	int err = 0;

	if (!e)
		return -ENOMEM;
	pthread_mutex_init(&e->lock, NULL);
	pthread_cond_init(&e->has_work, NULL);
	pthread_cond_init(&e->has_done, NULL);
	e->depth = depth;
	e->queue = calloc(depth, sizeof(*e->queue));
	e->done = calloc(depth, sizeof(*e->done));
	if (!e->queue || !e->done)
		return -ENOMEM;
	for (; !err && e->threads_nr < want; e->threads_nr += !err)
		err = -pthread_create(&e->threads[e->threads_nr], NULL, pool__main, e);
	return err;
}

static long threads__submit(struct engine *e, struct iocb **batch, unsigned int n)
{
	pthread_mutex_lock(&e->lock);
	for (unsigned int i = 0; i < n; i++) {
		e->queue[(e->queue_head + e->queue_nr++) % e->depth] = batch[i];
		pthread_cond_signal(&e->has_work);
	}
	pthread_mutex_unlock(&e->lock);
	return n;
}

static long threads__reap(struct engine *e, unsigned int min, unsigned int max,
			  struct io_event *events)
{
	unsigned int n = 0;

	pthread_mutex_lock(&e->lock);
	while (e->done_nr < min)
		pthread_cond_wait(&e->has_done, &e->lock);
	for (; e->done_nr && n < max; e->done_nr--) {
		events[n++] = e->done[e->done_head];
		e->done_head = (e->done_head + 1) % e->depth;
	}
	pthread_mutex_unlock(&e->lock);
	return n;
}

static void threads__close(struct engine *e)
{
	if (!e)
		return;
	pthread_mutex_lock(&e->lock);
	e->ends = true;
	pthread_cond_broadcast(&e->has_work);
	pthread_mutex_unlock(&e->lock);
	while (e->threads_nr)
		pthread_join(e->threads[--e->threads_nr], NULL);
	pthread_cond_destroy(&e->has_done);
	pthread_cond_destroy(&e->has_work);
	pthread_mutex_destroy(&e->lock);
	free(e->queue);
	free(e->done);
	free(e);
}

const struct engine_ops engine_threads = {
	.name = "threads",
	.help = "a pool of threads with preadv(2) and pwritev(2)",
	.open = threads__open,
	.submit = threads__submit,
	.reap = threads__reap,
	.close = threads__close,
};
