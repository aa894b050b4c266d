/* SPDX-License-Identifier: GPL-2.0 */
/* Calls that failed, by errno: as of now, and as of the last time somebody was told. */
#ifndef AIOSTALL_MODEL_FAILURES_H
#define AIOSTALL_MODEL_FAILURES_H

#include <stdint.h>

#include "base/hash.h"

struct failure {
	UT_hash_handle hh; /* hh.next: the next one */
	int err;
	uint64_t now, last;
};

/* *all: NULL = none yet. 0 or -ENOMEM. */
int failures__add(struct failure **all, int err, uint64_t calls);
void failures__release(struct failure **all);

#endif
