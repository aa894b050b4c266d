// SPDX-License-Identifier: GPL-2.0
/*
 * Loads with next to no noise of their own. Each prints one JSON object.
 *
 *	load getppid MSEC           a syscall that is none of the tracer's business
 *	load null BATCH MSEC        io_submit of BATCH writes to /dev/null
 *	load blocked THREADS ROUNDS all threads asleep in io_submit at once, then released
 *	load pipe SLEEPERS MSEC     two threads wake each other on one CPU, beside so many in io_submit
 *	load hog MSEC               nothing but the CPU: is the machine quiet?
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BATCH_MAX 1024
#define THREADS_MAX 8192
#define STACK_BYTES (64 * 1024)

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static long number(const char *text, long max)
{
	char *end;
	long v = strtol(text, &end, 10);

	if (*end || v < 1 || v > max) {
		fprintf(stderr, "load: %s: not a number from 1 to %ld\n", text, max);
		exit(2);
	}
	return v;
}

/* CPU time as well as wall time: the first does not grow when others take the CPU. */
static void print_rate(uint64_t calls, uint64_t requests, uint64_t wall_ns, uint64_t cpu_ns)
{
	printf("{\"calls\":%ju,\"requests\":%ju,\"wall_ns\":%ju,\"cpu_ns\":%ju}\n",
	       (uintmax_t)calls, (uintmax_t)requests, (uintmax_t)wall_ns, (uintmax_t)cpu_ns);
}

static void run_getppid(long ms)
{
	uint64_t wall = clock_ns(CLOCK_MONOTONIC), cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	uint64_t end = wall + (uint64_t)ms * 1000000, n = 0;

	do {
		for (int i = 0; i < 10000; i++)
			syscall(SYS_getppid);
		n += 10000;
	} while (clock_ns(CLOCK_MONOTONIC) < end);
	print_rate(n, n, clock_ns(CLOCK_MONOTONIC) - wall,
		   clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu);
}

static void run_hog(long ms)
{
	uint64_t wall = clock_ns(CLOCK_MONOTONIC), cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	uint64_t end = wall + (uint64_t)ms * 1000000, n = 0;
	volatile uint32_t x = 1;

	do {
		for (int i = 0; i < 100000; i++)
			x = x * 1664525 + 1013904223;
		n += 100000;
	} while (clock_ns(CLOCK_MONOTONIC) < end);
	print_rate(n, n, clock_ns(CLOCK_MONOTONIC) - wall,
		   clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu);
}

static void submit_and_reap(aio_context_t ctx, long batch, struct iocb **list,
			    struct io_event *events)
{
	if (syscall(SYS_io_submit, ctx, batch, list) != batch)
		die("io_submit");
	if (syscall(SYS_io_getevents, ctx, batch, batch, events, NULL) != batch)
		die("io_getevents");
}

static void run_null(long batch, long ms)
{
	static struct iocb iocbs[BATCH_MAX], *list[BATCH_MAX];
	static struct io_event events[BATCH_MAX];
	static char data[512];
	aio_context_t ctx = 0;
	uint64_t wall, cpu, end, n = 0;
	int fd = open("/dev/null", O_WRONLY);

	if (fd < 0 || syscall(SYS_io_setup, BATCH_MAX, &ctx))
		die("io_setup");
	for (long i = 0; i < batch; i++) {
		iocbs[i].aio_lio_opcode = IOCB_CMD_PWRITE;
		iocbs[i].aio_fildes = (uint32_t)fd;
		iocbs[i].aio_buf = (uintptr_t)data;
		iocbs[i].aio_nbytes = sizeof(data);
		list[i] = &iocbs[i];
	}
	wall = clock_ns(CLOCK_MONOTONIC);
	cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	end = wall + (uint64_t)ms * 1000000;
	do {
		for (int i = 0; i < 100; i++)
			submit_and_reap(ctx, batch, list, events);
		n += 100;
	} while (clock_ns(CLOCK_MONOTONIC) < end);
	print_rate(n, n * (uint64_t)batch, clock_ns(CLOCK_MONOTONIC) - wall,
		   clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu);
}

/* ---- blocked ---- */

static struct {
	int pipe[2];
	long rounds;
	pthread_barrier_t barrier;
	atomic_long nvcsw;
	_Atomic pid_t tids[THREADS_MAX];
} blocked;

static void blocked_calls(aio_context_t ctx)
{
	struct iocb iocb = {.aio_lio_opcode = IOCB_CMD_PREAD}, *list = &iocb;
	struct rusage before, after;
	struct io_event event;
	char byte;

	iocb.aio_fildes = (uint32_t)blocked.pipe[0];
	iocb.aio_buf = (uintptr_t)&byte;
	iocb.aio_nbytes = 1;
	for (long i = 0; i < blocked.rounds; i++) {
		pthread_barrier_wait(&blocked.barrier);
		getrusage(RUSAGE_THREAD, &before);
		if (syscall(SYS_io_submit, ctx, 1L, &list) != 1)
			die("io_submit");
		getrusage(RUSAGE_THREAD, &after);
		atomic_fetch_add(&blocked.nvcsw, after.ru_nvcsw - before.ru_nvcsw);
		syscall(SYS_io_getevents, ctx, 1L, 1L, &event, NULL);
	}
}

static void *blocked_thread(void *arg)
{
	aio_context_t ctx = 0;

	if (syscall(SYS_io_setup, 1, &ctx))
		die("io_setup");
	blocked.tids[(intptr_t)arg] = (pid_t)syscall(SYS_gettid);
	blocked_calls(ctx);
	syscall(SYS_io_destroy, ctx);
	return NULL;
}

