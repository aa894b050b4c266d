/* SPDX-License-Identifier: GPL-2.0 */
/* Words for the numbers of an event, the same in every format. */
#ifndef AIOSTALL_REPORT_NAMES_H
#define AIOSTALL_REPORT_NAMES_H

#include <stddef.h>

#include "model/event.h"
#include "model/sums.h"

#define NAMES_OPS 8

/* Name of the i-th cell of counters.ops[]. */
const char *names__op_cell(size_t i);
/* "exact", "scanned", "batch" or "unknown". */
const char *names__how(enum request_how how);
/* "task", "interrupt" or "unknown". */
const char *names__waker(enum waker_kind kind);
const char *names__lock(enum lock_kind kind);
/* Where one sleeps in a plane of io_uring: "worker threads"; "" of the submitter's own. */
const char *names__plane(enum plane plane);

struct names_shape {
	uint32_t bit;
	const char *key;  /* in JSON */
	const char *text; /* for people */
};
/* The i-th property a request can have, NULL past the end. */
const struct names_shape *names__shape(size_t i);

/*
 * The systemd unit of a cgroup's path, or else its innermost part: "mariadb.service"; "" of the
 * root. Short: without its kind, "mariadb". buf is returned.
 */
const char *names__unit(const char *cgroup, char *buf, size_t size);
const char *names__unit_short(const char *cgroup, char *buf, size_t size);
/* What was slept in the planes but the submitter's own: "; worker threads: 3 stalls, 5ms blocked", or "". */
const char *names__elsewhere(const struct counters *c, char *buf, size_t size);
/* "EAGAIN", or "errno 512" of what this system has no name for. buf is returned. */
const char *names__errno(int err, char *buf, size_t size);

#endif
