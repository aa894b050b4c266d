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
#include "live/decode.h"
#include "model/sums.h"

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

	return rows > WIRE_MAX_ROWS ? WIRE_MAX_ROWS : rows < 64 ? 64 : rows;
}

void live_rows__size(struct live *lv)
{
	uint32_t cpus = cpu_numbers(lv->cpus);

	lv->row_values = lv->plan.again ? 2 * cpus : cpus;
	lv->nr_rows = rows_for(2 * lv->row_values);
	lv->skel->rodata->opt_cpus = cpus;
	lv->skel->rodata->opt_row_values = lv->row_values;
	bpf_map__set_max_entries(lv->skel->maps.filesystems, lv->nr_rows * 2 * lv->row_values);
	bpf_map__set_max_entries(lv->skel->maps.row_of, lv->nr_rows);
	bpf_map__set_max_entries(lv->skel->maps.free_rows, lv->nr_rows);
	bpf_map__set_max_entries(lv->skel->maps.totals, 2 * 2 * lv->row_values);
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
	lv->taken = calloc(lv->nr_rows + 2, sizeof(*lv->taken));
	return lv->taken ? 0 : err__set(e, -ENOMEM, "out of memory");
}

void live_rows__close(struct live *lv)
{
	if (lv->rows)
		munmap(lv->rows, bytes_of(lv->skel->maps.filesystems));
	if (lv->total_row)
		munmap(lv->total_row, bytes_of(lv->skel->maps.totals));
	lv->rows = lv->total_row = NULL;
	free(lv->taken);
	lv->taken = NULL;
}

/* Beside the rows: what their sum has too little, and too much, as the total of all calls. */
enum { ROWS_MORE = UINT32_MAX - 1, ROWS_LESS = UINT32_MAX - 2 };

/* Its two sets, one behind the other. */
static struct wire_fs *values_of(const struct live *lv, uint32_t n)
{
	if (n == ROWS_MORE || n == ROWS_LESS)
		return lv->total_row + (n == ROWS_LESS ? 2 * lv->row_values : 0);
	return lv->rows + (size_t)n * 2 * lv->row_values;
}

static struct fs_counts *taken_of(const struct live *lv, uint32_t n)
{
	return &lv->taken[n == ROWS_MORE ? lv->nr_rows : n == ROWS_LESS ? lv->nr_rows + 1 : n];
}

static void add_values(const struct live *lv, uint32_t n, struct fs_counts *to)
{
	const struct wire_fs *values = values_of(lv, n);
	struct wire_fs value;

	fs_counts__add(to, taken_of(lv, n));
	for (uint32_t i = 0; !lv->holding && i < 2 * lv->row_values; i++) {
		value = values[i]; /* a copy, since programs go on writing to it */
		decode__add_row(&value, to);
	}
}

static void add_total(const struct live *lv, struct fs_counts *to)
{
	struct fs_counts sum = {0}, less = {0}, total;
	struct wire_fs_key key;

	for (uint32_t n = 0; n < lv->nr_rows; n++)
		if (live_rows__key(lv, n, &key))
			add_values(lv, n, &sum);
	add_values(lv, ROWS_MORE, &sum);
	add_values(lv, ROWS_LESS, &less);
	less.c.max_sleep_ns = less.c.max_submit_ns = 0; /* no sums: they are somebody's maximum */
	fs_counts__take_delta(&total, &sum, &less);
	fs_counts__add(to, &total);
}

void live_rows__add(const struct live *lv, uint32_t n, struct fs_counts *to)
{
	if (n == ROWS_TOTAL)
		add_total(lv, to);
	else
		add_values(lv, n, to);
}

/* What its filesystem is called stays. */
static void clear(struct wire_fs *value)
{
	memset(value, 0, offsetof(struct wire_fs, mnt_id));
	memset(value->submit_hist, 0, sizeof(value->submit_hist));
	memset(value->sleep_hist, 0, sizeof(value->sleep_hist));
}

static void take_row(struct live *lv, uint32_t n, uint32_t set)
{
	struct wire_fs *values = values_of(lv, n) + (size_t)set * lv->row_values;

	for (uint32_t i = 0; i < lv->row_values; i++) {
		decode__add_row(&values[i], taken_of(lv, n));
		clear(&values[i]);
	}
}

void live_rows__take(struct live *lv, uint32_t set)
{
	struct wire_fs_key key;

	for (uint32_t n = 0; n < lv->nr_rows; n++)
		if (live_rows__key(lv, n, &key))
			take_row(lv, n, set);
	take_row(lv, ROWS_MORE, set);
	take_row(lv, ROWS_LESS, set);
}

uint64_t live_rows__activity(const struct live *lv, uint32_t n)
{
	const struct counters *taken = &taken_of(lv, n)->c;
	const struct wire_fs *values = values_of(lv, n);
	uint64_t sum = taken->submits + taken->sleeps + taken->requests;

	for (uint32_t i = 0; i < 2 * lv->row_values; i++)
		sum += values[i].submits + values[i].sleeps + values[i].requests;
	return sum;
}

struct wire_fs live_rows__named(const struct live *lv, uint32_t n)
{
	const struct wire_fs *values = values_of(lv, n);
	struct wire_fs value;

	for (uint32_t i = 0; i < 2 * lv->row_values; i++) {
		value = values[i];
		if (value.fstype[0])
			return value;
	}
	return values[0];
}

bool live_rows__key(const struct live *lv, uint32_t n, struct wire_fs_key *key)
{
	const struct wire_row *row = &lv->skel->bss->rows[n];

	if (!__atomic_load_n(&row->used, __ATOMIC_ACQUIRE))
		return false;
	*key = row->key;
	return true;
}

void live_rows__leaves(struct live *lv, uint32_t n)
{
	__atomic_store_n(&lv->skel->bss->rows[n].used, WIRE_ROW_LEAVES, __ATOMIC_RELEASE);
}

void live_rows__give_back(struct live *lv, uint32_t n)
{
	/* of the total it stays a part */
	for (uint32_t i = 0; i < 2 * lv->row_values; i++)
		decode__add_row(&values_of(lv, n)[i], taken_of(lv, n));
	fs_counts__add(taken_of(lv, ROWS_MORE), taken_of(lv, n));
	memset(values_of(lv, n), 0, 2 * lv->row_values * sizeof(*lv->rows));
	*taken_of(lv, n) = (struct fs_counts){0};
	__atomic_store_n(&lv->skel->bss->rows[n].used, WIRE_ROW_FREE, __ATOMIC_RELEASE);
	bpf_map_update_elem(bpf_map__fd(lv->skel->maps.free_rows), NULL, &n, BPF_ANY);
}
