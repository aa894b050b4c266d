/* SPDX-License-Identifier: GPL-2.0 */
/* Memory that is not there until it is touched, which a thread of its own brings after a known time. */
#ifndef TESTS_LIVE_ABSENT_H
#define TESTS_LIVE_ABSENT_H

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "work/pace.h"

#define BLOCK 4096

struct absent {
	char *memory;
	size_t size;
	unsigned int delay_us;
	int uffd;
	atomic_uint served;
	atomic_bool over;
	pthread_t server;
};

static inline void *absent__serve(void *arg)
{
	struct absent *a = arg;
	struct pollfd p = {.fd = a->uffd, .events = POLLIN};
	struct uffd_msg msg;

	while (!a->over) {
		struct uffdio_zeropage zero = {0};

		if (poll(&p, 1, 20) != 1 || read(a->uffd, &msg, sizeof(msg)) != sizeof(msg))
			continue;
		/* each fault is one sleep then, and takes the delay at the least */
		while (!a->over && pace__is_running((int)msg.arg.pagefault.feat.ptid))
			pace__sleep_us(50);
		pace__sleep_us(a->delay_us);
		zero.range.start = msg.arg.pagefault.address & ~(uint64_t)(BLOCK - 1);
		zero.range.len = BLOCK;
		a->served++;
		/* of two that touched one page the second finds it there */
		ioctl(a->uffd, UFFDIO_ZEROPAGE, &zero);
	}
	return NULL;
}

/* false: errno says why. */
static inline bool absent__open(struct absent *a, size_t size, unsigned int delay_us)
{
	struct uffdio_api api = {.api = UFFD_API, .features = UFFD_FEATURE_THREAD_ID};
	struct uffdio_register reg = {.mode = UFFDIO_REGISTER_MODE_MISSING};

	a->size = size;
	a->delay_us = delay_us;
	a->memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	a->uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	reg.range.start = (uint64_t)(uintptr_t)a->memory;
	reg.range.len = size;
	return a->memory != MAP_FAILED && a->uffd >= 0 && !ioctl(a->uffd, UFFDIO_API, &api) &&
	       !ioctl(a->uffd, UFFDIO_REGISTER, &reg) &&
	       !pthread_create(&a->server, NULL, absent__serve, a);
}

/* What has been brought is not there again. */
static inline bool absent__empty(struct absent *a)
{
	return !madvise(a->memory, a->size, MADV_DONTNEED);
}

static inline void absent__close(struct absent *a)
{
	a->over = true;
	pthread_join(a->server, NULL);
}

#endif
