/* SPDX-License-Identifier: GPL-2.0 */
/* Stalls that are alike, summed up where the ring buffer has no room. */
#ifndef AIOSTALL_SPILL_BPF_H
#define AIOSTALL_SPILL_BPF_H

#include "shared.bpf.h"

/*
 * Stalls that the ring buffer had no room for, in one table or the other by the epoch. To put one
 * in its place once more returns when no program runs that did before, and that is how the reader
 * can wait for them (src/live/turn.c).
 */
struct spill_table {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct wire_spill_key);
	__type(value, struct wire_spill);
};
extern struct spill_table spill_a SEC(".maps"), spill_b SEC(".maps");

struct spilled_map {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct spill_table);
};
extern struct spilled_map spilled SEC(".maps");

/* Stalls that are in `spilled` and not in the ring buffer. */
extern __u64 spills;

extern struct wire_spill zero_spill;

/* Where stalls like this one are summed up; NULL if there is no more room. */
static __always_inline struct wire_spill *spill_row(const struct call *c)
{
	struct wire_spill_key key = {
		.fs = c->req.fs,
		.stack_id = c->stack_id,
		.user_stack_id = c->user_stack_id,
		.file_id = c->req.file_id,
		.mnt_id = c->req.mnt_id,
		.how = c->req.how,
		.pid = c->pid,
		.cpu = bpf_get_smp_processor_id(),
	};
	struct wire_spill *row;
	__u32 which = c->epoch & 1;
	void *table = bpf_map_lookup_elem(&spilled, &which);

	if (!table)
		return NULL;
	row = bpf_map_lookup_elem(table, &key);
	if (row)
		return row;
	bpf_map_update_elem(table, &key, &zero_spill, BPF_NOEXIST);
	return bpf_map_lookup_elem(table, &key);
}

#endif
