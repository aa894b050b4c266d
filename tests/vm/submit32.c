// SPDX-License-Identifier: GPL-2.0
/*
 * submit32 FILE CALLS: direct appends of 4 KiB by io_submit, as a 32-bit program on a 64-bit
 * kernel; as int80, which is this for 64 bits, by the same int $0x80. Prints the growth of
 * ru_nvcsw around the calls, as aioload does.
 */
#include "call32.h"

enum {
	NR_IO_SETUP = 245,
	NR_IO_GETEVENTS = 247,
	NR_IO_SUBMIT = 248,
};

#define PWRITE 1

struct iocb32 {
	unsigned long long data;
	unsigned int key, rw_flags;
	unsigned short opcode;
	short reqprio;
	unsigned int fd;
	unsigned long long buf, nbytes;
	long long offset;
	unsigned long long reserved;
	unsigned int flags, resfd;
};

struct event32 {
	unsigned long long data, obj;
	long long res, res2;
};

/* One call with one request, and its completion. The growth of ru_nvcsw, or -1. */
static int append(unsigned int ctx, unsigned int fd, unsigned int n)
{
	static struct iocb32 cb;
	static unsigned int list[1];
	static struct rusage32 before, after;
	static struct event32 event;
	int ret;

	cb = (struct iocb32){.opcode = PWRITE,
			     .fd = fd,
			     .buf = (unsigned int)(unsigned long)block,
			     .nbytes = BLOCK,
			     .offset = (long long)n * BLOCK};
	list[0] = (unsigned int)(unsigned long)&cb;
	call(NR_GETRUSAGE, N(RUSAGE_THREAD), &before, N(0), N(0), N(0));
	ret = call(NR_IO_SUBMIT, N(ctx), N(1), list, N(0), N(0));
	call(NR_GETRUSAGE, N(RUSAGE_THREAD), &after, N(0), N(0), N(0));
	if (ret != 1 || call(NR_IO_GETEVENTS, N(ctx), N(1), N(1), &event, N(0)) != 1)
		return -1;
	return event.res == BLOCK ? after.nvcsw - before.nvcsw : -1;
}

static int run(unsigned int calls)
{
	static unsigned int ctx;
	unsigned int nvcsw = 0;
	int fd = call(NR_OPEN, file, N(FLAGS), N(0600), N(0), N(0)), slept;

	if (fd < 0 || call(NR_IO_SETUP, N(8), &ctx, N(0), N(0), N(0)))
		return 1;
	for (unsigned int n = 0; n < calls; n++) {
		slept = append(ctx, (unsigned int)fd, n);
		if (slept < 0)
			return 1;
		nvcsw += (unsigned int)slept;
	}
	print_number("{\"submits\": ", calls);
	print_number(", \"nvcsw\": ", nvcsw);
	print("}\n");
	return 0;
}
