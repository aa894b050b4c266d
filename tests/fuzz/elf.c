// SPDX-License-Identifier: GPL-2.0
/* libFuzzer: any bytes as the ELF file of a traced program. */
#define _GNU_SOURCE
#include <string.h>

#include "fuzz/memfile.h"
#include "host/elfsyms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfile(data, size);
	struct elfsyms *syms;

	if (!elfsyms__new(fd, &syms)) {
		for (uint64_t at = 0; at < 2 * size; at += 7) {
			const char *name;
			uint64_t addr = at;

			elfsyms__address(syms, at, &addr);
			name = elfsyms__name(syms, addr);
			if (name && !strlen(name))
				abort();
		}
		if (elfsyms__bytes(syms) > 64 * size + 4096)
			abort();
		elfsyms__free(syms);
	}
	close(fd);
	return 0;
}
