// SPDX-License-Identifier: GPL-2.0
/*
 * fragment MB: takes that much memory in single pages, gives every other one back and keeps the rest,
 * so that no two free pages are neighbours. It prints "ready" when that is done. Until it is killed it
 * changes its memory map again and again, for which whoever moves its pages has to wait.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096ul

/* NULL, and the reason in errno. */
static char *take(size_t len)
{
	char *mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED || madvise(mem, len, MADV_NOHUGEPAGE))
		return NULL;
	memset(mem, 'f', len);
	for (size_t at = 0; at < len; at += 2 * PAGE)
		madvise(mem + at, PAGE, MADV_DONTNEED);
	/* On fault: what was given back stays away. */
	return mlock2(mem, len, MLOCK_ONFAULT) ? NULL : mem;
}

/* The mapping is split and merged, with the lock that finds the mappings of its pages. */
static void change(char *page)
{
	for (;;) {
		mprotect(page, PAGE, PROT_READ);
		mprotect(page, PAGE, PROT_READ | PROT_WRITE);
		usleep(1000);
	}
}

int main(int argc, char **argv)
{
	size_t len = argc == 2 ? strtoul(argv[1], NULL, 10) << 20 : 0;
	char *mem;

	if (!len)
		return 2;
	mem = take(len);
	if (!mem) {
		perror("fragment");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	change(mem + len / 2);
}
