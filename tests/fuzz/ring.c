// SPDX-License-Identifier: GPL-2.0
/* libFuzzer: any bytes as records of the ring buffer, and as what the kernel's tables hold. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "live/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_stall(const struct wire_stall *s)
{
	struct request req;

	decode__request(&s->req, &req);
	if (memchr(s->comm, 0, sizeof(s->comm)) == NULL || req.how > HOW_BATCH ||
	    decode__held_up(&s->req) > s->req.nr)
		abort();
}

static void as_record(const uint8_t *data, size_t size)
{
	union wire_record rec;

	if (!decode__record(data, size, &rec) && rec.hdr.kind == WIRE_STALL)
		check_stall(&rec.stall);
}

/* With a head that is right nothing but the fields stands between the bytes and us. */
static void as_fields(const uint8_t *data, size_t size, uint32_t kind)
{
	union wire_record rec = {0};

	memcpy(&rec, data, size < sizeof(rec) ? size : sizeof(rec));
	rec.hdr.kind = kind;
	rec.hdr.size = kind == WIRE_STALL ? sizeof(rec.stall) : sizeof(rec.submit);
	as_record((const uint8_t *)&rec, sizeof(rec));
}

static void as_tables(const uint8_t *data, size_t size)
{
	static struct fs_counts counts;
	struct wire_stall longest;
	struct wire_spill spill = {0};
	struct wire_call call = {0};
	struct wire_fs row = {0};
	struct ev_stalls ev;

	memcpy(&spill, data, size < sizeof(spill) ? size : sizeof(spill));
	memcpy(&call, data, size < sizeof(call) ? size : sizeof(call));
	memcpy(&row, data, size < sizeof(row) ? size : sizeof(row));
	if (!decode__spill(&spill, &longest, &ev))
		check_stall(&longest);
	decode__add_row(&row, &counts);
	for (int i = -1; i < WIRE_FS_PER_CALL; i++)
		decode__add_unfinished(&call, i, call.since_ns, &counts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	as_record(data, size);
	as_fields(data, size, WIRE_STALL);
	as_fields(data, size, WIRE_SUBMIT);
	as_tables(data, size);
	return 0;
}
