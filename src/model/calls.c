// SPDX-License-Identifier: GPL-2.0
#include "model/calls.h"

#include <stdlib.h>

#include "base/hash.h"

#define CALLS_MAX 8192
/* Of one call; few sleep for more than two reasons. */
#define REASONS_MAX 8

struct reason {
	uint64_t place;
	const void *cause;
};

struct call {
	UT_hash_handle hh;
	struct call_key {
		uint32_t host, tid;
	} key;
	uint64_t seq;
	uint32_t sleep_no, nr_reasons;
	struct reason reasons[REASONS_MAX];
};

static void drop(struct calls *c, struct call *call)
{
	HASH_DEL(c->all, call);
	free(call);
}

/* Found, or begun anew; NULL on lack of memory. */
static struct call *call_of(struct calls *c, const struct ev_stall *ev, uint32_t host)
{
	const struct call_key key = {host, ev->who.tid};
	struct call *call;

	HASH_FIND(hh, c->all, &key, sizeof(key), call);
	/* the number of a thread that is gone may be another's, whose calls count from 1 again */
	if (call && call->seq == ev->call_seq && ev->sleep_no > call->sleep_no)
		return call;
	if (call)
		HASH_DEL(c->all, call);
	else if (HASH_COUNT(c->all) >= CALLS_MAX)
		drop(c, c->all);
	call = call ? call : malloc(sizeof(*call));
	if (!call)
		return NULL;
	*call = (struct call){.key = key, .seq = ev->call_seq};
	HASH_ADD(hh, c->all, key, sizeof(call->key), call);
	if (call->hh.tbl)
		return call;
	free(call);
	return NULL;
}

enum call_stall calls__note(struct calls *c, const struct ev_stall *ev, uint32_t host,
			    uint64_t place, const void *cause)
{
	struct call *call = ev->call_seq && ev->sleep_no ? call_of(c, ev, host) : NULL;

	if (!call)
		return CALL_UNKNOWN;
	call->sleep_no = ev->sleep_no;
	for (uint32_t i = 0; i < call->nr_reasons; i++)
		if (call->reasons[i].place == place && call->reasons[i].cause == cause)
			return CALL_BLOCKED_AGAIN;
	if (call->nr_reasons == REASONS_MAX)
		return CALL_UNKNOWN;
	call->reasons[call->nr_reasons++] = (struct reason){place, cause};
	return CALL_BLOCKED_ANEW;
}

void calls__release(struct calls *c)
{
	while (c->all)
		drop(c, c->all);
}
