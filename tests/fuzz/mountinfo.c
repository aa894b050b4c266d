// SPDX-License-Identifier: GPL-2.0
/* libFuzzer: any bytes as the mount table, whose names every user with a namespace chooses. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "fuzz/memfile.h"
#include "host/mounts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfile(data, size);
	char path[64], options[128];
	struct mounts *m;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	m = mounts__new(path, NULL);
	for (size_t i = 0; m && i < mounts__count(m); i++) {
		const struct mount_entry *e = mounts__at(m, i);

		if (e->mount_point[0] != '/' || e->gone ||
		    !mounts__by_id(m, e->id, e->major, e->minor) ||
		    !mounts__by_dev(m, e->major, e->minor) || !mounts__by_path(m, e->mount_point))
			abort();
		mount_entry__options(e, options, sizeof(options));
		if (strlen(options) >= sizeof(options))
			abort();
	}
	mounts__free(m);
	close(fd);
	return 0;
}
