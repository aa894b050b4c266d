// SPDX-License-Identifier: GPL-2.0
/*
 * ringecho [--single] [--clients N] [--rounds N]: an echo server on io_uring, and clients that talk to
 * it in turns from a process of their own. One accept and one receive for each client stay in the
 * kernel for good (multishot), or with --single each is handed over again. Prints what the server
 * handed over, and how often its thread slept meanwhile, as JSON.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <liburing.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_CLIENTS 64
#define BYTES 64
/* Of buffers that the kernel takes for what it receives. */
#define BUFFERS 256
#define GROUP 7

enum what { ACCEPT, RECEIVE, SEND, PROVIDE };

struct server {
	struct io_uring ring;
	int listener;
	bool single;
	unsigned int clients, rounds, accepted, left, echoed;
	unsigned long accepts, receives, sends, provides, enters;
	char buffers[BUFFERS][BYTES];
};

static void die(const char *what, int err)
{
	fprintf(stderr, "ringecho: %s: %s\n", what, strerror(err));
	exit(1);
}

/* ---- the clients ---- */

static int connect_to(const struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0 || connect(fd, (const struct sockaddr *)at, sizeof(*at)))
		die("connect", errno);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

/* All say something, then all hear it. */
static int talk(const struct server *s, const struct sockaddr_in *at)
{
	int fds[MAX_CLIENTS];
	char said[BYTES], heard[BYTES];

	for (unsigned int i = 0; i < s->clients; i++)
		fds[i] = connect_to(at);
	for (unsigned int round = 0; round < s->rounds; round++) {
		memset(said, 'a' + (int)(round % 26), sizeof(said));
		for (unsigned int i = 0; i < s->clients; i++)
			if (send(fds[i], said, BYTES, 0) != BYTES)
				die("send", errno);
		for (unsigned int i = 0; i < s->clients; i++)
			if (recv(fds[i], heard, BYTES, MSG_WAITALL) != BYTES ||
			    memcmp(said, heard, BYTES) != 0)
				die("recv", errno);
	}
	return 0;
}

/* ---- the server ---- */

static struct io_uring_sqe *entry(struct server *s)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->ring);

	if (!sqe)
		die("io_uring_get_sqe", EBUSY);
	return sqe;
}

static void mark(struct io_uring_sqe *sqe, enum what what, int fd)
{
	sqe->user_data = (uint64_t)what << 32 | (unsigned int)fd;
}

static void queue_accept(struct server *s)
{
	struct io_uring_sqe *sqe = entry(s);

	if (s->single)
		io_uring_prep_accept(sqe, s->listener, NULL, NULL, 0);
	else
		io_uring_prep_multishot_accept(sqe, s->listener, NULL, NULL, 0);
	mark(sqe, ACCEPT, s->listener);
	s->accepts++;
}

static void queue_receive(struct server *s, int fd)
{
	struct io_uring_sqe *sqe = entry(s);

	if (s->single)
		io_uring_prep_recv(sqe, fd, NULL, BYTES, 0);
	else
		io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
	mark(sqe, RECEIVE, fd);
	s->receives++;
}

/* The answer, and after it the buffer goes back to the kernel: one follows the other. */
static void queue_answer(struct server *s, int fd, unsigned int buffer, unsigned int size)
{
	struct io_uring_sqe *sqe = entry(s);

	io_uring_prep_send(sqe, fd, s->buffers[buffer], size, 0);
	sqe->flags |= IOSQE_IO_LINK;
	mark(sqe, SEND, fd);
	s->sends++;
	sqe = entry(s);
	io_uring_prep_provide_buffers(sqe, s->buffers[buffer], BYTES, 1, GROUP, (int)buffer);
	mark(sqe, PROVIDE, fd);
	s->provides++;
}

static void received(struct server *s, int fd, const struct io_uring_cqe *cqe)
{
	bool more = cqe->flags & IORING_CQE_F_MORE;

	if (cqe->res < 0 && cqe->res != -ENOBUFS && cqe->res != -ECONNRESET)
		die("recv of io_uring", -cqe->res);
	if (cqe->res > 0) {
		queue_answer(s, fd, cqe->flags >> IORING_CQE_BUFFER_SHIFT, (unsigned int)cqe->res);
		s->echoed += (unsigned int)cqe->res;
	}
	if (cqe->res > 0 || cqe->res == -ENOBUFS) {
		if (!more)
			queue_receive(s, fd);
	} else {
		s->left++;
	}
}

