/* SPDX-License-Identifier: GPL-2.0 */
/* From ring-buffer bytes to records that can be trusted: nothing of libbpf here. */
#ifndef AIOSTALL_LIVE_DECODE_H
#define AIOSTALL_LIVE_DECODE_H

#include <stddef.h>

#include "bpf/wire.h"
#include "model/event.h"

union wire_record {
	struct wire_hdr hdr;
	struct wire_stall stall;
	struct wire_submit submit;
};

/*
 * Copy one record into out, checked: sizes as the kind has them, strings
 * terminated, enums and indexes in range. 0, or -EBADMSG.
 */
int decode__record(const void *data, size_t size, union wire_record *out);

/*
 * Stalls that were summed up: the longest one, checked like a record, into
 * longest, the figures into out; out->longest is the caller's to fill. 0, or -EBADMSG.
 */
int decode__spill(const struct wire_spill *wire, struct wire_stall *longest, struct ev_stalls *out);

/* The request of a sleep, without the path. */
void decode__request(const struct wire_req *wire, struct request *req);
/* Requests behind the one that slept, 0 if that one is not known. */
enum plane decode__plane(const struct wire_call *w);
/* Does the thread sleep as it was asked to: in io_uring_enter, for completions? */
bool decode__is_wait(const struct wire_call *w);
uint32_t decode__held_up(const struct wire_req *wire);
/* Add one CPU's counters of a row. */
void decode__add_row(const struct wire_fs *wire, struct fs_counts *to);
/*
 * Add the time of a call that has not ended, up to its present sleep or up to
 * now: its sleeps are in the rows already, so their time must have its share
 * of the wall time there. fs is the index of the row, or -1 for the totals.
 */
void decode__add_unfinished(const struct wire_call *wire, int fs, uint64_t now_ns,
			    struct fs_counts *to);
/* The losses as the kernel counts them. */
void decode__losses(const __u64 *wire, struct loss *to);

#endif
