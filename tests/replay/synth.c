// SPDX-License-Identifier: GPL-2.0
/*
 * synth [OPTIONS] DB SECONDS STALLS_PER_SECOND KEYS: a long recording, made by feeding the events of
 * one in the time it takes to sum them up.
 *
 * -k S   keep that many seconds        -t MS  trigger on stalls of that length
 * -l S   200 ms of a stall in second S -c     other files in every second
 * -e     keep every event
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cause/causes.h"
#include "store/writer.h"

#define START_NS NSEC_PER_SEC
#define FILESYSTEMS 4
#define STACKS 6
#define LONG_NS (200 * NSEC_PER_MSEC)

static const char *frames[STACKS][5] = {
	{"io_schedule", "blk_mq_get_tag", "ext4_file_write_iter", "aio_write", "io_submit_one"},
	{"io_schedule", "__iomap_dio_rw", "ext4_file_write_iter", "aio_write", "io_submit_one"},
	{"schedule", "xlog_grant_head_wait", "xfs_log_reserve", "aio_write", "io_submit_one"},
	{"schedule", "rwsem_down_read_slowpath", "xfs_ilock", "aio_write", "io_submit_one"},
	{"io_schedule", "folio_wait_bit_common", "filemap_read", "aio_read", "io_submit_one"},
	{"schedule", "wait_on_commit", "jbd2_log_wait_commit", "aio_write", "io_submit_one"},
};
static struct stack stacks[STACKS];
static struct fs_info filesystems[FILESYSTEMS];
static struct fs_counts counts[FILESYSTEMS], totals;

/* What there is of it, and when. */
struct load {
	uint64_t seconds, per_second, keys;
	uint64_t long_at;
	bool churn;
	uint64_t second; /* now */
};

static void set_up(void)
{
	static const char *const types[FILESYSTEMS] = {"ext4", "xfs", "btrfs", "blockdev"};
	static char mounts[FILESYSTEMS][16];

	for (uint32_t i = 0; i < STACKS; i++)
		stacks[i] = (struct stack){i + 1, 5, frames[i]};
	for (uint32_t i = 0; i < FILESYSTEMS; i++) {
		snprintf(mounts[i], sizeof(mounts[i]), "/data%u", i);
		filesystems[i] =
			(struct fs_info){8, i, types[i], "sda", mounts[i], "rw", API_AIO, 0, 0};
	}
}

/* The same sequence in every run. */
static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void add_counts(struct fs_counts *c, uint64_t blocked_ns)
{
	c->c.submits++;
	c->c.submits_blocked++;
	c->c.requests += 4;
	c->c.sleeps++;
	c->c.blocked_ns += blocked_ns;
	if (blocked_ns > c->c.max_sleep_ns)
		c->c.max_sleep_ns = blocked_ns;
	hist__add(&c->sleep, blocked_ns, 1);
	hist__add(&c->submit, blocked_ns + 5000, 1);
}

static void stall(const struct load *load, const struct sink *to, uint32_t random, uint64_t i)
{
	uint32_t key = (uint32_t)(random % load->keys), fs = key % FILESYSTEMS;
	uint64_t blocked_ns = 50000 + (uint64_t)(random % 4096) * (random % 97) * 40;
	char path[64];
	struct ev_stall ev = {
		.end_ns = START_NS + load->second * NSEC_PER_SEC +
			  i * (NSEC_PER_SEC / load->per_second),
		.call_seq = load->second * load->per_second + i + 1,
		.sleep_no = 1,
		.who = {.pid = 100 + key % 3,
			.tid = 1000 + key % 5,
			.comm = "load",
			.cgroup = "/load"},
		.fs = &filesystems[fs],
		.req = {.how = HOW_EXACT, .nr = 4, .opcode = 1, .len_bytes = 4096, .path = path},
		.held_up_requests = 3,
		.waker_kind = WAKER_IRQ,
		.waker_comm = "",
		.stack = &stacks[key % STACKS],
	};

	if (!i && load->second + 1 == load->long_at)
		blocked_ns = LONG_NS;
	ev.blocked_ns = blocked_ns;
	snprintf(path, sizeof(path), "/data%u/table.%u.%llu", fs, key,
		 (unsigned long long)(load->churn ? load->second : 0));
	to->stall(to->ctx, &ev);
	add_counts(&counts[fs], blocked_ns);
	add_counts(&totals, blocked_ns);
}

