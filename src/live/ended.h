/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes that are gone: their rows in the kernel's tables are given up when they have been read, so
 * that there is room for others as long as tracing lasts. Some thousand are told apart here; of more
 * the one that went first is a part of "(other)".
 */
#ifndef AIOSTALL_LIVE_ENDED_H
#define AIOSTALL_LIVE_ENDED_H

#include "live/state.h"

struct ended_process {
	UT_hash_handle hh; /* by pid, the one that went first is first */
	uint32_t pid;
	struct wire_submitted sum;
	char *cgroup;
	char comm[WIRE_COMM_LEN + 1];
};

/* By errno, of all processes that are gone. */
struct ended_failure {
	UT_hash_handle hh;
	uint32_t err;
	uint64_t calls;
};

/* From time to time, of what the kernel's tables have. */
void ended__reap(struct live *lv);
/* What it has submitted is not told apart any more. */
void ended__fold(struct live *lv, struct ended_process *p);
bool ended__is_gone(uint32_t pid);
void ended__free(struct live *lv);
void submitted__add(struct wire_submitted *to, const struct wire_submitted *from);

#endif
