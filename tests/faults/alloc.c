// SPDX-License-Identifier: GPL-2.0
/*
 * Linked into the binary in front of the allocator (ld --wrap): of all allocations of a program and
 * its children, libraries included, one fails, or all from one on, or the first of one place in the
 * code. FAULT_FILE is shared with who asks.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PLACES 4096u

static struct shared {
	uint64_t calls;	 /* so far */
	uint64_t at;	 /* which one fails, from 1; 0 = none */
	uint64_t onward; /* so do all after it */
	uint64_t failed;
	uint64_t place;		 /* of which the first fails; 0 = none */
	uint64_t places[PLACES]; /* met so far, in any order; 0 = none */
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

/* The same for each run of a binary, wherever it is loaded. */
static uint64_t place_of(const void *caller)
{
	return (uint64_t)((const char *)caller - (const char *)__wrap_malloc);
}

static void note_place(uint64_t place)
{
	for (uint64_t i = place % PLACES, tries = 0; tries < PLACES;
	     i = (i + 1) % PLACES, tries++) {
		uint64_t none = 0;

		if (__atomic_load_n(&shared->places[i], __ATOMIC_RELAXED) == place ||
		    __atomic_compare_exchange_n(&shared->places[i], &none, place, 0,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED) ||
		    none == place)
			return;
	}
}

static int fails(const void *caller)
{
	uint64_t place = place_of(caller);
	uint64_t n = __atomic_add_fetch(&shared->calls, 1, __ATOMIC_RELAXED);

	note_place(place);
	if (shared->place) {
		if (place != shared->place || shared->failed)
			return 0;
	} else if (!shared->at || n < shared->at || (n > shared->at && !shared->onward)) {
		return 0;
	}
	__atomic_add_fetch(&shared->failed, 1, __ATOMIC_RELAXED);
	errno = ENOMEM;
	return 1;
}

void *__wrap_malloc(size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *s)
{
	return fails(__builtin_return_address(0)) ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
	return fails(__builtin_return_address(0)) ? NULL : __real_strndup(s, n);
}
