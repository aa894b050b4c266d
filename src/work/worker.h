/* SPDX-License-Identifier: GPL-2.0 */
/* One thread that submits, and what each of its submits cost it. */
#ifndef AIOSTALL_WORK_WORKER_H
#define AIOSTALL_WORK_WORKER_H

#include "work/engine.h"
#include "work/target.h"

#define WORK_MAX_ERRNO 134

struct buffers;

/* Of one submit, by the thread's own accounts. */
struct call_stat {
	uint64_t wall_ns, nvcsw, nivcsw, cpu_ns, run_delay_ns;
};

struct worker {
	const struct work_opts *opts;
	const struct engine_ops *ops;
	struct engine *engine;
	int thread, tid, err;
	const char *what; /* what failed, when err is set */
	struct target targets[WORK_MAX_FILES];
	struct buffers *buffers;
	struct slot *slots;
	unsigned int *free_slots, nfree;
	struct iocb **batch;
	struct io_event *events;
	int schedstat_fd;
	struct call_stat *calls;
	uint64_t *request_ns;
	uint64_t submits, requests, short_submits, errors, eagain, bytes, completed, short_io,
		done_at_return;
	uint64_t inside; /* completed, when the submit that handed them over had just returned */
	bool at_return;
	uint64_t first_ns, last_ns; /* when the first call began, and the last request was done */
	int submit_err;		    /* -errno of the last submit that took nothing, 0 = none */
	uint64_t results[WORK_MAX_ERRNO]; /* failed requests by errno */
};

/* Make the files. 0, or -errno with what and err set; to be followed by worker__fini in both cases. */
int worker__init(struct worker *w, const struct work_opts *opts, int thread);
/* The calls, in the calling thread; err says how it went. */
void worker__run(struct worker *w);
void worker__fini(struct worker *w);

#endif
