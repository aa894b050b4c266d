// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "work/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "work/buffers.h"
#include "work/pace.h"

struct slot {
	struct iocb cb;
	struct iovec vec;
	uint64_t start_ns, submit_no;
};

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static int worker__fail(struct worker *w, const char *what, int err)
{
	w->what = what;
	w->err = err;
	return err;
}

static int worker__alloc(struct worker *w)
{
	const struct work_opts *o = w->opts;

	w->slots = calloc(o->qd, sizeof(*w->slots));
	w->free_slots = calloc(o->qd, sizeof(*w->free_slots));
	w->events = calloc(o->qd, sizeof(*w->events));
	w->batch = calloc(o->batch, sizeof(*w->batch));
	w->calls = calloc(o->calls, sizeof(*w->calls));
	w->request_ns = calloc(o->calls * o->batch, sizeof(*w->request_ns));
	if (!w->slots || !w->free_slots || !w->events || !w->batch || !w->calls || !w->request_ns)
		return -ENOMEM;
	/* Touched now: a page fault on our own figures must not fall into a call. */
	memset(w->calls, 0, o->calls * sizeof(*w->calls));
	for (unsigned int i = 0; i < o->qd; i++)
		w->free_slots[w->nfree++] = i;
	return 0;
}

int worker__init(struct worker *w, const struct work_opts *opts, int thread)
{
	int err;

	*w = (struct worker){.opts = opts,
			     .ops = engine__find(opts->engine),
			     .thread = thread,
			     .schedstat_fd = -1};
	for (unsigned int i = 0; i < opts->nfiles; i++)
		w->targets[i].fd = w->targets[i].nameless_fd = -1;
	err = worker__alloc(w);
	if (err)
		return worker__fail(w, "memory", err);
	for (unsigned int i = 0; i < opts->nfiles; i++) {
		struct target *t = &w->targets[i];

		err = target__init(t, opts, opts->files[i], opts->threads > 1 ? thread : -1);
		if (err)
			return worker__fail(w, "file name or --state", err);
		err = opts->no_prepare ? 0 : target__prepare(t);
		if (err)
			return worker__fail(w, "preparing the file", err);
	}
	return 0;
}

static int worker__open(struct worker *w)
{
	char path[64];
	int err;

	for (unsigned int i = 0; i < w->opts->nfiles; i++) {
		err = target__open(&w->targets[i]);
		if (err)
			return worker__fail(w, "opening the file", err);
	}
	w->buffers = buffers__new(w->opts, (unsigned int)w->opts->qd);
	if (!w->buffers)
		return worker__fail(w,
				    "buffers (swapped needs swap, cold and shared a "
				    "--buffer-file, uffd userfaultfd)",
				    -errno);
	err = w->ops->open(&w->engine, (unsigned int)w->opts->qd);
	if (err)
		return worker__fail(w, "setting up the engine", err);
	snprintf(path, sizeof(path), "/proc/self/task/%d/schedstat", w->tid);
	/* Absent without CONFIG_SCHED_INFO: run_delay is then 0. */
	w->schedstat_fd = open(path, O_RDONLY | O_CLOEXEC);
	return 0;
}

void worker__fini(struct worker *w)
{
	if (w->ops)
		w->ops->close(w->engine);
	for (unsigned int i = 0; i < w->opts->nfiles; i++)
		target__close(&w->targets[i]);
	buffers__free(w->buffers);
	if (w->schedstat_fd >= 0)
		close(w->schedstat_fd);
	free(w->slots);
	free(w->free_slots);
	free(w->events);
	free(w->batch);
	free(w->calls);
	free(w->request_ns);
}

static void worker__complete(struct worker *w, const struct io_event *ev, uint64_t now)
{
	unsigned int i = (unsigned int)ev->data;
	struct slot *s = &w->slots[i];
	int64_t res = ev->res;

	w->free_slots[w->nfree++] = i;
	if (w->completed < w->opts->calls * w->opts->batch)
		w->request_ns[w->completed] = now - s->start_ns;
	w->completed++;
	w->inside += w->at_return && s->submit_no == w->submits;
	if (res < 0) {
		w->results[-res < WORK_MAX_ERRNO ? -res : 0]++;
		return;
	}
	if (s->cb.aio_lio_opcode > IOCB_CMD_PWRITE && s->cb.aio_lio_opcode < IOCB_CMD_PREADV)
		return;
	w->bytes += (uint64_t)res;
	if ((uint64_t)res != (w->opts->vectored ? s->vec.iov_len : s->cb.aio_nbytes))
		w->short_io++;
}

