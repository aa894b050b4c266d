/* SPDX-License-Identifier: GPL-2.0 */
/* Which requests of io_uring have been handed to a worker thread (io-wq). */
#ifndef AIOSTALL_PUNT_BPF_H
#define AIOSTALL_PUNT_BPF_H

#include "shared.bpf.h"

/*
 * A request can be handed over again and again, and objects of requests are used again: those
 * that have been counted, by their address, until they are prepared anew. Where two have the same
 * place the later one has it.
 */
#define PUNTED_PLACES 8192
extern __u64 punted_reqs[PUNTED_PLACES];

static __always_inline __u64 *punted_place(__u64 req)
{
	return &punted_reqs[BOUNDED((req >> 6) ^ (req >> 19), PUNTED_PLACES)];
}

static __always_inline void not_punted_yet(__u64 req)
{
	volatile __u64 *place = punted_place(req);

	if (*place == req)
		*place = 0;
}

#endif
