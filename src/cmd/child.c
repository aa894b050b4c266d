// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "cmd/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd/interrupt.h"

#define TERM_WAIT_MS 5000
#define KILL_WAIT_MS 1000
#define STEP_MS 10

struct child {
	pid_t pid;
	int go;	    /* a byte here lets the child go on */
	int result; /* errno of a failed exec, end of file after a good one */
	bool ended, stopped;
	int status;
	const char *name;
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void __attribute__((noreturn))
run_child(char **argv, const struct runas *as, int go, int result)
{
	char byte;
	ssize_t n;
	int err;

	/* ignored signals survive an exec; the command must not inherit ours */
	signal(SIGPIPE, SIG_DFL);
	do
		n = read(go, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(125);
	interrupt__as_inherited();
	err = -runas__become(as);
	if (!err) {
		execvp(argv[0], argv);
		err = errno;
	}
	n = write(result, &err, sizeof(err));
	(void)n; /* the parent is gone: the status tells all there is */
	_exit(err == ENOENT ? 127 : 126);
}

struct child *child__new(char **argv, const struct runas *as, struct err *e)
{
	struct child *c = calloc(1, sizeof(*c));
	int go[2] = {-1, -1}, result[2] = {-1, -1};

	if (!c) {
		err__set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	c->name = argv[0];
	c->go = c->result = -1;
	if (pipe2(go, O_CLOEXEC) || pipe2(result, O_CLOEXEC))
		goto fail;
	c->pid = fork();
	if (c->pid < 0)
		goto fail;
	if (c->pid == 0) {
		close(go[1]);
		run_child(argv, as, go[0], result[1]);
	}
	close(go[0]);
	close(result[1]);
	c->go = go[1];
	c->result = result[0];
	return c;
fail:
	err__set(e, -errno, "cannot start %s: %s", argv[0], strerror(errno));
	for (int i = 0; i < 2; i++) {
		close_fd(&go[i]);
		close_fd(&result[i]);
	}
	free(c);
	return NULL;
}

pid_t child__pid(const struct child *c)
{
	return c->pid;
}

static void note_status(struct child *c, int status)
{
	c->ended = true;
	c->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int child__release(struct child *c, struct err *e)
{
	int err = 0, status;
	ssize_t n = write(c->go, "", 1);

	close_fd(&c->go);
	if (n != 1)
		return err__set(e, -EPIPE, "cannot start %s: it ended early", c->name);
	do
		n = read(c->result, &err, sizeof(err));
	while (n < 0 && errno == EINTR);
	close_fd(&c->result);
	if (n != sizeof(err))
		return 0;
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	note_status(c, status);
	return err__set(e, -err, "cannot run %s: %s", c->name, strerror(err));
}

void child__signal(const struct child *c, int sig)
{
	if (!c->ended)
		kill(c->pid, sig);
}

bool child__ended(struct child *c)
{
	int status;

	if (!c->ended && waitpid(c->pid, &status, WNOHANG) == c->pid)
		note_status(c, status);
	return c->ended;
}

static bool wait_ms(struct child *c, int ms)
{
	struct timespec step = {.tv_nsec = STEP_MS * NSEC_PER_MSEC};

	for (; !child__ended(c) && ms > 0; ms -= STEP_MS)
		nanosleep(&step, NULL);
	return c->ended;
}

bool child__stop(struct child *c)
{
	if (child__ended(c))
		return true;
	c->stopped = true;
	child__signal(c, SIGTERM);
	if (wait_ms(c, TERM_WAIT_MS))
		return true;
	child__signal(c, SIGKILL);
	if (wait_ms(c, KILL_WAIT_MS))
		return true;
	c->status = 128 + SIGKILL;
	return false;
}

bool child__was_stopped(const struct child *c)
{
	return c->stopped;
}

int child__status(const struct child *c)
{
	return c->status;
}

void child__free(struct child *c)
{
	if (!c)
		return;
	close_fd(&c->result);
	if (c->go >= 0) {
		/* end of file: it leaves without having executed anything */
		close_fd(&c->go);
		wait_ms(c, KILL_WAIT_MS);
	}
	free(c);
}
