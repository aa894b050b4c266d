/* SPDX-License-Identifier: GPL-2.0 */
/* Which requests of io_uring have been handed to a worker thread (io-wq). */
#ifndef AIOSTALL_PUNT_BPF_H
#define AIOSTALL_PUNT_BPF_H

#include "shared.bpf.h"

/*
 * A request can be handed over again and again, and objects of requests are used again: those
 * that have been counted, by their address, until they are prepared anew. Where two have the same
 * place the later one has it, and when the earlier one is taken is not known.
 */
#define PUNTED_PLACES 8192
extern __u64 punted_reqs[PUNTED_PLACES];
/* When; 0 once a worker has taken it, or where it is not asked for. */
extern __u64 punted_ns[PUNTED_PLACES];

static __always_inline __u64 punted_place(__u64 req)
{
	return BOUNDED((req >> 6) ^ (req >> 19), PUNTED_PLACES);
}

/* A request that was punted, is asked for, and that no worker was seen to take. */
static __always_inline bool is_awaited(__u64 req)
{
	__u64 place = punted_place(req);

	return *(volatile __u64 *)&punted_ns[place] &&
	       *(volatile __u64 *)&punted_reqs[place] == req;
}

/* A worker has it now. */
int taken(__u64 req);

static __always_inline void taken_if_awaited(__u64 req)
{
	if (is_awaited(req))
		taken(req);
}

static __always_inline void not_punted_yet(__u64 req)
{
	volatile __u64 *in_place = &punted_reqs[punted_place(req)];

	if (*in_place == req)
		*in_place = 0;
}

#endif