/* Is the thread asleep in io_submit? /proc names the system call of a thread that is off the CPU. */
static int in_io_submit(pid_t tid)
{
	char path[64], text[64] = "";
	FILE *f;
	int n;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", (int)tid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	n = fgets(text, sizeof(text), f) ? atoi(text) : -1;
	fclose(f);
	return n == SYS_io_submit;
}

static void release_all(long threads)
{
	static char bytes[THREADS_MAX];
	long done = 0;

	for (long i = 0; i < threads; i++)
		while (!in_io_submit(blocked.tids[i]))
			usleep(100);
	while (done < threads) {
		ssize_t n = write(blocked.pipe[1], bytes, (size_t)(threads - done));

		if (n < 0)
			die("write");
		done += n;
	}
}

static void run_blocked(long threads, long rounds)
{
	static pthread_t thread[THREADS_MAX];
	uint64_t wall, cpu;
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	blocked.rounds = rounds;
	if (pipe(blocked.pipe))
		die("pipe");
	pthread_barrier_init(&blocked.barrier, NULL, (unsigned int)threads + 1);
	for (long i = 0; i < threads; i++)
		if (pthread_create(&thread[i], &attr, blocked_thread, (void *)i))
			die("pthread_create");
	wall = clock_ns(CLOCK_MONOTONIC);
	cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	for (long i = 0; i < rounds; i++) {
		pthread_barrier_wait(&blocked.barrier);
		release_all(threads);
	}
	for (long i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	wall = clock_ns(CLOCK_MONOTONIC) - wall;
	cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("{\"calls\":%ld,\"requests\":%ld,\"wall_ns\":%ju,\"cpu_ns\":%ju,\"nvcsw\":%ld}\n",
	       threads * rounds, threads * rounds, (uintmax_t)wall, (uintmax_t)cpu,
	       atomic_load(&blocked.nvcsw));
}

/* ---- pipe ---- */

static struct {
	int there[2], back[2], never[2];
} pong;

/* The threads come and go on one CPU, so that each message is two switches and two wake-ups. */
static void stay_on_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}

static void *pong_thread(void *arg)
{
	char byte;

	(void)arg;
	stay_on_one_cpu();
	while (read(pong.there[0], &byte, 1) == 1)
		if (write(pong.back[1], &byte, 1) != 1)
			die("write");
	return NULL;
}

/* Reads by io_submit what nobody writes. */
static void *pong_sleeper(void *arg)
{
	struct iocb iocb = {.aio_lio_opcode = IOCB_CMD_PREAD}, *list = &iocb;
	aio_context_t ctx = 0;
	static char byte;

	if (syscall(SYS_io_setup, 1, &ctx))
		die("io_setup");
	iocb.aio_fildes = (uint32_t)pong.never[0];
	iocb.aio_buf = (uintptr_t)&byte;
	iocb.aio_nbytes = 1;
	blocked.tids[(intptr_t)arg] = (pid_t)syscall(SYS_gettid);
	syscall(SYS_io_submit, ctx, 1L, &list);
	return NULL;
}

static void start_sleepers(long sleepers)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	for (long i = 0; i < sleepers; i++)
		if (pthread_create(&thread, &attr, pong_sleeper, (void *)i))
			die("pthread_create");
	for (long i = 0; i < sleepers; i++)
		while (!blocked.tids[i] || !in_io_submit(blocked.tids[i]))
			usleep(100);
}

static void run_pipe(long sleepers, long ms)
{
	uint64_t wall, cpu, end, n = 0;
	pthread_t thread;
	char byte = 0;

	if (pipe(pong.there) || pipe(pong.back) || pipe(pong.never))
		die("pipe");
	start_sleepers(sleepers);
	if (pthread_create(&thread, NULL, pong_thread, NULL))
		die("pthread_create");
	stay_on_one_cpu();
	wall = clock_ns(CLOCK_MONOTONIC);
	cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	end = wall + (uint64_t)ms * 1000000;
	do {
		for (int i = 0; i < 500; i++)
			if (write(pong.there[1], &byte, 1) != 1 ||
			    read(pong.back[0], &byte, 1) != 1)
				die("pipe");
		n += 500;
	} while (clock_ns(CLOCK_MONOTONIC) < end);
	print_rate(n, n, clock_ns(CLOCK_MONOTONIC) - wall,
		   clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu);
	fflush(stdout);
	/* those who sleep would be waited for */
	_exit(0);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "getppid")) {
		run_getppid(number(argv[2], 1000000));
	} else if (argc == 3 && !strcmp(argv[1], "hog")) {
		run_hog(number(argv[2], 1000000));
	} else if (argc == 4 && !strcmp(argv[1], "pipe")) {
		run_pipe(argv[2][0] == '0' ? 0 : number(argv[2], THREADS_MAX),
			 number(argv[3], 1000000));
	} else if (argc == 4 && !strcmp(argv[1], "null")) {
		run_null(number(argv[2], BATCH_MAX), number(argv[3], 1000000));
	} else if (argc == 4 && !strcmp(argv[1], "blocked")) {
		run_blocked(number(argv[2], THREADS_MAX), number(argv[3], 1000000));
	} else {
		fprintf(stderr,
			"Usage: load getppid MSEC | null BATCH MSEC | blocked THREADS ROUNDS"
			" | pipe SLEEPERS MSEC | hog MSEC\n");
		return 2;
	}
	return 0;
}
