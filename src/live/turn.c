// SPDX-License-Identifier: GPL-2.0
#include "live/turn.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "aiostall.skel.h"
#include "live/rows.h"
#include "live/source.h"
#include "live/spill.h"

/*
 * Until the programs that run now have ended. membarrier(2) waits for a grace period of RCU, as long
 * as several CPUs are online and none is nohz_full (kernel/sched/membarrier.c, from 4.16 on). Where it
 * does not, to put a table where it is already does (kernel/bpf/syscall.c, maybe_wait_bpf_programs());
 * that is a system call on a map, in which a preemptible kernel skips our own kprobe programs.
 */
static int wait_for_programs(struct live *lv, uint32_t old)
{
	int table = spill__table(lv, old);

	if (!syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) && get_nprocs() > 1)
		return 0;
	if (bpf_map_update_elem(bpf_map__fd(lv->skel->maps.spilled), &old, &table, BPF_ANY))
		return -errno;
	return 0;
}

int turn__epoch(struct live *lv, const struct sink *to)
{
	uint64_t spills = __atomic_load_n(&lv->skel->bss->spills, __ATOMIC_ACQUIRE);
	uint32_t old = lv->epoch & 1;
	bool spilled;
	int rc;

	__atomic_store_n(&lv->skel->bss->epoch, ++lv->epoch, __ATOMIC_SEQ_CST);
	rc = wait_for_programs(lv, old);
	if (rc)
		return rc;
	live_rows__take(lv, old);
	/* since the turn before this one, in either epoch: else the table is as empty as that left it */
	spilled = __atomic_load_n(&lv->skel->bss->spills, __ATOMIC_ACQUIRE) != lv->spills_seen;
	lv->spills_seen = spills;
	if (spilled)
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