static void completed(struct server *s, const struct io_uring_cqe *cqe)
{
	enum what what = cqe->user_data >> 32;

	if (what == RECEIVE) {
		received(s, (int)(unsigned int)cqe->user_data, cqe);
		return;
	}
	if (cqe->res < 0)
		die("io_uring", -cqe->res);
	if (what == ACCEPT) {
		s->accepted++;
		queue_receive(s, cqe->res);
		if (s->accepted < s->clients && !(cqe->flags & IORING_CQE_F_MORE))
			queue_accept(s);
	}
}

static void serve(struct server *s)
{
	while (s->left < s->clients) {
		struct io_uring_cqe *cqe;
		int rc = io_uring_submit_and_wait(&s->ring, 1);

		s->enters++;
		if (rc < 0 && rc != -EINTR)
			die("io_uring_enter", -rc);
		while (!io_uring_peek_cqe(&s->ring, &cqe)) {
			struct io_uring_cqe copy = *cqe;

			io_uring_cqe_seen(&s->ring, cqe);
			completed(s, &copy);
		}
	}
}

/* The ring, and a socket to which clients can come. */
static struct sockaddr_in open_all(struct server *s)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	int rc = io_uring_queue_init(4 * MAX_CLIENTS, &s->ring, 0);

	if (rc)
		die("io_uring_setup", -rc);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&at, sizeof(at)) ||
	    listen(s->listener, MAX_CLIENTS) ||
	    getsockname(s->listener, (struct sockaddr *)&at, &size))
		die("listen", errno);
	return at;
}

/* All buffers to the kernel, then whoever comes. */
static void queue_first(struct server *s)
{
	struct io_uring_sqe *sqe = entry(s);

	io_uring_prep_provide_buffers(sqe, s->buffers, BYTES, BUFFERS, GROUP, 0);
	sqe->flags |= IOSQE_IO_LINK;
	mark(sqe, PROVIDE, 0);
	s->provides++;
	queue_accept(s);
}

static void parse(struct server *s, int argc, char **argv)
{
	static const struct option options[] = {{"single", 0, NULL, 's'},
						{"clients", 1, NULL, 'c'},
						{"rounds", 1, NULL, 'r'},
						{NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 's')
			s->single = true;
		else if (c == 'c')
			s->clients = (unsigned int)strtoul(optarg, NULL, 10);
		else if (c == 'r')
			s->rounds = (unsigned int)strtoul(optarg, NULL, 10);
		else
			exit(2);
	}
	if (!s->clients || s->clients > MAX_CLIENTS)
		exit(2);
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int main(int argc, char **argv)
{
	static struct server s = {.clients = 8, .rounds = 100};
	struct rusage before, after;
	struct sockaddr_in at;
	uint64_t start, cpu;
	int status;
	pid_t pid;

	parse(&s, argc, argv);
	at = open_all(&s);
	pid = fork();
	if (pid < 0)
		die("fork", errno);
	if (!pid)
		_exit(talk(&s, &at));
	start = now_ns(CLOCK_MONOTONIC);
	cpu = now_ns(CLOCK_THREAD_CPUTIME_ID);
	getrusage(RUSAGE_THREAD, &before);
	queue_first(&s);
	serve(&s);
	getrusage(RUSAGE_THREAD, &after);
	cpu = now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	start = now_ns(CLOCK_MONOTONIC) - start;
	if (waitpid(pid, &status, 0) != pid || status)
		return 1;
	printf("{\"accepts\":%lu,\"receives\":%lu,\"sends\":%lu,\"provides\":%lu,\"requests\":%lu,"
	       "\"enters\":%lu,\"accepted\":%u,\"echoed\":%u,\"nvcsw\":%ld,\"cpu_ns\":%llu,"
	       "\"wall_ns\":%llu}\n",
	       s.accepts, s.receives, s.sends, s.provides,
	       s.accepts + s.receives + s.sends + s.provides, s.enters, s.accepted, s.echoed,
	       after.ru_nvcsw - before.ru_nvcsw, (unsigned long long)cpu,
	       (unsigned long long)start);
	return 0;
}
