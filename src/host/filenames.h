/* SPDX-License-Identifier: GPL-2.0 */
/* Paths of files by the kernel's number of what was opened: of very many the one that was used longest ago makes room. */
#ifndef AIOSTALL_HOST_FILENAMES_H
#define AIOSTALL_HOST_FILENAMES_H

#include <stdint.h>

struct filename;

struct filenames {
	struct filename *all; /* what was used longest ago is first */
	uint64_t recycled;    /* that made room for others */
};

/* NULL if it is not known (any more). Valid until the next one is added, as what filenames__add() returns. */
const char *filenames__get(struct filenames *f, uint64_t id);
/* One that is not there. NULL on lack of memory. */
const char *filenames__add(struct filenames *f, uint64_t id, const char *path);
void filenames__release(struct filenames *f);

#endif
