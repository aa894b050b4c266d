/* SPDX-License-Identifier: GPL-2.0 */
/* What a fuzzer makes up, as a file. */
#ifndef AIOSTALL_TESTS_FUZZ_MEMFILE_H
#define AIOSTALL_TESTS_FUZZ_MEMFILE_H

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static inline int memfile(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	return fd;
}

#endif
