// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "host/aside.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"

#define FDS_MAX 4096
/* An idle child ends: it holds the memory that its parent has changed since. */
#define IDLE_MS 3000
/* Those that hang where not even SIGKILL reaches them; with as many nothing is asked. */
#define HUNG_MAX 8
#define END_MS 50

struct question {
	aside_fn *ask;
	size_t size; /* of the answer */
	_Alignas(16) char ctx[ASIDE_QUESTION_MAX];
};

struct answer {
	int rc;
	_Alignas(16) char bytes[ASIDE_ANSWER_MAX];
};

struct aside {
	int timeout_ms;
	uint64_t rest_ns, rest_until_ns;
	uint64_t *progress; /* shared with the child */
	pid_t pid;	    /* 0 = there is none */
	int socket;
	pid_t hung[HUNG_MAX];
	size_t nr_hung;
	struct question question;
	struct answer answer;
};

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

struct aside *aside__new(int timeout_ms, uint64_t rest_ns)
{
	struct aside *a = calloc(1, sizeof(*a));
	void *shared;

	if (!a)
		return NULL;
	shared = mmap(NULL, sizeof(*a->progress), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		free(a);
		return NULL;
	}
	a->progress = shared;
	a->timeout_ms = timeout_ms;
	a->rest_ns = rest_ns;
	a->socket = -1;
	return a;
}

uint64_t *aside__progress(struct aside *a)
{
	return a ? a->progress : NULL;
}

/* ---- the child ---- */

/*
 * A child that hangs in the filesystem outlives its parent: it must not keep
 * the parent's probes attached, nor its output open.
 */
static void close_all_but(int keep)
{
	if (dup2(keep, 0) != 0)
		_exit(1);
	if (!syscall(SYS_close_range, 1U, ~0U, 0U))
		return;
	for (int fd = 1; fd < FDS_MAX; fd++)
		close(fd);
}

