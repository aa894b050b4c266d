// SPDX-License-Identifier: GPL-2.0
#include "model/queued.h"

#include "model/sums.h"

bool queued__of(const struct counters *c, struct queued ops[QUEUED_OPS])
{
	uint64_t named = sat_add(c->queued_reads, sat_add(c->queued_writes, c->queued_syncs));
	uint64_t named_ns =
		sat_add(c->queued_reads_ns, sat_add(c->queued_writes_ns, c->queued_syncs_ns));
	uint64_t others = sat_sub(
		c->punted, sat_add(c->punted_reads, sat_add(c->punted_writes, c->punted_syncs)));

	ops[0] = (struct queued){"read", c->queued_reads, c->queued_reads_ns};
	ops[1] = (struct queued){"write", c->queued_writes, c->queued_writes_ns};
	ops[2] = (struct queued){"fsync", c->queued_syncs, c->queued_syncs_ns};
	ops[3] = (struct queued){"other", sat_sub(c->queue_delays, named),
				 sat_sub(c->queue_delay_ns, named_ns)};
	/* there were not so many others: nothing has counted the rest */
	return named || ops[3].requests <= others;
}
