// SPDX-License-Identifier: GPL-2.0
#include "base/beside.h"

#include <signal.h>
#include <stdlib.h>

struct work {
	void (*fn)(void *ctx);
	void *ctx;
};

static void *run(void *arg)
{
	struct work work = *(struct work *)arg;

	free(arg);
	work.fn(work.ctx);
	return NULL;
}

static bool start_thread(struct beside *b, struct work *work)
{
	sigset_t all, before;
	int rc;

	/* they are for who waits for them */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&b->thread, NULL, run, work);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return !rc;
}

void beside__start(struct beside *b, void (*fn)(void *ctx), void *ctx)
{
	struct work *work = malloc(sizeof(*work));

	b->goes_on = false;
	if (work) {
		*work = (struct work){fn, ctx};
		b->goes_on = start_thread(b, work);
	}
	if (b->goes_on)
		return;
	free(work);
	fn(ctx);
}

void beside__wait(struct beside *b)
{
	if (b->goes_on)
		pthread_join(b->thread, NULL);
	b->goes_on = false;
}
