// SPDX-License-Identifier: GPL-2.0
#include "live/turn.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "aiostall.skel.h"
#include "live/rows.h"
#include "live/source.h"
#include "live/spill.h"

int turn__epoch(struct live *lv, const struct sink *to)
{
	uint64_t spills = __atomic_load_n(&lv->skel->bss->spills, __ATOMIC_ACQUIRE);
	uint32_t old = lv->epoch & 1;
	int table = spill__table(lv, old);

	__atomic_store_n(&lv->skel->bss->epoch, ++lv->epoch, __ATOMIC_SEQ_CST);
	/* the table stays, but this returns when the programs that may still use it have ended */
	if (bpf_map_update_elem(bpf_map__fd(lv->skel->maps.spilled), &old, &table, BPF_ANY))
		return -errno;
	lv->spills_seen = spills;
	live_rows__take(lv, old);
	spill__empty(lv, to, old);
	return 0;
}

int turn__begin_cut(struct live *lv, const struct sink *to)
{
	turn__release(lv, to);
	lv->holding = !turn__epoch(lv, to);
	return source__consume(lv, to);
}

void turn__end_cut(struct live *lv)
{
	lv->holding = false;
}

int turn__cut(struct source *src, const struct sink *to)
{
	struct live *lv = (struct live *)src;
	int rc = turn__begin_cut(lv, to);

	if (!rc)
		rc = source__counters(src, to);
	turn__end_cut(lv);
	return rc;
}

static bool has_place(struct live *lv)
{
	size_t max = lv->max_held ? 2 * lv->max_held : 64;
	struct wire_stall *grown;

	if (lv->nr_held < lv->max_held)
		return true;
	grown = realloc(lv->held, max * sizeof(*grown));
	if (!grown)
		return false;
	lv->held = grown;
	lv->max_held = max;
	return true;
}

bool turn__holds(struct live *lv, const struct wire_stall *w)
{
	if (!lv->holding || w->epoch != lv->epoch || !has_place(lv))
		return false;
	lv->held[lv->nr_held++] = *w;
	return true;
}

void turn__release(struct live *lv, const struct sink *to)
{
	struct ev_stall ev;

	for (size_t i = 0; i < lv->nr_held; i++) {
		source__stall(lv, &lv->held[i], &ev);
		if (ev.fs)
			to->stall(to->ctx, &ev);
	}
	lv->nr_held = 0;
}
