// SPDX-License-Identifier: GPL-2.0
#include "live/rows.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "aiostall.skel.h"
#include "host/procfile.h"

/* One more than the highest number that a CPU can have: there may be gaps. */
static uint32_t cpu_numbers(int cpus)
{
	uint32_t n = (uint32_t)cpus;
	size_t len, at;
	char *text;

	if (procfile__read("/sys/devices/system/cpu/possible", 4096, &text, &len))
		return n;
	for (at = len; at && !isdigit((unsigned char)text[at - 1]); at--)
		;
	while (at && isdigit((unsigned char)text[at - 1]))
		at--;
	if (at < len && strtoul(text + at, NULL, 10) < WIRE_MAX_CPUS)
		n = (uint32_t)strtoul(text + at, NULL, 10) + 1;
	free(text);
	return n;
}

/* The memory is rows x CPUs: fewer rows on big machines. */
static uint32_t rows_for(uint32_t values)
{
	uint32_t rows = 32768u / values;

	return rows > WIRE_MAX_ROWS ? WIRE_MAX_ROWS : rows < 128 ? 128 : rows;
}

void live_rows__size(struct live *lv)
{
	uint32_t cpus = cpu_numbers(lv->cpus);

	lv->row_values = lv->again ? 2 * cpus : cpus;
	lv->nr_rows = rows_for(lv->row_values);
	lv->skel->rodata->opt_cpus = cpus;
	lv->skel->rodata->opt_row_values = lv->row_values;
	bpf_map__set_max_entries(lv->skel->maps.filesystems, lv->nr_rows * lv->row_values);
	bpf_map__set_max_entries(lv->skel->maps.row_of, lv->nr_rows);
	bpf_map__set_max_entries(lv->skel->maps.free_rows, lv->nr_rows);
	bpf_map__set_max_entries(lv->skel->maps.totals, lv->row_values);
}

static size_t bytes_of(const struct bpf_map *map)
{
	return (size_t)bpf_map__max_entries(map) * sizeof(struct wire_fs);
}

static struct wire_fs *map_values(const struct bpf_map *map)
{
	void *at =
		mmap(NULL, bytes_of(map), PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	return at == MAP_FAILED ? NULL : at;
}

int live_rows__open(struct live *lv, struct err *e)
{
	int queue = bpf_map__fd(lv->skel->maps.free_rows);

	for (uint32_t n = 0; n < lv->nr_rows; n++)
		if (bpf_map_update_elem(queue, NULL, &n, BPF_ANY))
			return err__set(e, -errno, "cannot number the rows of counters: %s",
					strerror(errno));
	lv->rows = map_values(lv->skel->maps.filesystems);
	if (lv->rows)
		lv->total_row = map_values(lv->skel->maps.totals);
	if (!lv->rows || !lv->total_row)
		return err__set(e, -errno, "cannot map the counters: %s", strerror(errno));
	return 0;
}

void live_rows__close(struct live *lv)
{
	if (lv->rows)
		munmap(lv->rows, bytes_of(lv->skel->maps.filesystems));
	if (lv->total_row)
		munmap(lv->total_row, bytes_of(lv->skel->maps.totals));
	lv->rows = lv->total_row = NULL;
}

/* A copy, since programs go on writing to it. */
struct wire_fs live_rows__value(const struct live *lv, uint32_t n, uint32_t i)
{
	return n == ROWS_TOTAL ? lv->total_row[i] : lv->rows[(size_t)n * lv->row_values + i];
}

struct wire_fs live_rows__named(const struct live *lv, uint32_t n)
{
	struct wire_fs value;

	for (uint32_t i = 0; i < lv->row_values; i++) {
		value = live_rows__value(lv, n, i);
		if (value.fstype[0])
			return value;
	}
	return live_rows__value(lv, n, 0);
}

bool live_rows__key(const struct live *lv, uint32_t n, struct wire_fs_key *key)
{
	const struct wire_row *row = &lv->skel->bss->rows[n];

	if (!__atomic_load_n(&row->used, __ATOMIC_ACQUIRE))
		return false;
	*key = row->key;
	return true;
}

void live_rows__give_back(struct live *lv, uint32_t n)
{
	memset(&lv->rows[(size_t)n * lv->row_values], 0, lv->row_values * sizeof(*lv->rows));
	__atomic_store_n(&lv->skel->bss->rows[n].used, 0, __ATOMIC_RELEASE);
	bpf_map_update_elem(bpf_map__fd(lv->skel->maps.free_rows), NULL, &n, BPF_ANY);
}
