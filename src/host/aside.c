// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "host/aside.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define FDS_MAX 4096
#define ANSWER_MAX 256

struct packet {
	int rc;
	_Alignas(16) char answer[ANSWER_MAX];
};

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

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

static int send_packet(int to, struct packet *p, int fd)
{
	struct iovec v = {p, sizeof(*p)};
	union control c = {0};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};

	if (fd >= 0) {
		m.msg_control = c.room;
		m.msg_controllen = sizeof(c.room);
		c.header = (struct cmsghdr){CMSG_LEN(sizeof(fd)), SOL_SOCKET, SCM_RIGHTS};
		memcpy(CMSG_DATA(&c.header), &fd, sizeof(fd));
	}
	return sendmsg(to, &m, 0) == (ssize_t)sizeof(*p) ? 0 : -errno;
}

static void __attribute__((noreturn)) run_child(aside_fn *ask, const void *ctx, int socket)
{
	struct packet p = {0};
	int fd = -1;

	close_all_but(socket);
	p.rc = ask(ctx, p.answer, &fd);
	_exit(send_packet(0, &p, fd) ? 1 : 0);
}

static int receive(int from, struct packet *p, int *fd)
{
	struct iovec v = {p, sizeof(*p)};
	union control c = {0};
	struct msghdr m = {.msg_iov = &v,
			   .msg_iovlen = 1,
			   .msg_control = c.room,
			   .msg_controllen = sizeof(c.room)};
	ssize_t n = recvmsg(from, &m, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *h = CMSG_FIRSTHDR(&m);

	if (n == (ssize_t)sizeof(*p) && h && h->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(h), sizeof(*fd));
	return n < 0 ? -errno : n == (ssize_t)sizeof(*p) ? 0 : -EIO;
}

static int wait_answer(int from, struct packet *p, int *fd, int timeout_ms)
{
	struct pollfd pfd = {.fd = from, .events = POLLIN};
	int n;

	do {
		n = poll(&pfd, 1, timeout_ms);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n ? -errno : -ETIMEDOUT;
	return receive(from, p, fd);
}

int aside__ask(aside_fn *ask, const void *ctx, void *answer, size_t size, int *fd, int timeout_ms)
{
	struct packet p = {0};
	int sockets[2], got = -1, rc;
	pid_t pid;

	if (size > sizeof(p.answer))
		return -EINVAL;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	pid = fork();
	if (!pid)
		run_child(ask, ctx, sockets[1]);
	rc = pid < 0 ? -errno : 0;
	close(sockets[1]);
	if (!rc)
		rc = wait_answer(sockets[0], &p, &got, timeout_ms);
	close(sockets[0]);
	/* One that hangs ends when it can; nobody waits for it. */
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, rc == -ETIMEDOUT ? WNOHANG : 0);
	}
	if (!rc)
		rc = p.rc;
	if (!rc)
		memcpy(answer, p.answer, size);
	if (fd && !rc)
		*fd = got;
	else if (got >= 0)
		close(got);
	return rc;
}
