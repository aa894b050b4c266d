// SPDX-License-Identifier: GPL-2.0
#include "live/recycle.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aiostall.skel.h"
#include "live/ended.h"
#include "live/rows.h"

/* A row is not given away in use, but where many come one has to go soon. */
#define IDLE_NS (2 * NSEC_PER_SEC)
/* Programs that have found the row before its key was deleted have ended long since. */
#define GRACE_NS NSEC_PER_SEC
/* Looking for idle rows begins when fewer than one of so many is free. */
#define FREE_PART 2

struct row_use {
	uint64_t activity; /* what its counters added up to */
	uint64_t since_ns; /* ... since then */
	uint64_t left_ns;  /* its key was deleted then, 0 = it has one */
	bool named;
};

int recycle__open(struct live *lv)
{
	lv->row_use = calloc(lv->nr_rows, sizeof(*lv->row_use));
	return lv->row_use ? 0 : -ENOMEM;
}

void recycle__close(struct live *lv)
{
	free(lv->row_use);
	lv->row_use = NULL;
	ended__free(lv);
}

bool recycle__is_leaving(const struct live *lv, uint32_t n)
{
	return lv->row_use[n].left_ns != 0;
}

static bool has_twin(const struct live *lv, uint32_t n, const struct wire_fs_key *key)
{
	struct wire_fs_key other;

	for (uint32_t i = 0; i < lv->nr_rows; i++)
		if (i != n && live_rows__key(lv, i, &other) && !memcmp(key, &other, sizeof(other)))
			return true;
	return false;
}

/* What it counted was delivered as it is now. A filesystem that came back meanwhile keeps both rows. */
static void let_go(struct live *lv, const struct sink *to, uint32_t n, recycle_name_fn name)
{
	struct wire_fs_key key;
	const struct fs_info *info;

	if (!live_rows__key(lv, n, &key) || has_twin(lv, n, &key))
		return;
	info = name(lv, n);
	if (!info)
		return;
	live_rows__give_back(lv, n);
	lv->row_use[n] = (struct row_use){0};
	lv->nr_leaving--;
	if (to->fs_restart)
		to->fs_restart(to->ctx, info);
}

/* The one that was left longest ago, if that is a while; nr_rows if there is none. */
static uint32_t idlest(const struct live *lv, uint64_t now)
{
	uint32_t best = lv->nr_rows;
	struct wire_fs_key key;

	for (uint32_t n = 0; n < lv->nr_rows; n++) {
		const struct row_use *use = &lv->row_use[n];

		if (!live_rows__key(lv, n, &key) || use->left_ns || !use->since_ns ||
		    now - use->since_ns < IDLE_NS || (lv->nr_leaving && has_twin(lv, n, &key)))
			continue;
		if (best == lv->nr_rows || use->since_ns < lv->row_use[best].since_ns)
			best = n;
	}
	return best;
}

/* How many rows are in use, and since when each has been as it is. */
static uint32_t note_use(struct live *lv, uint64_t now)
{
	struct wire_fs_key key;
	uint32_t used = 0;

	for (uint32_t n = 0; n < lv->nr_rows; n++) {
		struct row_use *use = &lv->row_use[n];
		uint64_t activity;

		if (!live_rows__key(lv, n, &key))
			continue;
		used += !use->left_ns;
		activity = live_rows__activity(lv, n) + 1;
		if (activity == use->activity)
			continue;
		use->activity = activity;
		use->since_ns = now;
	}
	return used;
}

void recycle__name_new(struct live *lv, recycle_name_fn name)
{
	struct wire_fs_key key;

	for (uint32_t n = 0; n < lv->nr_rows; n++)
		if (!lv->row_use[n].named && live_rows__key(lv, n, &key) &&
		    (key.kind != WIRE_FS_SUPER || live_rows__named(lv, n).fstype[0]))
			lv->row_use[n].named = name(lv, n) != NULL;
}

bool recycle__is_due(struct live *lv)
{
	uint64_t now = clock__mono_ns();

	if (now < lv->next_recycle_ns)
		return false;
	lv->next_recycle_ns = now + GRACE_NS;
	lv->rows_used = note_use(lv, now);
	return lv->nr_leaving || lv->rows_used > lv->nr_rows - lv->nr_rows / FREE_PART;
}

void recycle__rows(struct live *lv, const struct sink *to, recycle_name_fn name)
{
	uint32_t enough = lv->nr_rows - lv->nr_rows / FREE_PART;
	uint64_t now = clock__mono_ns();
	struct wire_fs_key key;

	for (uint32_t n = 0; n < lv->nr_rows; n++)
		if (lv->row_use[n].left_ns && now - lv->row_use[n].left_ns >= GRACE_NS)
			let_go(lv, to, n, name);
	for (; lv->rows_used > enough; lv->rows_used--) {
		uint32_t n = idlest(lv, now);

		if (n == lv->nr_rows || !live_rows__key(lv, n, &key))
			return;
		bpf_map_delete_elem(bpf_map__fd(lv->skel->maps.row_of), &key);
		live_rows__leaves(lv, n);
		lv->row_use[n].left_ns = now;
		lv->nr_leaving++;
		lv->recycled++;
	}
}
