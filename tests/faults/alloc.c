// SPDX-License-Identifier: GPL-2.0
/*
 * Linked into the binary in front of the allocator (ld --wrap): of all allocations of a program and
 * its children, libraries included, one fails, or all from one on. FAULT_FILE is shared with who asks.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct shared {
	uint64_t calls;	 /* so far */
	uint64_t at;	 /* which one fails, from 1; 0 = none */
	uint64_t onward; /* so do all after it */
	uint64_t failed;
} off, *shared = &off;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

static void __attribute__((constructor)) open_shared(void)
{
	const char *path = getenv("FAULT_FILE");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at;

	if (fd < 0)
		return;
	at = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (at != MAP_FAILED)
		shared = at;
}

static int fails(void)
{
	uint64_t n = __atomic_add_fetch(&shared->calls, 1, __ATOMIC_RELAXED);

	if (!shared->at || n < shared->at || (n > shared->at && !shared->onward))
		return 0;
	__atomic_add_fetch(&shared->failed, 1, __ATOMIC_RELAXED);
	errno = ENOMEM;
	return 1;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
	return fails() ? NULL : __real_strndup(s, n);
}