static int send_answer(const struct answer *answer, size_t size, int fd)
{
	struct iovec v = {(void *)answer, offsetof(struct answer, bytes) + size};
	union control c = {0};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};

	if (fd >= 0) {
		m.msg_control = c.room;
		m.msg_controllen = sizeof(c.room);
		c.header = (struct cmsghdr){CMSG_LEN(sizeof(fd)), SOL_SOCKET, SCM_RIGHTS};
		memcpy(CMSG_DATA(&c.header), &fd, sizeof(fd));
	}
	return sendmsg(0, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int serve_one(struct question *q, struct answer *answer)
{
	struct pollfd pfd = {.fd = 0, .events = POLLIN};
	int fd = -1, rc;

	if (poll(&pfd, 1, IDLE_MS) <= 0 || recv(0, q, sizeof(*q), 0) <= 0)
		return -EPIPE;
	memset(answer->bytes, 0, q->size);
	answer->rc = q->ask(q->ctx, answer->bytes, &fd);
	rc = send_answer(answer, q->size, fd);
	if (fd >= 0)
		close(fd);
	return rc;
}

static void __attribute__((noreturn)) run_child(struct aside *a, int socket, pid_t parent)
{
	sigset_t all;

	/* what the terminal sends is for the parent, whose end is this one's */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(1);
	close_all_but(socket);
	while (!serve_one(&a->question, &a->answer))
		;
	_exit(0);
}

/* ---- its parent ---- */

static void reap_hung(struct aside *a)
{
	size_t left = 0;

	for (size_t i = 0; i < a->nr_hung; i++)
		if (!waitpid(a->hung[i], NULL, WNOHANG))
			a->hung[left++] = a->hung[i];
	a->nr_hung = left;
}

/* One that hangs ends when it can; nobody waits for it. */
static void stop(struct aside *a)
{
	const struct timespec ms = {.tv_nsec = (long)NSEC_PER_MSEC};
	pid_t gone = 0;

	if (!a->pid)
		return;
	close(a->socket);
	kill(a->pid, SIGKILL);
	for (int i = 0; i < END_MS && !gone; i++) {
		gone = waitpid(a->pid, NULL, WNOHANG);
		if (!gone)
			nanosleep(&ms, NULL);
	}
	if (!gone)
		a->hung[a->nr_hung++] = a->pid;
	a->pid = 0;
	a->socket = -1;
}

static int start(struct aside *a)
{
	pid_t parent = getpid();
	int sockets[2];

	reap_hung(a);
	if (a->nr_hung == HUNG_MAX)
		return -EAGAIN;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	a->pid = fork();
	if (!a->pid)
		run_child(a, sockets[1], parent);
	close(sockets[1]);
	if (a->pid < 0) {
		int rc = -errno;

		close(sockets[0]);
		a->pid = 0;
		return rc;
	}
	a->socket = sockets[0];
	return 0;
}

static int send_question(struct aside *a, aside_fn *ask, const void *ctx, size_t ctx_size,
			 size_t size)
{
	a->question.ask = ask;
	a->question.size = size;
	memcpy(a->question.ctx, ctx, ctx_size);
	return send(a->socket, &a->question, offsetof(struct question, ctx) + ctx_size,
		    MSG_NOSIGNAL) < 0
		       ? -errno
		       : 0;
}

/* -EPIPE if the child is gone. */
static int receive(struct aside *a, size_t size, int *fd)
{
	struct iovec v = {&a->answer, offsetof(struct answer, bytes) + size};
	union control c = {0};
	struct msghdr m = {.msg_iov = &v,
			   .msg_iovlen = 1,
			   .msg_control = c.room,
			   .msg_controllen = sizeof(c.room)};
	ssize_t n = recvmsg(a->socket, &m, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *h = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;

	if (h && h->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(h), sizeof(*fd));
	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return (size_t)n == v.iov_len ? 0 : -EPIPE;
}

static int wait_answer(struct aside *a)
{
	struct pollfd pfd = {.fd = a->socket, .events = POLLIN};
	const volatile uint64_t *progress = a->progress;
	uint64_t before;
	int n;

	do {
		before = *progress;
		n = poll(&pfd, 1, a->timeout_ms);
	} while ((n < 0 && errno == EINTR) || (!n && *progress != before));
	if (n > 0)
		return 0;
	return n ? -errno : -ETIMEDOUT;
}

static int ask_once(struct aside *a, aside_fn *ask, const void *ctx, size_t ctx_size, size_t size,
		    int *fd)
{
	int rc = a->pid ? 0 : start(a);

	if (!rc)
		rc = send_question(a, ask, ctx, ctx_size, size);
	if (!rc)
		rc = wait_answer(a);
	if (!rc)
		rc = receive(a, size, fd);
	if (rc)
		stop(a);
	return rc;
}

static int ask_child(struct aside *a, aside_fn *ask, const void *ctx, size_t ctx_size, size_t size,
		     int *fd)
{
	bool was_there = a->pid;
	int rc = ask_once(a, ask, ctx, ctx_size, size, fd);

	/* it has just ended for want of questions */
	if (rc == -EPIPE && was_there)
		rc = ask_once(a, ask, ctx, ctx_size, size, fd);
	if (rc == -ETIMEDOUT)
		a->rest_until_ns = clock__mono_ns() + a->rest_ns;
	return rc ? rc : a->answer.rc;
}

static int hand_over(int rc, int got, int *fd)
{
	if (fd && !rc)
		*fd = got;
	else if (got >= 0)
		close(got);
	return rc;
}

int aside__ask(struct aside *a, aside_fn *ask, const void *ctx, size_t ctx_size, void *answer,
	       size_t size, int *fd)
{
	int got = -1, rc;

	if (size > ASIDE_ANSWER_MAX || ctx_size > ASIDE_QUESTION_MAX)
		return -EINVAL;
	if (!a) {
		rc = ask(ctx, answer, &got);
		return hand_over(rc, got, fd);
	}
	if (a->rest_until_ns && clock__mono_ns() < a->rest_until_ns)
		return -EAGAIN;
	rc = ask_child(a, ask, ctx, ctx_size, size, &got);
	if (!rc)
		memcpy(answer, a->answer.bytes, size);
	return hand_over(rc, got, fd);
}

void aside__free(struct aside *a)
{
	if (!a)
		return;
	stop(a);
	munmap(a->progress, sizeof(*a->progress));
	free(a);
}
