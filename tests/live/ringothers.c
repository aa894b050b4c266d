// SPDX-License-Identifier: GPL-2.0
/*
 * Requests of io_uring other than reads and writes, or handed over in another way, each of which has
 * to wait for something:
 *   ringothers lease FILE N     opens a file of which a child has a lease, which it gives up late
 *   ringothers full FILE N SIZE waits for room in a ring of that size, whose thread sleeps in each request
 *   ringothers fallocate FILE N preallocates with direct reads of the file in flight
 *   ringothers truncate FILE N  makes the file one block longer
 * It prints how often its own thread slept where the kernel was asked to make room, and failures.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absent.h"

/* Only newer headers have it. */
#define OP_FTRUNCATE 55
#define LATE_US 3000

struct others {
	const char *path;
	unsigned int n, entries;
	struct io_uring ring;
	long sleeps;
	int failed;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void make_ring(struct others *o, unsigned int flags)
{
	int rc = io_uring_queue_init(o->entries, &o->ring, flags);

	if (rc) {
		errno = -rc;
		die("io_uring_setup");
	}
}

static void take(struct others *o, struct io_uring_cqe *cqe)
{
	if (cqe->res < 0)
		o->failed = cqe->res;
	io_uring_cqe_seen(&o->ring, cqe);
}

static int submit_and_take(struct others *o)
{
	struct io_uring_cqe *cqe;
	int res;

	io_uring_submit(&o->ring);
	if (io_uring_wait_cqe(&o->ring, &cqe))
		die("io_uring_enter");
	res = cqe->res;
	take(o, cqe);
	return res;
}

/* ---- a lease ---- */

/* Has the lease of the file, and gives it up some time after it was asked to. */
static void hold_lease(const char *path, int ready)
{
	sigset_t set;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (;;) {
		/* not as long as somebody else has it open */
		while (fcntl(fd, F_SETLEASE, F_WRLCK))
			pace__sleep_us(100);
		if (write(ready, "", 1) != 1)
			_exit(1);
		sigwaitinfo(&set, NULL);
		pace__sleep_us(LATE_US);
		fcntl(fd, F_SETLEASE, F_UNLCK);
	}
}

static void break_leases(struct others *o)
{
	int ends[2];
	pid_t child;
	char c;

	if (pipe(ends) || (child = fork()) < 0)
		die("fork");
	if (!child)
		hold_lease(o->path, ends[1]);
	make_ring(o, 0);
	for (unsigned int i = 0; i < o->n; i++) {
		if (read(ends[0], &c, 1) != 1)
			die("pipe");
		io_uring_prep_openat(io_uring_get_sqe(&o->ring), AT_FDCWD, o->path, O_RDONLY, 0);
		close(submit_and_take(o));
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* ---- a full ring ---- */

static long switches(void)
{
	struct rusage u;

	getrusage(RUSAGE_THREAD, &u);
	return u.ru_nvcsw;
}

static void fill_ring(struct others *o)
{
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;
	struct absent absent;
	int fd = open(o->path, O_RDONLY | O_DIRECT | O_CLOEXEC);

	if (fd < 0 || !absent__open(&absent, (size_t)o->n * BLOCK, LATE_US))
		die(o->path);
	make_ring(o, IORING_SETUP_SQPOLL);
	for (unsigned int i = 0, done = 0; done < o->n;) {
		while (!io_uring_peek_cqe(&o->ring, &cqe)) {
			take(o, cqe);
			done++;
		}
		if (i == o->n)
			continue;
		sqe = io_uring_get_sqe(&o->ring);
		if (sqe) {
			io_uring_prep_read(sqe, fd, (char *)absent.memory + (size_t)i++ * BLOCK,
					   BLOCK, 0);
			io_uring_submit(&o->ring);
		} else {
			long before = switches();

			io_uring_sqring_wait(&o->ring);
			o->sleeps += switches() - before;
		}
	}
	absent__close(&absent);
}

/* ---- files that change ---- */

static void preallocate(struct others *o)
{
	struct io_uring_cqe *cqe;
	void *to;
	int fd = open(o->path, O_RDWR | O_DIRECT | O_CLOEXEC);

	if (fd < 0 || posix_memalign(&to, BLOCK, BLOCK))
		die(o->path);
	make_ring(o, 0);
	for (unsigned int i = 0; i < o->n; i++) {
		io_uring_prep_read(io_uring_get_sqe(&o->ring), fd, to, BLOCK, 0);
		io_uring_prep_fallocate(io_uring_get_sqe(&o->ring), fd, 0, (i + 64) * BLOCK, BLOCK);
		io_uring_submit(&o->ring);
		for (int k = 0; k < 2; k++) {
			if (io_uring_wait_cqe(&o->ring, &cqe))
				die("io_uring_enter");
			take(o, cqe);
		}
	}
}

static void lengthen(struct others *o)
{
	int fd = open(o->path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die(o->path);
	make_ring(o, 0);
	for (unsigned int i = 0; i < o->n; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&o->ring);

		io_uring_prep_nop(sqe);
		sqe->opcode = OP_FTRUNCATE;
		sqe->fd = fd;
		sqe->off = (uint64_t)(i + 1) * BLOCK;
		submit_and_take(o);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(struct others *);
	} kinds[] = {{"lease", break_leases},
		     {"full", fill_ring},
		     {"fallocate", preallocate},
		     {"truncate", lengthen}};
	struct others o = {0};

	if (argc < 4)
		return 2;
	o.path = argv[2];
	o.n = (unsigned int)strtoul(argv[3], NULL, 10);
	o.entries = argc > 4 ? (unsigned int)strtoul(argv[4], NULL, 10) : 8;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(argv[1], kinds[i].name))
			kinds[i].run(&o);
	printf("{\"requests\":%u,\"sleeps\":%ld,\"failed\":%d}\n", o.n, o.sleeps, o.failed);
	return 0;
}
