/* SPDX-License-Identifier: GPL-2.0 */
/* How long punted requests of io_uring waited for a worker thread, by operation. */
#ifndef AIOSTALL_MODEL_QUEUED_H
#define AIOSTALL_MODEL_QUEUED_H

#include "model/event.h"

#define QUEUED_OPS 4

struct queued {
	const char *op; /* read, write, fsync, other: with vectors and registered buffers */
	uint64_t requests, delay_ns;
};

/* False where it was not counted by operation: in recordings before version 7. */
bool queued__of(const struct counters *c, struct queued ops[QUEUED_OPS]);

#endif
