// SPDX-License-Identifier: GPL-2.0
#include "live/kernelbtf.h"

#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

static struct btf **lent;

/* From 6.16 on it can be mapped. NULL with errno. */
static struct btf *read_mapped(int fd)
{
	struct btf *btf;
	struct stat st;
	void *at;
	int err;

	if (fstat(fd, &st))
		return NULL;
	at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		return NULL;
	btf = btf__new(at, (__u32)st.st_size);
	err = errno;
	munmap(at, (size_t)st.st_size);
	errno = err;
	return btf;
}

struct btf *kernelbtf__read(void)
{
	int fd = open(KERNEL_BTF, O_RDONLY | O_CLOEXEC);
	struct btf *btf;

	if (fd < 0)
		return NULL;
	btf = read_mapped(fd);
	close(fd);
	/* the file gives a page for each read(2), and there is no other way */
	return btf ? btf : btf__parse_raw(KERNEL_BTF);
}

void kernelbtf__lend(struct btf **btf)
{
	lent = btf;
}

struct btf *kernelbtf__take(void)
{
	struct btf *btf = lent ? *lent : NULL;

	if (btf)
		*lent = NULL;
	return btf;
}
