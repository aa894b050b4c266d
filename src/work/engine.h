/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How requests are handed over: an engine is one file with one struct engine_ops and a row in
 * engine.c. Requests and completions have the form that io_submit(2) gave them, whatever the engine.
 */
#ifndef AIOSTALL_WORK_ENGINE_H
#define AIOSTALL_WORK_ENGINE_H

#include <linux/aio_abi.h>
#include <stddef.h>

struct engine;

struct engine_ops {
	const char *name, *help;
	/* For at most depth requests in flight. 0 or -errno; *out is to be closed in both cases. */
	int (*open)(struct engine **out, unsigned int depth);
	/*
	 * Hand over n requests: what is measured as the submit. aio_data of each is below depth and
	 * of no other in flight. How many were taken, or -errno if none was.
	 */
	long (*submit)(struct engine *e, struct iocb **batch, unsigned int n);
	/* What is complete, at most max, waiting for at least min: data and res are set. Their number or -errno. */
	long (*reap)(struct engine *e, unsigned int min, unsigned int max, struct io_event *events);
	void (*close)(struct engine *e); /* close(NULL) works */
};

extern const struct engine_ops engine_aio;
extern const struct engine_ops engine_uring;
extern const struct engine_ops engine_uring_async;
extern const struct engine_ops engine_uring_sqpoll;
extern const struct engine_ops engine_nowait;
extern const struct engine_ops engine_posix_aio;
extern const struct engine_ops engine_threads;

/* The i-th engine, NULL past the end. */
const struct engine_ops *engine__at(size_t i);
const struct engine_ops *engine__find(const char *name);

#endif
