// SPDX-License-Identifier: GPL-2.0
/*
 * month files|filesystems N: what a busy host does in a month, as fast as it can be added up: N files,
 * a tenth as many stacks and processes, each for a while and never again, and one file in use all the
 * time; or N volumes that come, are counted in the kernel's table and go, with one that stays.
 * Prints its own resident memory in KiB after a fifth of it and at the end, what was evicted, and what
 * of the sleeps the report has too many of, and how many of what is always in use, with its name and
 * mount.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "model/view.h"
#include "tests/resident.h"

static const struct fs_info data = {8, 1, "xfs", "sda1", "/data", "rw", API_AIO, 0, 0};

static void stall(struct ledger *l, const struct fs_info *fs, uint64_t i, const char *path)
{
	char odd[32], comm[32];
	const char *frames[] = {"io_schedule", odd, "xfs_file_write_iter", "aio_write"};
	const struct stack stack = {i / 10 + 1, ARRAY_SIZE(frames), frames};
	const struct ev_stall ev = {
		.blocked_ns = 1000 + i % 5000,
		.who = {.pid = (uint32_t)(i / 10), .tid = (uint32_t)i, .comm = comm, .cgroup = "/"},
		.fs = fs,
		.req = {.how = HOW_EXACT, .nr = 1, .opcode = 1, .path = path},
		.waker_kind = WAKER_IRQ,
		.stack = &stack,
	};

	snprintf(odd, sizeof(odd), "function_%" PRIu64, i / 10);
	snprintf(comm, sizeof(comm), "p%" PRIu64, i / 10);
	ledger__add_stall(l, &ev);
}

static void a_file(struct ledger *l, uint64_t i, bool always)
{
	char path[64];

	snprintf(path, sizeof(path), "/data/%" PRIu64 "/segment", i);
	stall(l, &data, i, path);
	if (always)
		stall(l, &data, 0, "/data/always");
}

/* Its counters are told, and told no more when its row in the kernel is another's. */
static void a_volume(struct ledger *l, uint64_t i, bool always)
{
	static struct fs_counts counts, stays;
	char device[32], mount[64];
	const struct fs_info fs = {252, (uint32_t)i, "ext4", device, mount, "rw", API_AIO, 0, 0};

	snprintf(device, sizeof(device), "dm-%" PRIu64, i);
	snprintf(mount, sizeof(mount), "/pods/%" PRIu64, i);
	stall(l, &fs, i % 1000, "/f");
	counts.c = (struct counters){.submits = 1, .requests = 1, .sleeps = 1};
	ledger__sink(l)->fs_counts(l, &fs, &counts);
	ledger__sink(l)->fs_restart(l, &fs);
	if (!always)
		return;
	stall(l, &data, 0, "/data/always");
	stays.c.submits++;
	stays.c.requests++;
	stays.c.sleeps++;
	ledger__sink(l)->fs_counts(l, &data, &stays);
}

static uint64_t of_file(const struct report *r, const char *path)
{
	for (size_t i = 0; r->nr_fs && i < r->fs[0].nr_files; i++)
		if (!strcmp(r->fs[0].files[i].path, path))
			return r->fs[0].files[i].sleeps;
	return 0;
}

static uint64_t of_volume(const struct report *r)
{
	for (size_t i = 0; i < r->nr_fs; i++)
		if (!strcmp(r->fs[i].fs->mount, data.mount) &&
		    !strcmp(r->fs[i].fs->fstype, data.fstype) && r->fs[i].nr_causes == 1)
			return r->fs[i].c.sleeps;
	return 0;
}

static uint64_t sleeps_of(const struct report *r)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < r->nr_fs; i++)
		sum += r->fs[i].c.sleeps;
	return sum;
}

int main(int argc, char **argv)
{
	struct ledger *l = ledger__new(NULL);
	const struct report *r;
	uint64_t n, more = 0;
	long early = 0;
	bool files;

	if (argc != 3 || parse__u64(argv[2], 10, UINT32_MAX, &n) || !l)
		return 2;
	files = !strcmp(argv[1], "files");
	for (uint64_t i = 0; i < n; i++) {
		/* a volume that stays has come when there were too many already */
		bool always = !(i % 100) && (files || i >= n / 2);

		(files ? a_file : a_volume)(l, i, always);
		more += always;
		if (i == n / 5) {
			/* the report's own memory is there from now on */
			ledger__report(l, NULL, NULL);
			early = resident_kib();
		}
	}
	r = ledger__report(l, NULL, NULL);
	if (!r)
		return 1;
	printf("%ld %ld %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", early, resident_kib(),
	       ledger__evicted(l), sleeps_of(r) - n - more,
	       files ? of_file(r, "/data/always") : of_volume(r));
	ledger__free(l);
	return 0;
}
