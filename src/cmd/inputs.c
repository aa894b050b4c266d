// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "cmd/inputs.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/confine.h"
#include "cmd/progress.h"

/* What any file may cost, and what is added for what it holds: ten times what a recording needs. */
#define CPU_S 1
#define MIB_PER_CPU_S 4
#define MEMORY_BYTES (64ULL << 20)
#define MEMORY_PER_BYTE 4
#define MEMORY_MAX_BYTES (2ULL << 30)
#define OUTPUT_BYTES (64ULL << 20)
#define OUTPUT_PER_BYTE 16
/* Few are read before anybody wonders. */
#define SAY_AFTER_NS (NSEC_PER_SEC / 2)
#define SAY_EVERY_NS (NSEC_PER_SEC / 10)
/* The statistics of a comparison; one more for each MiB. */
#define MORE_CPU_S 30

struct inputs {
	struct store_input **input;
	size_t nr;
	size_t *current; /* which is read; shared with the child */
	uint64_t weight_bytes;
	bool on_terminal; /* somebody waits there */
	bool said;
	uint64_t next_ns; /* when to say how far it is */
};

/* Two descriptors for each: more than the usual limit with a few hundred hosts. */
static void allow_many_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int open_all(struct inputs *in, char *const *paths, size_t nr, struct err *e)
{
	allow_many_files();
	for (; in->nr < nr; in->nr++) {
		in->input[in->nr] = store_input__open(paths[in->nr], e);
		if (!in->input[in->nr])
			return -EIO;
		in->weight_bytes += store_input__weight(in->input[in->nr]);
	}
	return 0;
}

struct inputs *inputs__open(char *const *paths, size_t nr, struct err *e)
{
	struct inputs *in = calloc(1, sizeof(*in));
	void *shared = mmap(NULL, sizeof(*in->current), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (in) {
		in->current = shared == MAP_FAILED ? NULL : shared;
		in->input = calloc(nr ? nr : 1, sizeof(*in->input));
	}
	if (in)
		in->on_terminal = isatty(STDERR_FILENO);
	if (!in || !in->current || !in->input)
		err__set(e, -ENOMEM, "out of memory");
	else if (!open_all(in, paths, nr, e))
		return in;
	inputs__free(in);
	return NULL;
}

size_t inputs__nr(const struct inputs *in)
{
	return in->nr;
}

static void say_how_far(struct inputs *in, size_t i)
{
	uint64_t now_ns = clock__mono_ns();

	if (!in->next_ns)
		in->next_ns = now_ns + SAY_AFTER_NS;
	if (!in->on_terminal || now_ns < in->next_ns)
		return;
	in->next_ns = now_ns + SAY_EVERY_NS;
	in->said = true;
	progress__reading(i, in->nr, store_input__path(in->input[i]));
}

struct store_input *inputs__take(struct inputs *in, size_t i)
{
	*in->current = i;
	say_how_far(in, i);
	return in->input[i];
}

void inputs__say_no_more(struct inputs *in)
{
	if (in->said)
		progress__clear();
	in->said = false;
}

void inputs__are_read(struct inputs *in)
{
	inputs__say_no_more(in);
	*in->current = in->nr;
	confine__extend_time();
}

/* The recording under way, or what was made of all. */
static const char *what_was_read(const struct inputs *in)
{
	return *in->current < in->nr ? store_input__path(in->input[*in->current])
				     : "the recordings";
}

static int ended_by(const struct inputs *in, int sig, struct err *e)
{
	const char *what = what_was_read(in);

	if (sig == SIGXCPU || sig == SIGKILL) {
		err__set(e, -ETIME,
			 "cannot read %s: it takes more time than a recording of its size", what);
		err__hint(e, "It is damaged, or made to take long.");
	} else {
		err__set(e, -EFAULT,
			 "cannot read %s: the child that read it was ended by signal %d (%s)", what,
			 sig, strsignal(sig));
	}
	return -EIO;
}

static int *descriptors(const struct inputs *in)
{
	int *fds = calloc(in->nr ? in->nr : 1, 2 * sizeof(*fds));

	for (size_t i = 0; fds && i < in->nr; i++)
		store_input__fds(in->input[i], fds + 2 * i);
	return fds;
}

static int run(struct inputs *in, int output, int (*work)(void *ctx), void *ctx,
	       struct confine_end *end, struct err *e)
{
	uint64_t memory = MEMORY_BYTES + MEMORY_PER_BYTE * in->weight_bytes;
	int *fds = descriptors(in), rc;
	const struct confine_limits limits = {
		.cpu_s = CPU_S + (unsigned int)(in->weight_bytes / (MIB_PER_CPU_S << 20)),
		.more_cpu_s = MORE_CPU_S + (unsigned int)(in->weight_bytes >> 20),
		.memory_bytes = memory < MEMORY_MAX_BYTES ? memory : MEMORY_MAX_BYTES,
		.output_bytes = OUTPUT_BYTES + OUTPUT_PER_BYTE * in->weight_bytes,
		.output = output,
		.keep = fds,
		.nr_keep = 2 * in->nr,
	};

	rc = fds ? confine__run(work, ctx, &limits, end, e) : err__set(e, -ENOMEM, "out of memory");
	free(fds);
	return rc;
}

int inputs__run(struct inputs *in, struct output *out, int (*work)(void *ctx), void *ctx)
{
	struct confine_end end = {0};
	struct err e = {0};
	int rc = run(in, output__fd(out), work, ctx, &end, &e);

	if (!rc && end.signal)
		rc = ended_by(in, end.signal, &e);
	if (!rc && end.status == INPUTS_FAILED)
		return CMD_FAILED;
	if (!rc)
		rc = output__commit(out, &e);
	return rc ? cmd__fail(&e) : end.status;
}

void inputs__free(struct inputs *in)
{
	if (!in)
		return;
	for (size_t i = 0; in->input && i < in->nr; i++)
		store_input__free(in->input[i]);
	if (in->current)
		munmap(in->current, sizeof(*in->current));
	free(in->input);
	free(in);
}
