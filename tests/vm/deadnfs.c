// SPDX-License-Identifier: GPL-2.0
/*
 * Stalls of a program whose code and whose file are on a filesystem that does not answer any more:
 *
 *   deadnfs DIR SILENCE
 *
 * Reads of an empty pipe, then the command SILENCE, which ends DIR's server, then reads of empty
 * pipes that are called from code mapped from a file below DIR, which is unmapped after that: who wants
 * its symbols has only the path. Then it says "silent" and reads from DIR/cold, for ever.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* x86: call what the first argument points to, with a frame pointer. */
static const unsigned char code[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};

static int pipe_fds[2];
static aio_context_t context;
static char page[4096] __attribute__((aligned(4096)));

static void *feed(void *unused)
{
	usleep(5000);
	return write(pipe_fds[1], "x", 1) == 1 ? unused : NULL;
}

static long read_from(int fd, size_t size)
{
	struct iocb cb = {.aio_lio_opcode = IOCB_CMD_PREAD,
			  .aio_fildes = (unsigned int)fd,
			  .aio_buf = (unsigned long)page,
			  .aio_nbytes = size};
	struct iocb *list[] = {&cb};
	struct io_event event;

	syscall(SYS_io_submit, context, 1, list);
	return syscall(SYS_io_getevents, context, 1, 1, &event, NULL);
}

static long stall(void)
{
	pthread_t feeder;

	pthread_create(&feeder, NULL, feed, NULL);
	read_from(pipe_fds[0], 1);
	return pthread_join(feeder, NULL);
}

static int open_below(const char *dir, const char *name, int flags)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return open(path, flags, 0755);
}

int main(int argc, char **argv)
{
	long (*call)(long (*)(void));
	int library, file;

	if (argc != 3 || pipe(pipe_fds) || syscall(SYS_io_setup, 8, &context))
		return 1;
	library = open_below(argv[1], "code.so", O_RDWR | O_CREAT);
	file = open_below(argv[1], "cold", O_RDONLY);
	if (file < 0 || write(library, code, sizeof(code)) != sizeof(code) ||
	    ftruncate(library, sizeof(page)))
		return 1;
	call = mmap(NULL, sizeof(page), PROT_READ | PROT_EXEC, MAP_PRIVATE, library, 0);
	if (call == MAP_FAILED)
		return 1;
	/* one of them may not sleep */
	for (int i = 0; i < 5; i++)
		stall();
	/* its page is there from now on, and nobody has asked for its symbols yet */
	if (*(const volatile unsigned char *)call != code[0])
		return 1;
	usleep(1000000); /* the tracer looks at that stall: it knows our maps now */
	if (system(argv[2]))
		return 1;
	for (int i = 0; i < 5; i++)
		call(stall);
	munmap((void *)call, sizeof(page));
	puts("silent");
	fflush(stdout);
	return read_from(file, sizeof(page)) != 1;
}
