// SPDX-License-Identifier: GPL-2.0
/*
 * enter32 FILE CALLS: direct appends of 4 KiB by io_uring_enter, each of which waits for its completion,
 * as a 32-bit program on a 64-bit kernel; as enter80, which is this for 64 bits, by int $0x80. Prints the
 * growth of ru_nvcsw around the calls.
 */
#include <linux/io_uring.h>

#include "call32.h"

enum { NR_MMAP = 90, NR_IO_URING_SETUP = 425, NR_IO_URING_ENTER = 426 };

#define ENTRIES 4u
#define RING_BYTES 4096u
#define PROT 3	 /* PROT_READ, PROT_WRITE */
#define SHARED 1 /* MAP_SHARED */

struct ring {
	unsigned int fd;
	volatile unsigned int *sq_tail, *cq_head, *cq_tail;
	unsigned int *sq_array;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

/* The old mmap, which takes its six arguments from memory. */
static void *map(unsigned int fd, unsigned int offset)
{
	static unsigned int args[6];

	args[1] = RING_BYTES;
	args[2] = PROT;
	args[3] = SHARED;
	args[4] = fd;
	args[5] = offset;
	return (void *)(unsigned long)(unsigned int)call(NR_MMAP, args, N(0), N(0), N(0), N(0));
}

static int failed(const void *p)
{
	return (unsigned int)(unsigned long)p >= -4095u;
}

static int open_ring(struct ring *r)
{
	static struct io_uring_params p;
	int fd = call(NR_IO_URING_SETUP, N(ENTRIES), &p, N(0), N(0), N(0));
	char *sq, *cq;

	if (fd < 0)
		return 1;
	r->fd = (unsigned int)fd;
	sq = map(r->fd, (unsigned int)IORING_OFF_SQ_RING);
	cq = map(r->fd, (unsigned int)IORING_OFF_CQ_RING);
	r->sqes = map(r->fd, (unsigned int)IORING_OFF_SQES);
	if (failed(sq) || failed(cq) || failed(r->sqes))
		return 1;
	r->sq_tail = (void *)(sq + p.sq_off.tail);
	r->sq_array = (void *)(sq + p.sq_off.array);
	r->cq_head = (void *)(cq + p.cq_off.head);
	r->cq_tail = (void *)(cq + p.cq_off.tail);
	r->cqes = (void *)(cq + p.cq_off.cqes);
	return 0;
}

/* One call with one request that waits until it is done. The growth of ru_nvcsw, or -1. */
static int append(struct ring *r, int fd, unsigned int n)
{
	static struct rusage32 before, after;
	unsigned int at = *r->sq_tail % ENTRIES;
	int ret, res;

	r->sqes[at] = (struct io_uring_sqe){.opcode = IORING_OP_WRITE,
					    .fd = fd,
					    .addr = (unsigned int)(unsigned long)block,
					    .len = BLOCK,
					    .off = (unsigned long long)n * BLOCK};
	r->sq_array[at] = at;
	__atomic_store_n(r->sq_tail, *r->sq_tail + 1, __ATOMIC_RELEASE);
	call(NR_GETRUSAGE, N(RUSAGE_THREAD), &before, N(0), N(0), N(0));
	ret = call(NR_IO_URING_ENTER, N(r->fd), N(1), N(1), N(IORING_ENTER_GETEVENTS), N(0));
	call(NR_GETRUSAGE, N(RUSAGE_THREAD), &after, N(0), N(0), N(0));
	if (ret != 1 || *r->cq_head == __atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE))
		return -1;
	res = r->cqes[*r->cq_head % (2 * ENTRIES)].res;
	__atomic_store_n(r->cq_head, *r->cq_head + 1, __ATOMIC_RELEASE);
	return res == BLOCK ? after.nvcsw - before.nvcsw : -1;
}

static int run(unsigned int calls)
{
	static struct ring ring;
	unsigned int nvcsw = 0;
	int fd = call(NR_OPEN, file, N(FLAGS), N(0600), N(0), N(0)), slept;

	if (fd < 0 || open_ring(&ring))
		return 1;
	for (unsigned int n = 0; n < calls; n++) {
		slept = append(&ring, fd, n);
		if (slept < 0)
			return 1;
		nvcsw += (unsigned int)slept;
	}
	print_number("{\"enters\": ", calls);
	print_number(", \"nvcsw\": ", nvcsw);
	print("}\n");
	return 0;
}
