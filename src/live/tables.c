// SPDX-License-Identifier: GPL-2.0
#include "live/tables.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include "aiostall.skel.h"
#include "live/memory.h"

static struct bpf_map *map_of(const struct live *lv, size_t i)
{
	struct bpf_map *const maps[LIVE_TABLES] = {
		lv->skel->maps.calls,
		lv->skel->maps.stacks,
		lv->skel->maps.files,
	};

	return maps[i];
}

static void make(void *ctx)
{
	struct live *lv = ctx;

	for (size_t i = 0; i < LIVE_TABLES; i++) {
		const struct bpf_map *map = map_of(lv, i);
		LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = bpf_map__map_flags(map));

		lv->tables[i] = bpf_map_create(bpf_map__type(map), bpf_map__name(map),
					       bpf_map__key_size(map), bpf_map__value_size(map),
					       bpf_map__max_entries(map), &opts);
	}
}

/*
 * Before 5.11 memory of maps is locked memory. Libbpf's first call raises the limit, and is not
 * made for two threads.
 */
static void raise_limit(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, sizeof(uint32_t), sizeof(uint32_t), 1,
				NULL);

	if (fd >= 0)
		close(fd);
}

void tables__begin(struct live *lv)
{
	for (size_t i = 0; i < LIVE_TABLES; i++)
		lv->tables[i] = -1;
	lv->has_room = memory__has_room(lv);
	if (!lv->has_room)
		return;
	raise_limit();
	beside__start(&lv->making_tables, make, lv);
}

void tables__end(struct live *lv)
{
	beside__wait(&lv->making_tables);
	for (size_t i = 0; i < LIVE_TABLES; i++)
		if (lv->tables[i] >= 0)
			bpf_map__reuse_fd(map_of(lv, i), lv->tables[i]);
	tables__drop(lv);
}

void tables__drop(struct live *lv)
{
	beside__wait(&lv->making_tables);
	for (size_t i = 0; i < LIVE_TABLES; i++) {
		if (lv->tables[i] >= 0)
			close(lv->tables[i]);
		lv->tables[i] = -1;
	}
}
