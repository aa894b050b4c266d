// SPDX-License-Identifier: GPL-2.0
/* libFuzzer: any bytes as a file of rules. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "cause/causes.h"
#include "fuzz/memfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const frames[] = {"io_schedule", "blk_mq_get_tag",
					     "ext4_file_write_iter", "aio_write", "io_submit_one"};
	int fd = memfile(data, size);
	char path[64], why[256] = "";
	struct causes *causes;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	causes = causes__new(path, why, sizeof(why));
	if (!causes && !*why)
		abort();
	if (causes && !causes__match(causes, (const char **)frames, 5))
		abort();
	causes__free(causes);
	close(fd);
	return 0;
}
