// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "qualify/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "qualify/run.h"

#define END_WAIT_MS 2000
#define STEP_MS 10

struct runner {
	pid_t pid;
	int begin, done; /* our ends: numbers of cells go in, cells come out */
};

/* One write, which a pipe takes whole. */
_Static_assert(sizeof(struct cell) <= PIPE_BUF, "a cell is one write to a pipe");

static void __attribute__((noreturn))
serve(const struct site *place, const struct plan *plan, uint64_t budget_ms, int begin, int done)
{
	struct cell c;
	size_t i;

	/* what a cell allocated and kept busy is none of the next one's business */
	while (read(begin, &i, sizeof(i)) == sizeof(i)) {
		if (i)
			run__cell(place, &plan->cells[i - 1], budget_ms, &c);
		else
			run__warm_up(place, plan->cells[0].engine, &c);
		if (write(done, &c, sizeof(c)) != sizeof(c))
			break;
	}
	_exit(0);
}

/* Signals of the terminal are for the parent, which ends this process; a killed parent does so too. */
static void detach(pid_t parent)
{
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
}

static void close_both(const int fds[2])
{
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

struct runner *runner__new(const struct site *place, const struct plan *plan, uint64_t budget_ms,
			   struct err *e)
{
	struct runner *r = calloc(1, sizeof(*r));
	int begin[2] = {-1, -1}, done[2] = {-1, -1};
	pid_t parent = getpid();

	if (!r || pipe2(begin, O_CLOEXEC) || pipe2(done, O_CLOEXEC) || (r->pid = fork()) < 0) {
		err__set(e, -errno, "cannot start the load: %s", strerror(errno));
		close_both(begin);
		close_both(done);
		free(r);
		return NULL;
	}
	if (!r->pid) {
		close(begin[1]);
		close(done[0]);
		detach(parent);
		serve(place, plan, budget_ms, begin[0], done[1]);
	}
	close(begin[0]);
	close(done[1]);
	r->begin = begin[1];
	r->done = done[0];
	return r;
}

pid_t runner__pid(const struct runner *r)
{
	return r->pid;
}

int runner__fd(const struct runner *r)
{
	return r->done;
}

int runner__begin(struct runner *r, size_t i)
{
	return write(r->begin, &i, sizeof(i)) == sizeof(i) ? 0 : -EPIPE;
}

int runner__take(struct runner *r, struct cell *c)
{
	ssize_t n = read(r->done, c, sizeof(*c));

	if (n < 0)
		return -errno;
	return n == sizeof(*c) ? 0 : -EPIPE;
}

static bool has_ended(struct runner *r)
{
	return waitpid(r->pid, NULL, WNOHANG) == r->pid;
}

/* What sleeps in the kernel is killed when it wakes: it is not waited for longer than this. */
static void end(struct runner *r)
{
	struct timespec step = {.tv_nsec = STEP_MS * NSEC_PER_MSEC};

	close(r->begin);
	close(r->done);
	kill(r->pid, SIGKILL);
	for (int ms = 0; ms < END_WAIT_MS && !has_ended(r); ms += STEP_MS)
		nanosleep(&step, NULL);
}

void runner__free(struct runner *r)
{
	if (r)
		end(r);
	free(r);
}
