// SPDX-License-Identifier: GPL-2.0
/*
 * ringstorm MODE FILE N: does N times what a program does to rings that has no manners. Reads of FILE
 * into memory that is not there keep workers asleep meanwhile. Prints what it has done, as JSON.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absent.h"

#define DEPTH 8
#define DELAY_US 1000

struct storm {
	const char *path;
	int fd;
	unsigned int n;
	unsigned long requests, completed, wrong;
	char *present;
	struct absent absent;
};

static void die(const char *what)
{
	fprintf(stderr, "ringstorm: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void open_all(struct storm *s, unsigned int delay_us)
{
	static char block[DEPTH * BLOCK];

	s->fd = open(s->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->fd < 0 || pwrite(s->fd, block, sizeof(block), 0) != sizeof(block))
		die(s->path);
	s->present = malloc(DEPTH * BLOCK);
	if (!s->present || !absent__open(&s->absent, DEPTH * BLOCK, delay_us))
		die("userfaultfd");
}

static void open_ring(struct io_uring *ring, unsigned int entries, unsigned int flags)
{
	struct io_uring_params params = {.flags = flags, .sq_thread_idle = 20};
	int rc = io_uring_queue_init_params(entries, ring, &params);

	if (rc) {
		errno = -rc;
		die("io_uring_setup");
	}
}

/* Every other one goes to a worker, and sleeps there. */
static void submit(struct storm *s, struct io_uring *ring, unsigned int call)
{
	int rc;

	for (unsigned int k = 0; k < DEPTH; k++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
		char *to = (k % 2 ? s->absent.memory : s->present) + (size_t)k * BLOCK;

		if (!sqe)
			die("io_uring_get_sqe");
		io_uring_prep_read(sqe, s->fd, to, BLOCK, (uint64_t)k * BLOCK);
		sqe->flags |= k % 2 ? IOSQE_ASYNC : 0;
		sqe->user_data = (uint64_t)call << 32 | k;
	}
	rc = io_uring_submit(ring);
	if (rc < 0) {
		errno = -rc;
		die("io_uring_enter");
	}
	s->requests += DEPTH;
}

/* A ring is gone while its requests are in workers. */
static void torn(struct storm *s)
{
	for (unsigned int i = 0; i < s->n; i++) {
		struct io_uring ring;

		absent__empty(&s->absent);
		open_ring(&ring, DEPTH, 0);
		submit(s, &ring, i);
		io_uring_queue_exit(&ring);
	}
}

/* Once they are handed over, entries say something else. */
static void overwritten(struct storm *s)
{
	struct io_uring ring;

	open_ring(&ring, DEPTH, 0);
	for (unsigned int i = 0; i < s->n; i++) {
		absent__empty(&s->absent);
		submit(s, &ring, i);
		memset(ring.sq.sqes, 0xff, DEPTH * sizeof(*ring.sq.sqes));
		for (unsigned int k = 0; k < DEPTH; k++) {
			struct io_uring_cqe *cqe;

			if (io_uring_wait_cqe(&ring, &cqe))
				die("io_uring_wait_cqe");
			s->completed++;
			s->wrong += cqe->res != BLOCK;
			io_uring_cqe_seen(&ring, cqe);
		}
	}
	io_uring_queue_exit(&ring);
}

/* All of them at once. */
static void many(struct storm *s)
{
	struct rlimit files = {s->n + 64, s->n + 64};
	struct io_uring *rings = calloc(s->n, sizeof(*rings));

	if (!rings || setrlimit(RLIMIT_NOFILE, &files))
		die("RLIMIT_NOFILE");
	for (unsigned int i = 0; i < s->n; i++) {
		struct io_uring_sqe *sqe;

		open_ring(&rings[i], 1, 0);
		sqe = io_uring_get_sqe(&rings[i]);
		io_uring_prep_read(sqe, s->fd, s->present, BLOCK, 0);
		if (io_uring_submit(&rings[i]) != 1)
			die("io_uring_enter");
		s->requests++;
	}
	for (unsigned int i = 0; i < s->n; i++)
		io_uring_queue_exit(&rings[i]);
	free(rings);
}

/* A process of its own each time, which has requests in flight when it is another program or none. */
static void leave(struct storm *s, bool replaced)
{
	for (unsigned int i = 0; i < s->n; i++) {
		pid_t pid = fork();
		int status;

		if (pid < 0)
			die("fork");
		if (!pid) {
			static struct io_uring ring;

			open_all(s, 20 * DELAY_US);
			open_ring(&ring, DEPTH, i % 2 ? IORING_SETUP_SQPOLL : 0);
			submit(s, &ring, i);
			if (replaced)
				execl("/bin/true", "true", (char *)NULL);
			_exit(replaced);
		}
		if (waitpid(pid, &status, 0) != pid)
			die("waitpid");
		s->requests += DEPTH;
		s->wrong += !WIFEXITED(status) || WEXITSTATUS(status);
	}
}

int main(int argc, char **argv)
{
	static struct storm s;
	const char *mode = argv[1];

	if (argc != 4)
		return 2;
	s.path = argv[2];
	s.n = (unsigned int)strtoul(argv[3], NULL, 10);
	if (!strcmp(mode, "exec") || !strcmp(mode, "exit")) {
		leave(&s, !strcmp(mode, "exec"));
	} else {
		open_all(&s, DELAY_US);
		if (!strcmp(mode, "torn"))
			torn(&s);
		else if (!strcmp(mode, "overwritten"))
			overwritten(&s);
		else if (!strcmp(mode, "many"))
			many(&s);
		else
			return 2;
		absent__close(&s.absent);
	}
	printf("{\"requests\":%lu,\"completed\":%lu,\"wrong\":%lu,\"faults\":%u}\n", s.requests,
	       s.completed, s.wrong, (unsigned int)s.absent.served);
	return 0;
}
