// SPDX-License-Identifier: GPL-2.0
#include "live/spill.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>

#include "aiostall.skel.h"
#include "live/decode.h"
#include "live/source.h"
#include "live/turn.h"

static void deliver(struct live *lv, const struct sink *to, const struct wire_spill *w)
{
	struct wire_stall longest;
	struct ev_stalls ev;

	if (decode__spill(w, &longest, &ev)) {
		lv->malformed++;
		return;
	}
	/* the others had theirs */
	longest.waker_kind = WIRE_WAKER_UNKNOWN;
	longest.waker_pid = longest.waker_tid = 0;
	longest.holder_pid = longest.holder_tid = 0;
	longest.holder_comm[0] = '\0';
	source__stall(lv, &longest, &ev.longest);
	if (!ev.longest.fs)
		return;
	lv->capture.spilled += ev.sum.sleeps;
	to->stalls(to->ctx, &ev);
}

int spill__table(const struct live *lv, uint32_t which)
{
	return bpf_map__fd(which ? lv->skel->maps.spill_b : lv->skel->maps.spill_a);
}

void spill__place(void *ctx)
{
	struct spill_placing *placing = ctx;
	int outer = bpf_map__fd(placing->lv->skel->maps.spilled);

	for (uint32_t which = 0; which < 2 && !placing->rc; which++) {
		int table = spill__table(placing->lv, which);

		if (bpf_map_update_elem(outer, &which, &table, BPF_ANY))
			placing->rc = -errno;
	}
}

void spill__empty(struct live *lv, const struct sink *to, uint32_t which)
{
	int table = spill__table(lv, which), more;
	struct wire_spill_key key, next;
	struct wire_spill w;

	more = bpf_map_get_next_key(table, NULL, &next);
	while (!more) {
		key = next;
		more = bpf_map_get_next_key(table, &key, &next);
		if (!bpf_map_lookup_elem(table, &key, &w))
			deliver(lv, to, &w);
		bpf_map_delete_elem(table, &key);
	}
}

bool spill__deliver(struct live *lv, const struct sink *to, bool all)
{
	uint64_t spills = __atomic_load_n(&lv->skel->bss->spills, __ATOMIC_ACQUIRE);

	if (spills == lv->spills_seen && !all)
		return false;
	if (turn__epoch(lv, to)) {
		lv->spills_lost = all ? spills - lv->capture.spilled : 0;
		return false;
	}
	return true;
}
