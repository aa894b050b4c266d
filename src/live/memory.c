// SPDX-License-Identifier: GPL-2.0
#include "live/memory.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "bpf/wire.h"
#include "aiostall.skel.h"
#include "host/memlimit.h"
#include "live/state.h"

#define MIB (1u << 20)
/*
 * What is needed besides the maps, measured in a cgroup: the kernel's types, which libbpf and the
 * verifier go through, symbols, and names and sums as they grow.
 */
#define PROCESS_BYTES (34ull * MIB)
/* ... of which the types are there already when the maps are made. */
#define TYPES_BYTES (10ull * MIB)
#define REST_BYTES (PROCESS_BYTES - TYPES_BYTES)
/* The maps of a small machine at their smallest. */
#define LEAST_MAPS_BYTES (12ull * MIB)

#define SMALL_RING_BYTES MIB

static int refuse(const struct memlimit *l, uint64_t need, struct err *e)
{
	err__set(
		e, -ENOMEM,
		"the memory limit of cgroup %s leaves %llu of %llu MiB, and tracing takes %llu MiB",
		l->cgroup, (unsigned long long)(l->left_bytes / MIB),
		(unsigned long long)(l->limit_bytes / MIB),
		(unsigned long long)((need + MIB - 1) / MIB));
	err__hint(e, "raise its memory.max (memory.limit_in_bytes, MemoryMax= of a service), "
		     "or run aiostall in another cgroup");
	return -ENOMEM;
}

/*
 * What a tracer had that has ended is freed some time later, by the kernel's workers: one that is
 * started right after it in the same cgroup would be refused.
 */
static void wait_for_room(struct memlimit *l, uint64_t need)
{
	static const struct timespec moment = {0, 20000000};

	for (int i = 0; i < 50 && l->left_bytes < need && l->limit_bytes >= need; i++) {
		nanosleep(&moment, NULL);
		memlimit__read("", l);
	}
}

int memory__check(struct err *e)
{
	static const uint64_t least = PROCESS_BYTES + LEAST_MAPS_BYTES;
	struct memlimit limit;

	memlimit__read("", &limit);
	wait_for_room(&limit, least);
	return limit.left_bytes < least ? refuse(&limit, least, e) : 0;
}

static uint64_t round_to_power(uint64_t n)
{
	uint64_t power = 1;

	while (power < n)
		power *= 2;
	return power;
}

/* As the kernel counts it, within a few per cent: hash tables are made whole at once. */
static uint64_t map_bytes(const struct bpf_map *map, int cpus)
{
	uint64_t n = bpf_map__max_entries(map);
	uint64_t key = (bpf_map__key_size(map) + 7ull) & ~7ull;
	uint64_t value = (bpf_map__value_size(map) + 7ull) & ~7ull;

	switch (bpf_map__type(map)) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
		return n * (key + value + 64) + round_to_power(n) * 16;
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		return n * value * (uint64_t)cpus;
	case BPF_MAP_TYPE_RINGBUF:
		return n;
	default:
		return n * value;
	}
}

static uint64_t all_bytes(const struct live *lv)
{
	const struct bpf_map *map;
	uint64_t sum = 0;

	bpf_object__for_each_map(map, lv->skel->obj) sum += map_bytes(map, lv->cpus);
	return sum;
}

/* Full sooner, which is counted as loss, or forgetful, which costs looking up again. */
static void shrink(struct live *lv)
{
	const struct {
		struct bpf_map *map;
		uint32_t entries;
	} smaller[] = {
		{lv->skel->maps.calls, 2048},	    {lv->skel->maps.free_calls, 2048},
		{lv->skel->maps.given_calls, 2048}, {lv->skel->maps.call_numbers, 2048},
		{lv->skel->maps.stacks, 1024},	    {lv->skel->maps.files, 1024},
		{lv->skel->maps.tree, 4096},	    {lv->skel->maps.samples, 1024},
		{lv->skel->maps.processes, 1024},
	};

	for (size_t i = 0; i < ARRAY_SIZE(smaller); i++)
		bpf_map__set_max_entries(smaller[i].map, smaller[i].entries);
	if (lv->opts.ring_bytes)
		return;
	bpf_map__set_max_entries(lv->skel->maps.ring, SMALL_RING_BYTES);
	lv->skel->rodata->opt_spill_bytes = SMALL_RING_BYTES - SMALL_RING_BYTES / 8;
}

bool memory__has_room(const struct live *lv)
{
	struct memlimit limit;

	memlimit__read("", &limit);
	return limit.left_bytes >= PROCESS_BYTES + all_bytes(lv);
}

int memory__fit(struct live *lv, struct err *e)
{
	struct memlimit limit;
	uint64_t need;

	memlimit__read("", &limit);
	if (limit.left_bytes >= REST_BYTES + all_bytes(lv))
		return 0;
	shrink(lv);
	need = REST_BYTES + all_bytes(lv);
	wait_for_room(&limit, need);
	if (limit.left_bytes < need)
		return refuse(&limit, need, e);
	log__print(LOG_WARN,
		   "the memory limit of cgroup %s leaves %llu MiB: with smaller tables, "
		   "losses come sooner",
		   limit.cgroup, (unsigned long long)(limit.left_bytes / MIB));
	return 0;
}
