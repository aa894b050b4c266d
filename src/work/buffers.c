// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "work/buffers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/base.h"
#include "work/pace.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

/* x86-64's, and arm64's with pages of 4096 bytes. */
#define HUGE_PAGE (2UL << 20)

struct buffers;

/* How the memory is made, and what is done to a slot before each request. */
struct buffer_kind {
	const char *name;
	int (*map)(struct buffers *b);
	void (*spoil)(struct buffers *b, char *slot);
};

struct buffers {
	const struct work_opts *opts;
	const struct buffer_kind *kind;
	char *mem;
	size_t len, slot_len;
	int fd, uffd, stop_pipe[2];
	bool serving;
	pthread_t server;
};

static int map_anon(struct buffers *b)
{
	b->mem = mmap(NULL, b->len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (b->mem == MAP_FAILED)
		return -errno;
	/* Huge pages would make one fault of many. */
	madvise(b->mem, b->len, MADV_NOHUGEPAGE);
	return 0;
}

/* Aligned, so that each slot that is a multiple of a huge page is made of them alone. */
static int map_huge(struct buffers *b)
{
	char *all = mmap(NULL, b->len + HUGE_PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t before;

	if (all == MAP_FAILED)
		return -errno;
	before = -(uintptr_t)all % HUGE_PAGE;
	b->mem = all + before;
	if (before)
		munmap(all, before);
	munmap(b->mem + b->len, HUGE_PAGE - before);
	return madvise(b->mem, b->len, MADV_HUGEPAGE) ? -errno : 0;
}

static int map_ready_huge(struct buffers *b)
{
	int err = map_huge(b);

	if (!err)
		memset(b->mem, 'r', b->len);
	return err;
}

static int map_ready(struct buffers *b)
{
	int err = map_anon(b);

	if (!err)
		memset(b->mem, 'r', b->len);
	return err;
}

static int check_swap(void)
{
	FILE *swaps = fopen("/proc/swaps", "re");
	char line[256];
	int lines = 0;

	if (!swaps)
		return -errno;
	while (fgets(line, sizeof(line), swaps))
		lines++;
	fclose(swaps);
	return lines < 2 ? -ENXIO : 0;
}

static int map_swapped(struct buffers *b)
{
	int err = check_swap();

	return err ? err : map_ready(b);
}

/* As the buffers that the processes of a database share. */
static int map_swapped_shared(struct buffers *b)
{
	int err = check_swap();

	if (err)
		return err;
	b->mem = mmap(NULL, b->len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return b->mem == MAP_FAILED ? -errno : 0;
}

static int map_file(struct buffers *b, int map_flags)
{
	char zeros[4096] = {0};

	if (!b->opts->buffer_file)
		return -EINVAL;
	b->fd = open(b->opts->buffer_file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (b->fd < 0)
		return -errno;
	for (size_t done = 0; done < b->len; done += sizeof(zeros)) {
		if (write(b->fd, zeros, sizeof(zeros)) != (ssize_t)sizeof(zeros))
			return errno ? -errno : -ENOSPC;
	}
	if (fsync(b->fd))
		return -errno;
	b->mem = mmap(NULL, b->len, PROT_READ | PROT_WRITE, map_flags, b->fd, 0);
	if (b->mem == MAP_FAILED)
		return -errno;
	/* No readahead: each slot must be a fault of its own. */
	madvise(b->mem, b->len, MADV_RANDOM);
	return 0;
}

static int map_cold(struct buffers *b)
{
	return map_file(b, MAP_PRIVATE);
}

static int map_shared(struct buffers *b)
{
	return map_file(b, MAP_SHARED);
}

static void *uffd__serve(void *arg)
{
	struct buffers *b = arg;
	struct pollfd fds[2] = {{.fd = b->uffd, .events = POLLIN},
				{.fd = b->stop_pipe[0], .events = POLLIN}};
	struct uffd_msg msg;

	while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
		struct uffdio_zeropage zero = {0};

		if (fds[1].revents)
			break;
		if (read(b->uffd, &msg, sizeof(msg)) != (ssize_t)sizeof(msg) ||
		    msg.event != UFFD_EVENT_PAGEFAULT)
			continue;
		pace__sleep_us(b->opts->uffd_delay_us);
		zero.range.start = msg.arg.pagefault.address & ~4095ULL;
		zero.range.len = 4096;
		/* The page may be there already; then only the waiter must be woken. */
		if (ioctl(b->uffd, UFFDIO_ZEROPAGE, &zero))
			ioctl(b->uffd, UFFDIO_WAKE, &zero.range);
	}
	return NULL;
}

static int map_uffd(struct buffers *b)
{
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register reg = {.mode = UFFDIO_REGISTER_MODE_MISSING};
	int err = map_anon(b);

	if (err)
		return err;
	b->uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (b->uffd < 0 || ioctl(b->uffd, UFFDIO_API, &api))
		return -errno;
	reg.range.start = (uintptr_t)b->mem;
	reg.range.len = b->len;
	if (ioctl(b->uffd, UFFDIO_REGISTER, &reg) || pipe2(b->stop_pipe, O_CLOEXEC))
		return -errno;
	err = -pthread_create(&b->server, NULL, uffd__serve, b);
	b->serving = !err;
	return err;
}

static void spoil_none(struct buffers *b, char *slot)
{
	(void)b;
	(void)slot;
}

static void spoil_dontneed(struct buffers *b, char *slot)
{
	madvise(slot, b->slot_len, MADV_DONTNEED);
}

static void spoil_pageout(struct buffers *b, char *slot)
{
	memset(slot, 's', b->slot_len);
	madvise(slot, b->slot_len, MADV_PAGEOUT);
}

static void spoil_cold(struct buffers *b, char *slot)
{
	madvise(slot, b->slot_len, MADV_DONTNEED);
	posix_fadvise(b->fd, slot - b->mem, (off_t)b->slot_len, POSIX_FADV_DONTNEED);
}

/* Written back and write-protected again, but still cached. */
static void spoil_shared(struct buffers *b, char *slot)
{
	msync(slot, b->slot_len, MS_SYNC);
	madvise(slot, b->slot_len, MADV_DONTNEED);
}

static const struct buffer_kind kinds[] = {
	{"ready", map_ready, spoil_none},
	{"fresh", map_anon, spoil_dontneed},
	{"ready-huge", map_ready_huge, spoil_none},
	{"fresh-huge", map_huge, spoil_dontneed},
	{"cold", map_cold, spoil_cold},
	{"shared", map_shared, spoil_shared},
	{"swapped", map_swapped, spoil_pageout},
	{"swapped-shared", map_swapped_shared, spoil_pageout},
	{"uffd", map_uffd, spoil_dontneed},
};

struct buffers *buffers__new(const struct work_opts *opts, unsigned int slots)
{
	struct buffers *b = calloc(1, sizeof(*b));
	int err = -EINVAL;

	if (!b)
		return NULL;
	*b = (struct buffers){
		.opts = opts, .mem = MAP_FAILED, .fd = -1, .uffd = -1, .stop_pipe = {-1, -1}};
	b->slot_len = (opts->bs + 4095) & ~4095UL;
	b->len = b->slot_len * slots;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!strcmp(kinds[i].name, opts->buffers))
			b->kind = &kinds[i];
	}
	if (b->kind)
		err = b->kind->map(b);
	if (!err)
		return b;
	buffers__free(b);
	errno = -err;
	return NULL;
}

void *buffers__get(struct buffers *b, unsigned int slot)
{
	char *mem = b->mem + b->slot_len * slot;

	b->kind->spoil(b, mem);
	return mem;
}

void buffers__free(struct buffers *b)
{
	if (!b)
		return;
	if (b->serving) {
		if (write(b->stop_pipe[1], "x", 1) == 1)
			pthread_join(b->server, NULL);
	}
	if (b->mem != MAP_FAILED)
		munmap(b->mem, b->len);
	for (int i = 0; i < 2; i++) {
		if (b->stop_pipe[i] >= 0)
			close(b->stop_pipe[i]);
	}
	if (b->uffd >= 0)
		close(b->uffd);
	if (b->fd >= 0) {
		close(b->fd);
		unlink(b->opts->buffer_file);
	}
	free(b);
}
