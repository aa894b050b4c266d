// SPDX-License-Identifier: GPL-2.0
/*
 * A load that hands over its requests through io_uring and knows what each call does: reads of one
 * block in turns over several files, of which chosen ones go into memory that is not there, which a
 * thread of its own brings after a known time (userfaultfd). Nothing else that it does sleeps while
 * it hands over, if its files are written and O_DIRECT is fine with them. With --nop all but the
 * chosen ones do nothing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <liburing.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "absent.h"

#define MAX_FILES 8
#define MAX_BATCH 128
/* Blocks of each file that are read in turns. */
#define BLOCKS 64

struct load {
	const char *paths[MAX_FILES];
	int fds[MAX_FILES];
	unsigned int nr_files, calls, batch, delay_us, setup, first_fault, nr_faults, pause_us,
		workers;
	bool wait, link, registered, nop, contend, async;
	const char *ready, *start;
	struct io_uring ring;
	char *present; /* as absent.memory: MAX_BATCH blocks */
	struct absent absent;
	atomic_bool over;
	unsigned int requests, enters, wait_enters;
	uint64_t nvcsw, bytes, wall_ns, cpu_ns, contended, contended_ns;
	int failures;
};

static void die(const char *what)
{
	fprintf(stderr, "uringload: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t switches(void)
{
	struct rusage u;

	getrusage(RUSAGE_THREAD, &u);
	return (uint64_t)u.ru_nvcsw;
}

static void make_memory(struct load *l)
{
	size_t size = MAX_BATCH * BLOCK;

	l->present = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (l->present == MAP_FAILED || !absent__open(&l->absent, size, l->delay_us))
		die("userfaultfd");
}

/* ---- calls ---- */

static bool is_fault(const struct load *l, unsigned int k)
{
	return k >= l->first_fault && k < l->first_fault + l->nr_faults;
}

static void prepare(struct load *l, unsigned int call)
{
	for (unsigned int k = 0; k < l->batch; k++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&l->ring);
		bool nop = l->nop && !is_fault(l, k);
		unsigned int file = nop ? 0 : k % l->nr_files;
		char *to = (is_fault(l, k) ? l->absent.memory : l->present) + (size_t)k * BLOCK;

		if (nop)
			io_uring_prep_nop(sqe);
		else
			io_uring_prep_read(sqe, l->registered ? (int)file : l->fds[file], to, BLOCK,
					   (uint64_t)((call + k) % BLOCKS) * BLOCK);
		if (l->registered && !nop)
			sqe->flags |= IOSQE_FIXED_FILE;
		if (l->link && k + 1 < l->batch)
			sqe->flags |= IOSQE_IO_LINK;
		if (l->async && (!l->nr_faults || is_fault(l, k)))
			sqe->flags |= IOSQE_ASYNC;
		sqe->user_data = (uint64_t)call << 32 | k;
	}
}

static void reap(struct load *l)
{
	struct io_uring_cqe *cqe;
	unsigned int head, n = 0;

	io_uring_for_each_cqe(&l->ring, head, cqe)
	{
		n++;
		if (cqe->res < 0)
			l->failures = cqe->res;
		else
			l->bytes += (uint64_t)cqe->res;
	}
	io_uring_cq_advance(&l->ring, n);
	l->requests += n;
}

static void one_call(struct load *l, unsigned int call)
{
	uint64_t before, start;
	int n;

	if (l->nr_faults && !absent__empty(&l->absent))
		die("madvise");
	prepare(l, call);
	before = switches();
	start = now_ns(CLOCK_MONOTONIC);
	n = l->wait ? io_uring_submit_and_wait(&l->ring, l->batch) : io_uring_submit(&l->ring);
	l->wall_ns += now_ns(CLOCK_MONOTONIC) - start;
	l->nvcsw += switches() - before;
	if (n < 0) {
		errno = -n;
		die("io_uring_enter");
	}
	l->enters++;
	while (l->requests < (call + 1) * l->batch) {
		reap(l);
		if (l->requests >= (call + 1) * l->batch)
			break;
		before = switches();
		n = io_uring_enter((unsigned int)l->ring.ring_fd, 0, 1, IORING_ENTER_GETEVENTS,
				   NULL);
		l->nvcsw += switches() - before;
		l->wait_enters++;
		if (n < 0 && n != -EINTR) {
			errno = -n;
			die("io_uring_enter");
		}
	}
	if (l->pause_us)
		pace__sleep_us(l->pause_us);
}

/* Comes in beside the others' calls, with nothing to hand over but the wish to; knows when it slept. */
static void *contend(void *arg)
{
	struct load *l = arg;

	while (!l->over) {
		uint64_t before = switches(), start = now_ns(CLOCK_MONOTONIC), sleeps;

		io_uring_enter((unsigned int)l->ring.ring_fd, 1, 0, 0, NULL);
		sleeps = switches() - before;
		l->contended += sleeps;
		if (sleeps)
			l->contended_ns += now_ns(CLOCK_MONOTONIC) - start;
		pace__sleep_us(100);
	}
	return NULL;
}

/* ---- beginning and end ---- */

/* So many at most, of both kinds: one is for requests of which the kernel has yet to look up the file. */
static void bound_workers(struct load *l)
{
	unsigned int most[2] = {l->workers, l->workers};
	int rc = io_uring_register_iowq_max_workers(&l->ring, most);

	if (rc < 0) {
		errno = -rc;
		die("register_iowq_max_workers");
	}
}

static void open_files(struct load *l)
{
	char block[BLOCK];

	memset(block, 'u', sizeof(block));
	for (unsigned int i = 0; i < l->nr_files; i++) {
		int fd = open(l->paths[i], O_RDWR | O_CREAT | O_CLOEXEC, 0600);

		if (fd < 0)
			die(l->paths[i]);
		for (int b = 0; b < BLOCKS; b++)
			if (pwrite(fd, block, BLOCK, (off_t)b * BLOCK) != BLOCK)
				die(l->paths[i]);
		fsync(fd);
		close(fd);
		l->fds[i] = open(l->paths[i], O_RDWR | O_DIRECT | O_CLOEXEC);
		if (l->fds[i] < 0)
			die(l->paths[i]);
		/* its extents are known from now on */
		for (int b = 0; b < BLOCKS; b++)
			if (pread(l->fds[i], l->present, BLOCK, (off_t)b * BLOCK) != BLOCK)
				die(l->paths[i]);
	}
	if (l->registered && io_uring_register_files(&l->ring, l->fds, l->nr_files))
		die("register_files");
}

static void wait_start(const struct load *l)
{
	int fd;

	if (l->ready) {
		fd = open(l->ready, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0 || dprintf(fd, "%d\n", (int)getpid()) < 0)
			die(l->ready);
		close(fd);
	}
	while (l->start && access(l->start, F_OK))
		pace__sleep_us(2000);
}

static void parse(struct load *l, int argc, char **argv)
{
	static const struct option options[] = {
		{"file", 1, NULL, 'f'},	      {"calls", 1, NULL, 'c'},
		{"batch", 1, NULL, 'b'},      {"delay-us", 1, NULL, 'd'},
		{"fault", 1, NULL, 'F'},      {"faults", 1, NULL, 'N'},
		{"wait", 0, NULL, 'w'},	      {"link", 0, NULL, 'l'},
		{"registered", 0, NULL, 'r'}, {"nop", 0, NULL, 'n'},
		{"defer", 0, NULL, 'D'},      {"contend", 0, NULL, 'C'},
		{"ready-file", 1, NULL, 'R'}, {"start-file", 1, NULL, 'S'},
		{"pause-us", 1, NULL, 'p'},   {"async", 0, NULL, 'a'},
		{"workers", 1, NULL, 'k'},    {"sqpoll", 0, NULL, 'P'},
		{NULL, 0, NULL, 0},
	};
	unsigned int *number[256] = {
		['c'] = &l->calls,	 ['b'] = &l->batch,	['d'] = &l->delay_us,
		['F'] = &l->first_fault, ['N'] = &l->nr_faults, ['p'] = &l->pause_us,
		['k'] = &l->workers};
	bool *flag[256] = {['w'] = &l->wait, ['l'] = &l->link,	['r'] = &l->registered,
			   ['n'] = &l->nop,  ['a'] = &l->async, ['C'] = &l->contend};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?')
			exit(2);
		if (c == 'F')
			l->nr_faults = l->nr_faults ? l->nr_faults : 1;
		if (c == 'f' && l->nr_files < MAX_FILES)
			l->paths[l->nr_files++] = optarg;
		else if (c == 'D')
			l->setup = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
		else if (c == 'P')
			l->setup = IORING_SETUP_SQPOLL;
		else if (c == 'R')
			l->ready = optarg;
		else if (c == 'S')
			l->start = optarg;
		else if (number[c])
			*number[c] = (unsigned int)strtoul(optarg, NULL, 10);
		else if (flag[c])
			*flag[c] = true;
	}
	if (!l->batch || l->batch > MAX_BATCH || (!l->nr_files && (!l->nop || l->nr_faults)))
		exit(2);
}