static int second(struct store_writer *w, uint64_t now_ns, struct err *e)
{
	const struct sink *to = store_writer__sink(w);
	struct timespec t = {0, 1000000};

	for (uint32_t i = 0; i < FILESYSTEMS; i++)
		to->fs_counts(to->ctx, &filesystems[i], &counts[i]);
	to->totals(to->ctx, &totals);
	/* a second of this time is shorter than the disk may take */
	while (!store_writer__is_due(w, now_ns))
		nanosleep(&t, NULL);
	return store_writer__commit(w, now_ns, e);
}

static int record(struct store_writer *w, struct load *load, struct err *e)
{
	uint32_t random = 1;
	int rc = 0;

	for (; !rc && load->second < load->seconds; load->second++) {
		for (uint64_t i = 0; i < load->per_second; i++)
			stall(load, store_writer__sink(w), next_random(&random), i);
		rc = second(w, START_NS + (load->second + 1) * NSEC_PER_SEC, e);
	}
	return rc;
}

/* 0, or -1 if the arguments are not what the usage says. */
static int parse(int argc, char **argv, struct load *load, struct store_write_opts *o)
{
	uint64_t *const numbers[] = {&load->seconds, &load->per_second, &load->keys};
	int opt, rc = 0;

	while (!rc && (opt = getopt(argc, argv, "k:t:l:ce")) != -1) {
		if (opt == 'k')
			rc = parse__u64(optarg, 1, 100000, &o->keep_ns);
		else if (opt == 't')
			rc = parse__u64(optarg, 1, 100000, &o->trigger_ns);
		else if (opt == 'l')
			rc = parse__u64(optarg, 1, 100000, &load->long_at);
		else if (opt == 'c')
			load->churn = true;
		else if (opt == 'e')
			o->events = true;
		else
			rc = -1;
	}
	o->keep_ns *= NSEC_PER_SEC;
	o->trigger_ns *= NSEC_PER_MSEC;
	if (rc || argc - optind != 4)
		return -1;
	o->path = argv[optind];
	for (int i = 0; !rc && i < 3; i++)
		rc = parse__u64(argv[optind + 1 + i], 1, 10000000, numbers[i]);
	return rc;
}

int main(int argc, char **argv)
{
	struct capture_info c = {
		.host = {"synth", "6.1.0", "x86_64", 8},
		.started_unix_ns = 1767225600LL * (int64_t)NSEC_PER_SEC,
	};
	struct store_write_opts o = {
		.capture = &c, .started_mono_ns = START_NS, .slow_ns = NSEC_PER_MSEC};
	struct ledger_opts lo = {.slow_threshold_ns = NSEC_PER_MSEC};
	struct store_writer *w = NULL;
	struct load load = {0};
	struct err e = {0};
	char why[512];
	int rc;

	if (parse(argc, argv, &load, &o)) {
		fprintf(stderr,
			"usage: synth [-k S] [-t MS] [-l S] [-ce] DB SECONDS STALLS_PER_SECOND "
			"KEYS\n");
		return 2;
	}
	set_up();
	lo.causes = causes__new(NULL, why, sizeof(why));
	o.ledger = ledger__new(&lo);
	c.duration_ns = load.seconds * NSEC_PER_SEC;
	rc = lo.causes && o.ledger ? store_writer__new(&o, &w, &e) : err__set(&e, -1, "%s", why);
	if (!rc)
		rc = record(w, &load, &e);
	if (!rc)
		rc = store_writer__finish(w, &c, START_NS + c.duration_ns, &e);
	if (rc)
		fprintf(stderr, "synth: %s\n", e.text);
	store_writer__free(w);
	ledger__free(o.ledger);
	causes__free((struct causes *)lo.causes);
	return rc ? 1 : 0;
}
