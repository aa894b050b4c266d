// SPDX-License-Identifier: GPL-2.0
/*
 * month FILES: what a busy host does in a month, as fast as it can be added up: FILES files, a tenth
 * as many stacks and processes, each for a while and never again, and one file in use all the time.
 * Prints resident memory in KiB after a fifth of it and at the end, what was evicted, and the
 * sleeps of the report: all, and of the file that is always in use.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "model/view.h"

static const struct fs_info fs = {8, 1, "xfs", "sda1", "/data", "rw", API_AIO, 0};

static long resident_kib(void)
{
	long pages = 0, resident = 0;
	FILE *in = fopen("/proc/self/statm", "r");

	if (in && fscanf(in, "%ld %ld", &pages, &resident) != 2)
		resident = 0;
	if (in)
		fclose(in);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void stall(struct ledger *l, uint64_t i, const char *path)
{
	char odd[32], comm[32];
	const char *frames[] = {"io_schedule", odd, "xfs_file_write_iter", "aio_write"};
	const struct stack stack = {i / 10 + 1, ARRAY_SIZE(frames), frames};
	const struct ev_stall ev = {
		.blocked_ns = 1000 + i % 5000,
		.who = {.pid = (uint32_t)(i / 10), .tid = (uint32_t)i, .comm = comm, .cgroup = "/"},
		.fs = &fs,
		.req = {.how = HOW_EXACT, .nr = 1, .opcode = 1, .path = path},
		.waker_kind = WAKER_IRQ,
		.stack = &stack,
	};

	snprintf(odd, sizeof(odd), "function_%" PRIu64, i / 10);
	snprintf(comm, sizeof(comm), "p%" PRIu64, i / 10);
	ledger__add_stall(l, &ev);
}

static uint64_t of_file(const struct report *r, const char *path)
{
	for (size_t i = 0; r->nr_fs && i < r->fs[0].nr_files; i++)
		if (!strcmp(r->fs[0].files[i].path, path))
			return r->fs[0].files[i].sleeps;
	return 0;
}

int main(int argc, char **argv)
{
	struct ledger *l = ledger__new(NULL);
	uint64_t files, always = 0;
	const struct report *r;
	long early = 0;
	char path[64];

	if (argc != 2 || parse__u64(argv[1], 10, UINT32_MAX, &files) || !l)
		return 2;
	for (uint64_t i = 0; i < files; i++) {
		snprintf(path, sizeof(path), "/data/%" PRIu64 "/segment", i);
		stall(l, i, path);
		if (!(i % 100)) {
			stall(l, 0, "/data/always");
			always++;
		}
		if (i == files / 5) {
			/* the report's own memory is there from now on */
			ledger__report(l, NULL, NULL);
			early = resident_kib();
		}
	}
	r = ledger__report(l, NULL, NULL);
	if (!r)
		return 1;
	printf("%ld %ld %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", early, resident_kib(),
	       ledger__evicted(l), r->fs[0].c.sleeps - files - always, of_file(r, "/data/always"));
	ledger__free(l);
	return 0;
}