/* Takes what is complete, waiting for at least @min. Returns their number or -errno. */
static int worker__reap(struct worker *w, unsigned int min)
{
	long n = w->ops->reap(w->engine, min, (unsigned int)w->opts->qd, w->events);
	uint64_t now;

	if (n < 0)
		return (int)n;
	now = clock__mono_ns();
	if (n)
		w->last_ns = now;
	for (long i = 0; i < n; i++)
		worker__complete(w, &w->events[i], now);
	return (int)n;
}

static uint64_t worker__run_delay(const struct worker *w)
{
	char buf[96];
	unsigned long long delay = 0;
	ssize_t n = w->schedstat_fd < 0 ? 0 : pread(w->schedstat_fd, buf, sizeof(buf) - 1, 0);

	if (n <= 0)
		return 0;
	buf[n] = '\0';
	if (sscanf(buf, "%*u %llu", &delay) != 1)
		return 0;
	return delay;
}

/* Nothing may come between the two getrusage calls but the submit: the counts are exact. */
static long worker__measure(struct worker *w, struct call_stat *c)
{
	struct rusage before, after;
	uint64_t delay, cpu, start, end;
	long accepted;

	delay = worker__run_delay(w);
	cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	getrusage(RUSAGE_THREAD, &before);
	start = clock_ns(CLOCK_MONOTONIC);
	accepted = w->ops->submit(w->engine, w->batch, (unsigned int)w->opts->batch);
	end = clock_ns(CLOCK_MONOTONIC);
	getrusage(RUSAGE_THREAD, &after);
	c->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	c->run_delay_ns = worker__run_delay(w) - delay;
	c->wall_ns = end - start;
	c->nvcsw = (uint64_t)(after.ru_nvcsw - before.ru_nvcsw);
	c->nivcsw = (uint64_t)(after.ru_nivcsw - before.ru_nivcsw);
	return accepted;
}

static int worker__fill(struct worker *w)
{
	uint64_t now;
	int err;

	for (unsigned int k = 0; k < w->opts->batch; k++) {
		unsigned int i = w->free_slots[--w->nfree];
		struct slot *s = &w->slots[i];
		struct target *t = &w->targets[k % w->opts->nfiles];

		err = target__fill(t, &s->cb, buffers__get(w->buffers, i), &s->vec);
		if (err)
			return err;
		s->cb.aio_data = i;
		s->submit_no = w->submits + 1;
		w->batch[k] = &s->cb;
	}
	for (unsigned int k = 0; k < w->opts->batch; k++)
		target__arm(&w->targets[k % w->opts->nfiles]);
	now = clock__mono_ns();
	for (unsigned int k = 0; k < w->opts->batch; k++)
		w->slots[w->batch[k]->aio_data].start_ns = now;
	return 0;
}

static void worker__count(struct worker *w, long accepted)
{
	unsigned int taken = accepted > 0 ? (unsigned int)accepted : 0;

	w->submits++;
	w->requests += taken;
	if (accepted < 0)
		w->submit_err = (int)accepted;
	if (accepted < 0)
		w->errors++;
	else if (taken < w->opts->batch)
		w->short_submits++;
	if (accepted == -EAGAIN)
		w->eagain++;
	/* The refused ones are not tried again: the number of calls stays the one asked for. */
	for (unsigned int k = taken; k < w->opts->batch; k++)
		w->free_slots[w->nfree++] = (unsigned int)w->batch[k]->aio_data;
}

static int worker__call(struct worker *w)
{
	long accepted;
	int n;

	while (w->nfree < w->opts->batch) {
		n = worker__reap(w, 1);
		if (n < 0)
			return n;
	}
	n = worker__fill(w);
	if (n < 0)
		return n;
	accepted = worker__measure(w, &w->calls[w->submits]);
	worker__count(w, accepted);
	w->at_return = true;
	n = worker__reap(w, 0);
	w->at_return = false;
	if (n < 0)
		return n;
	/* With a queue deeper than the batch, older requests may be among them. */
	w->done_at_return += (uint64_t)n;
	pace__sleep_us(w->opts->gap_us);
	return 0;
}

static bool worker__goes_on(const struct worker *w)
{
	uint64_t max_ns = w->opts->max_ms * NSEC_PER_MSEC;

	return !work_stop && w->submits < w->opts->calls &&
	       (!max_ns || clock__mono_ns() - w->first_ns < max_ns);
}

void worker__run(struct worker *w)
{
	int err = 0;

	w->tid = (int)syscall(SYS_gettid);
	if (w->opts->pin != WORK_NO_PIN) {
		err = pace__pin((int)w->opts->pin);
		if (err) {
			worker__fail(w, "--pin", err);
			return;
		}
	}
	if (worker__open(w))
		return;
	w->first_ns = clock__mono_ns();
	while (!err && worker__goes_on(w))
		err = worker__call(w);
	while (!err && w->nfree < w->opts->qd) {
		int n = worker__reap(w, 1);

		err = n < 0 ? n : 0;
	}
	if (err)
		worker__fail(w, "request", err);
}
