/* SPDX-License-Identifier: GPL-2.0 */
/* Inside of the ledger: which causes have blocked the present call of each thread already. */
#ifndef AIOSTALL_MODEL_CALLS_H
#define AIOSTALL_MODEL_CALLS_H

#include "model/event.h"

struct call;

/* Zeroed it is empty. */
struct calls {
	struct call *all;
};

/* What a stall is to its call: the first of its cause in it, a further one, or nobody knows. */
enum call_stall { CALL_UNKNOWN, CALL_BLOCKED_ANEW, CALL_BLOCKED_AGAIN };

/*
 * Stalls of a thread are told in their order. place is the filesystem's id, host that of the
 * thread; the cause's address is compared only. Memory is bounded: of threads beyond the bound the one whose call
 * began longest ago is forgotten.
 */
enum call_stall calls__note(struct calls *c, const struct ev_stall *ev, uint32_t host,
			    uint64_t place, const void *cause);
void calls__release(struct calls *c);

#endif
