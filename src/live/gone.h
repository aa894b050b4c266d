/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What processes that are gone have submitted. Some thousand are told apart; of more the one that went
 * first is a part of what is left, which is in no table of the kernel any more.
 */
#ifndef AIOSTALL_LIVE_GONE_H
#define AIOSTALL_LIVE_GONE_H

#include "base/hash.h"
#include "bpf/wire.h"

struct gone_process {
	UT_hash_handle hh; /* by pid, the one that went first is first */
	uint32_t pid;
	struct wire_submitted sum;
	char *cgroup;
	char comm[WIRE_COMM_LEN + 1];
};

struct gone {
	struct gone_process *processes;
	struct wire_submitted left; /* of those that are not told apart any more */
	uint64_t recycled;
};

/* cgroup: its path, "" = not known. */
void gone__add(struct gone *g, uint32_t pid, const struct wire_process *row, const char *cgroup);
/* What it has submitted is not told apart any more. */
void gone__fold(struct gone *g, struct gone_process *p);
void gone__release(struct gone *g);
void submitted__add(struct wire_submitted *to, const struct wire_submitted *from);

#endif