int main(int argc, char **argv)
{
	static struct load l = {.calls = 1, .batch = 1, .delay_us = 1000};
	pthread_t other;
	int rc;

	parse(&l, argc, argv);
	make_memory(&l);
	rc = io_uring_queue_init(MAX_BATCH, &l.ring, l.setup);
	if (rc) {
		errno = -rc;
		die("io_uring_setup");
	}
	open_files(&l);
	if (l.workers)
		bound_workers(&l);
	wait_start(&l);
	if (l.contend && pthread_create(&other, NULL, contend, &l))
		die("thread");
	l.cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID);
	for (unsigned int i = 0; i < l.calls; i++)
		one_call(&l, i);
	l.cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID) - l.cpu_ns;
	l.over = true;
	if (l.contend)
		pthread_join(other, NULL);
	absent__close(&l.absent);
	printf("{\"calls\":%u,\"requests\":%u,\"enters\":%u,\"wait_enters\":%u,\"nvcsw\":%llu,"
	       "\"bytes\":%llu,\"cpu_ns\":%llu,\"wall_ns\":%llu,\"faults\":%u,\"failed\":%d,"
	       "\"contended\":%llu,\"contended_ns\":%llu}\n",
	       l.calls, l.requests, l.enters, l.wait_enters, (unsigned long long)l.nvcsw,
	       (unsigned long long)l.bytes, (unsigned long long)l.cpu_ns,
	       (unsigned long long)l.wall_ns, l.absent.served, l.failures,
	       (unsigned long long)l.contended, (unsigned long long)l.contended_ns);
	return 0;
}
