// SPDX-License-Identifier: GPL-2.0
#include "live/spill.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "aiostall.skel.h"
#include "live/decode.h"
#include "live/source.h"

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

/* No program uses it: what is in it does not change. */
static void empty_table(struct live *lv, const struct sink *to, int table)
{
	struct wire_spill_key key, next;
	int more = bpf_map_get_next_key(table, NULL, &next);
	struct wire_spill w;

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
	int tables[] = {bpf_map__fd(lv->skel->maps.spill_a), bpf_map__fd(lv->skel->maps.spill_b)};
	uint64_t spills = __atomic_load_n(&lv->skel->bss->spills, __ATOMIC_ACQUIRE);
	int used = tables[lv->spill_b], other = tables[!lv->spill_b];
	uint32_t zero = 0;

	if (spills == lv->spills_seen && !all)
		return false;
	/* returns when the programs that may still add to the old one have ended */
	if (bpf_map_update_elem(bpf_map__fd(lv->skel->maps.spilled), &zero, &other, BPF_ANY)) {
		lv->spills_lost = all ? spills - lv->capture.spilled : 0;
		return false;
	}
	lv->spills_seen = spills;
	lv->spill_b = !lv->spill_b;
	empty_table(lv, to, used);
	return true;
}
