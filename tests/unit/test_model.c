// SPDX-License-Identifier: GPL-2.0
/* Aggregation: sums, what no stall explains, bounds, hostile figures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cause/causes.h"
#include "model/loss.h"
#include "model/view.h"

static const char *frames_append[] = {"io_schedule",	     "__iomap_dio_rw",
				      "ext4_dio_write_iter", "ext4_file_write_iter",
				      "aio_write",	     "io_submit_one"};
static const char *frames_tag[] = {"io_schedule",	   "blk_mq_get_tag", "blk_mq_submit_bio",
				   "ext4_file_write_iter", "aio_write",	     "io_submit_one"};
static const char *frames_odd[] = {"io_schedule", "nobody_knows_this", "aio_write",
				   "io_submit_one"};
static const struct stack append = {1, 6, frames_append};
static const struct stack tag = {2, 6, frames_tag};
static const struct stack odd = {3, 4, frames_odd};
static const char *user_a_frames[] = {"db`flush"}, *user_b_frames[] = {"db`read"};
static const struct stack user_a = {11, 1, user_a_frames}, user_b = {12, 1, user_b_frames};

static const struct fs_info ext4 = {7, 1, "ext4", "loop1", "/data", "rw", API_AIO, 0, 0};
static const struct fs_info xfs = {7, 2, "xfs", "loop2", "/srv", "rw", API_AIO, 0, 0};

static struct causes *rules;

static int setup(void **state)
{
	char err[512];

	(void)state;
	rules = causes__new(NULL, err, sizeof(err));
	return rules ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	causes__free(rules);
	return 0;
}

static struct ledger *new_model(size_t max_keys)
{
	struct ledger_opts opts = {
		.causes = rules, .slow_threshold_ns = 1000, .max_keys = max_keys};
	struct ledger *m = ledger__new(&opts);

	assert_non_null(m);
	return m;
}

static struct ev_stall stall_on(const struct fs_info *fs, const struct stack *stack,
				uint64_t blocked_ns, const char *path)
{
	return (struct ev_stall){
		.blocked_ns = blocked_ns,
		.who = {.pid = 10, .tid = 11, .comm = "db", .cgroup = ""},
		.fs = fs,
		.req = {.how = HOW_EXACT, .index = 1, .nr = 4, .opcode = 1, .path = path},
		.held_up_requests = 2,
		.waker_kind = WAKER_TASK,
		.waker_comm = "kworker/0:1",
		.stack = stack,
	};
}

static void feed(struct ledger *m, const struct fs_info *fs, const struct stack *stack,
		 uint64_t blocked_ns, const char *path)
{
	struct ev_stall ev = stall_on(fs, stack, blocked_ns, path);

	ledger__sink(m)->stall(m, &ev);
}

static void feed_counts(struct ledger *m, const struct fs_info *fs, uint64_t sleeps,
			uint64_t blocked_ns)
{
	struct fs_counts *counts = calloc(1, sizeof(*counts));

	assert_non_null(counts);
	counts->c = (struct counters){.submits = 100,
				      .submits_blocked = sleeps < 100 ? sleeps : 100,
				      .requests = 400,
				      .sleeps = sleeps,
				      .blocked_ns = blocked_ns,
				      .max_sleep_ns = 1000};
	ledger__sink(m)->fs_counts(m, fs, counts);
	free(counts);
}

static const struct report *report_of(struct ledger *m)
{
	const struct report *r = ledger__report(m, NULL, NULL);

	assert_non_null(r);
	return r;
}

static const struct report_cause *find(const struct report_fs *f, const char *id)
{
	for (size_t i = 0; i < f->nr_causes; i++) {
		if (strcmp(f->causes[i].id, id) == 0)
			return &f->causes[i];
	}
	return NULL;
}

static void feed_call(struct ledger *m, const struct fs_info *fs, const struct stack *stack,
		      uint64_t call_seq, uint32_t sleep_no, uint64_t blocked_ns)
{
	struct ev_stall ev = stall_on(fs, stack, blocked_ns, "/data/a");

	ev.call_seq = call_seq;
	ev.sleep_no = sleep_no;
	ledger__sink(m)->stall(m, &ev);
}

/* Who asked for O_DIRECT is not told to use it, but why the page cache was used all the same. */
static void test_advice_for_direct_requests(void **state)
{
	static const char *frames[] = {"filemap_get_pages", "filemap_read", "aio_read"};
	static const struct stack miss = {4, 3, frames};
	struct ledger *m = new_model(0);
	struct ev_stall ev = stall_on(&ext4, &miss, 900, "/f");
	const struct report_cause *c;

	(void)state;
	ev.req.shape = SHAPE_DIRECT;
	ledger__sink(m)->stall(m, &ev);
	c = &report_of(m)->fs[0].causes[0];
	assert_string_equal(c->id, "buf.read_miss");
	assert_null(strstr(c->advice, "Use O_DIRECT"));
	assert_non_null(strstr(c->todo, "align O_DIRECT requests and their memory"));
	ev.req.shape = SHAPE_DIRECT | SHAPE_UNALIGNED_MEM | 10u << SHAPE_MEM_SHIFT;
	ev.blocked_ns = 901;
	ledger__sink(m)->stall(m, &ev);
	assert_non_null(strstr(report_of(m)->fs[0].causes[0].todo, "it is aligned to 512"));
	/* of some who did not ask, nothing is said that holds for the others alone */
	ev.req.shape = 0;
	ev.req.path = "/g";
	ledger__sink(m)->stall(m, &ev);
	/* nor what the worst stall, which is shown beside it, has done already */
	assert_string_equal(report_of(m)->fs[0].causes[0].todo, "keep the file cached");
	ev.blocked_ns = 902;
	ledger__sink(m)->stall(m, &ev);
	c = &report_of(m)->fs[0].causes[0];
	assert_string_equal(c->todo, "use O_DIRECT, or keep the file cached");
	assert_non_null(strstr(c->advice, "Use O_DIRECT"));
	ledger__free(m);
}

/* What the rule leaves open, the requests tell, as long as they are all of one kind. */
static void test_a_name_for_the_kind_of_request(void **state)
{
	static const char *frames[] = {"__iomap_dio_rw", "iomap_dio_rw", "ext4_file_write_iter"};
	static const struct stack dio = {4, 3, frames};
	struct ledger *m = new_model(0);
	struct ev_stall ev = stall_on(&ext4, &dio, 900, "/f");

	(void)state;
	ev.req.how = HOW_EXACT;
	ev.req.shape = SHAPE_DIRECT | SHAPE_BEYOND_EOF;
	ledger__sink(m)->stall(m, &ev);
	assert_string_equal(report_of(m)->fs[0].causes[0].name,
			    "appending direct writes wait for completion");
	/* of one that is not known nothing is said against it */
	ev.req.how = HOW_BATCH;
	ev.req.shape = 0;
	ledger__sink(m)->stall(m, &ev);
	assert_string_equal(report_of(m)->fs[0].causes[0].name,
			    "appending direct writes wait for completion");
	ev.req.how = HOW_SCANNED;
	ev.req.shape = SHAPE_DIRECT | SHAPE_UNALIGNED;
	ev.blocked_ns = 1;
	ledger__sink(m)->stall(m, &ev);
	assert_string_equal(report_of(m)->fs[0].causes[0].name,
			    "appending or unaligned direct writes wait for completion");
	assert_true(report_of(m)->fs[0].causes[0].inside);
	ledger__free(m);
	m = new_model(0);
	ledger__sink(m)->stall(m, &ev);
	assert_string_equal(report_of(m)->fs[0].causes[0].name,
			    "unaligned direct writes wait for completion");
	assert_string_equal(report_of(m)->fs[0].causes[0].todo,
			    "align offset and length to the filesystem's block size");
	ledger__free(m);
}

/* Who uses io_uring is not told to send what io_submit takes. */
static void test_advice_has_the_words_of_the_interface(void **state)
{
	static const char *frames[] = {"file_write_and_wait_range", "ext4_sync_file", "aio_write"};
	static const struct stack sync = {4, 3, frames};
	struct fs_info uring = ext4;
	struct ledger *m = new_model(0);
	struct ev_stall ev = stall_on(&uring, &sync, 900, "/f");
	const struct report_cause *c;

	(void)state;
	uring.api = API_URING;
	ledger__sink(m)->stall(m, &ev);
	c = &report_of(m)->fs[0].causes[0];
	assert_string_equal(c->id, "sync.data");
	assert_non_null(strstr(c->todo, "IORING_OP_FSYNC (with IORING_FSYNC_DATASYNC)"));
	assert_null(strstr(c->advice, "IOCB_CMD"));
	ledger__free(m);
}

/* Most submits block for one reason, most of the time goes to another. */
static void test_submits_are_counted_for_each_cause(void **state)
{
	struct ledger *m = new_model(0);
	const struct report_cause *by_append, *by_tag;
	const struct report *r;

	(void)state;
	for (uint64_t call = 1; call <= 64; call++) {
		feed_call(m, &ext4, &append, call, 1, 100);
		feed_call(m, &ext4, &append, call, 2, 100);
		if (call <= 5)
			feed_call(m, &ext4, &tag, call, 3, 10000);
		/* the same cause on another filesystem is another one */
		feed_call(m, &xfs, &append, call, 4, 1);
	}
	r = report_of(m);
	assert_string_equal(r->fs[0].fs->fstype, "ext4");
	by_append = find(&r->fs[0], "ext4.dio_sync");
	by_tag = find(&r->fs[0], "blk.tag");
	assert_int_equal(by_append->sleeps, 128);
	assert_true(by_append->knows_submits && by_tag->knows_submits);
	assert_int_equal(by_append->submits_blocked, 64);
	assert_int_equal(by_tag->submits_blocked, 5);
	assert_ptr_equal(r->fs[0].most_submits, by_append);
	assert_ptr_equal(r->fs[0].most_time, by_tag);
	assert_int_equal(r->fs[1].causes[0].submits_blocked, 64);
	ledger__free(m);
}

/* A thread's number can be another thread's later, whose calls count from 1 again. */
static void test_a_call_of_the_same_number_is_another(void **state)
{
	struct ledger *m = new_model(0);

	(void)state;
	feed_call(m, &ext4, &append, 1, 1, 100);
	feed_call(m, &ext4, &append, 1, 2, 100);
	feed_call(m, &ext4, &append, 1, 1, 100);
	assert_int_equal(report_of(m)->fs[0].causes[0].submits_blocked, 2);
	ledger__free(m);
}

/* Where submits are not known the cause of most of them is not, unless it cannot be another one. */
static void test_submits_of_sums_are_not_known(void **state)
{
	struct ledger *m = new_model(0);
	struct ev_stalls many = {.longest = stall_on(&ext4, &tag, 100, "/data/a"),
				 .sum = {.sleeps = 3, .blocked_ns = 200, .max_ns = 100}};
	const struct report_fs *f;

	(void)state;
	for (uint64_t call = 1; call <= 3; call++)
		feed_call(m, &ext4, &append, call, 1, 10);
	ledger__sink(m)->stalls(m, &many);
	f = &report_of(m)->fs[0];
	assert_false(find(f, "blk.tag")->knows_submits);
	assert_ptr_equal(f->most_submits, find(f, "ext4.dio_sync"));
	ledger__sink(m)->stalls(m, &many);
	f = &report_of(m)->fs[0];
	assert_null(f->most_submits);
	assert_ptr_equal(f->most_time, find(f, "blk.tag"));
	ledger__free(m);
}

/* Threads beyond what is kept take the place of those whose calls began longest ago. */
static void test_calls_of_many_threads(void **state)
{
	struct ledger *m = new_model(0);
	struct ev_stall ev = stall_on(&ext4, &append, 100, "/data/a");

	(void)state;
	ev.call_seq = 1;
	for (ev.sleep_no = 1; ev.sleep_no <= 2; ev.sleep_no++)
		for (ev.who.tid = 1; ev.who.tid <= 8192; ev.who.tid++)
			ledger__sink(m)->stall(m, &ev);
	assert_int_equal(report_of(m)->fs[0].causes[0].submits_blocked, 8192);
	ev.sleep_no = 3;
	ev.who.tid = 9000;
	ledger__sink(m)->stall(m, &ev);
	ev.who.tid = 8192;
	ledger__sink(m)->stall(m, &ev);
	assert_int_equal(report_of(m)->fs[0].causes[0].submits_blocked, 8193);
	ledger__free(m);
}

/* The share is that of the process which lost most, its threads together. */
static void test_severity_of_a_filesystem(void **state)
{
	struct ledger *m = new_model(0);
	struct capture_info capture = {.duration_ns = 1000 * NSEC_PER_MSEC};
	struct severity_limits strict = severity_defaults;
	struct ev_stall ev = stall_on(&ext4, &append, 3 * NSEC_PER_MSEC, "/data/a");
	const struct view v = {.limits = &strict};
	const struct report *r;

	(void)state;
	for (ev.who.pid = 10; ev.who.pid < 13; ev.who.pid++)
		ledger__sink(m)->stall(m, &ev);
	r = ledger__report(m, NULL, &capture);
	assert_int_equal(r->fs[0].severity, SEVERITY_OK);
	assert_int_equal(r->severity, SEVERITY_OK);
	ev.who.pid = 12;
	for (ev.who.tid = 12; ev.who.tid < 15; ev.who.tid++)
		ledger__sink(m)->stall(m, &ev);
	r = ledger__report(m, NULL, &capture);
	assert_int_equal(r->fs[0].severity, SEVERITY_LOOK);
	assert_int_equal(r->fs[0].severity_by, MEASURE_SHARE);
	assert_true(r->fs[0].figures.value[MEASURE_SHARE] == 0.012);
	/* little of its time is known: what it lost elsewhere may be more */
	assert_true(r->time_elsewhere);
	strict.hurts[MEASURE_SHARE] = 0.01;
	r = ledger__report(m, &v, &capture);
	assert_int_equal(r->fs[0].severity, SEVERITY_HURTS);
	assert_int_equal(r->severity, SEVERITY_HURTS);
	assert_false(r->time_elsewhere);
	/* one that hurts says nothing of another */
	feed_counts(m, &xfs, 5, 1);
	assert_true(ledger__report(m, &v, &capture)->time_elsewhere);
	ledger__free(m);
}

/* Of threads of the kernel, which are judged one by one: the submitter was free all the time. */
static void test_severity_of_other_planes(void **state)
{
	static const struct {
		enum plane plane;
		uint64_t ms;
		enum severity want;
	} rows[] = {
		{PLANE_WORKER, 50, SEVERITY_OK},      {PLANE_WORKER, 3000, SEVERITY_LOOK},
		{PLANE_SQPOLL, 5, SEVERITY_OK},	      {PLANE_SQPOLL, 50, SEVERITY_LOOK},
		{PLANE_SQPOLL, 3000, SEVERITY_HURTS}, {PLANE_TASKWORK, 3000, SEVERITY_HURTS},
	};
	struct capture_info capture = {.duration_ns = 1000 * NSEC_PER_SEC};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ledger *m = new_model(0);
		struct ev_stall ev =
			stall_on(&ext4, &append, rows[i].ms * NSEC_PER_MSEC, "/data/a");
		const struct report_fs *f;

		ev.plane = rows[i].plane;
		ledger__sink(m)->stall(m, &ev);
		feed_counts(m, &ext4, 5, 1);
		f = &ledger__report(m, NULL, &capture)->fs[0];
		assert_int_equal(f->severity, rows[i].want);
		assert_int_equal(f->submitter, SEVERITY_OK);
		assert_int_equal(f->severity_plane,
				 rows[i].want == SEVERITY_OK ? PLANE_SUBMIT : rows[i].plane);
		assert_true(!f->most_elsewhere == (rows[i].want == SEVERITY_OK));
		ledger__free(m);
	}
}

/* A hung device never gets to the counters. */
static void test_severity_of_a_sleep_that_goes_on(void **state)
{
	struct ledger *m = new_model(0);
	const struct ev_unfinished ev = {.age_ns = 200 * NSEC_PER_MSEC,
					 .who = {.pid = 1, .tid = 1, .comm = "db", .cgroup = ""},
					 .fs = &ext4,
					 .stack = &append};
	const struct report *r;

	(void)state;
	feed_counts(m, &ext4, 0, 0);
	feed_counts(m, &xfs, 0, 0);
	ledger__sink(m)->unfinished(m, &ev);
	r = report_of(m);
	assert_int_equal(r->fs[0].severity + r->fs[1].severity, SEVERITY_HURTS);
	assert_int_equal(r->severity, SEVERITY_HURTS);
	ledger__free(m);
}

/* From when on a sleep that goes on is more than a note is what the user set. */
static void test_long_asleep_is_by_the_limits_set(void **state)
{
	struct ledger *m = new_model(0);
	struct severity_limits limits = severity_defaults;
	const struct view v = {.limits = &limits};
	struct ev_unfinished ev = {.age_ns = 200 * NSEC_PER_MSEC,
				   .who = {.pid = 1, .tid = 1, .comm = "db", .cgroup = ""},
				   .fs = &ext4,
				   .stack = &append};

	(void)state;
	ledger__sink(m)->unfinished(m, &ev);
	assert_true(ledger__report(m, &v, NULL)->long_asleep);
	limits.hurts[MEASURE_STALL] = 300.0 * NSEC_PER_MSEC;
	assert_false(ledger__report(m, &v, NULL)->long_asleep);
	ev.before_tracing = true;
	ev.who.tid = 2;
	ledger__sink(m)->unfinished(m, &ev);
	assert_true(ledger__report(m, &v, NULL)->long_asleep);
	ledger__free(m);
}

static void test_empty(void **state)
{
	struct ledger *m = new_model(0);
	const struct report *r = report_of(m);

	(void)state;
	assert_int_equal(r->nr_fs, 0);
	assert_false(r->any_loss);
	assert_true(r->blocked_share == 0 && r->ctxsw_per_io == 0);
	assert_int_equal(r->sleep.p50, 0);
	assert_string_equal(r->capture->command, "");
	ledger__free(m);
	ledger__free(NULL);
}

static void test_no_zero_division(void **state)
{
	struct ledger *m = new_model(0);
	struct fs_counts *none = calloc(1, sizeof(*none));
	const struct report *r;

	(void)state;
	assert_non_null(none);
	ledger__sink(m)->fs_counts(m, &ext4, none);
	feed(m, &ext4, &tag, 0, "/f");
	r = report_of(m);
	assert_true(r->fs[0].blocked_share == 0);
	assert_true(r->fs[0].ctxsw_per_io == 0);
	assert_true(r->fs[0].causes[0].share == 0);
	free(none);
	ledger__free(m);
}

/* Everything that can be added up gives the kernel's counters again. */
static void check_sums(const struct report_fs *f)
{
	uint64_t sleeps = 0, blocked_ns = 0, stack_ns = 0, waker_sleeps = 0, file_ns = 0;
	double share = 0;

	for (size_t i = 0; i < f->nr_causes; i++) {
		const struct report_cause *c = &f->causes[i];
		uint64_t how = c->how[0] + c->how[1] + c->how[2] + c->how[3];

		sleeps += c->sleeps;
		blocked_ns += c->blocked_ns;
		share += c->share;
		assert_true(how == c->sleeps);
		for (size_t s = 0; s < c->nr_stacks; s++)
			stack_ns += c->stacks[s].blocked_ns;
		for (size_t w = 0; w < c->nr_wakers; w++)
			waker_sleeps += c->wakers[w].sleeps;
		for (size_t k = 0; k < c->nr_files; k++)
			file_ns += c->files[k].blocked_ns;
	}
	assert_true(sleeps == f->c.sleeps);
	assert_true(blocked_ns == f->c.blocked_ns);
	assert_true(share > 0.999 && share < 1.001);
	assert_true(stack_ns == blocked_ns);
	assert_true(waker_sleeps == sleeps);
	assert_true(file_ns == blocked_ns);
	file_ns = 0;
	for (size_t k = 0; k < f->nr_files; k++)
		file_ns += f->files[k].blocked_ns;
	assert_true(file_ns == blocked_ns);
}

static void test_sums(void **state)
{
	static const struct stack *const stacks[] = {&append, &tag, &odd, NULL};
	static const char *const paths[] = {"/data/a", "/data/b", ""};
	struct ledger *m = new_model(0);
	uint64_t ext4_ns = 0, xfs_ns = 0;
	const struct report *r;

	(void)state;
	for (uint64_t i = 0; i < 1009; i++) {
		const struct fs_info *fs = i % 3 ? &ext4 : &xfs;

		feed(m, fs, stacks[i % 4], i, paths[i % 5 % 3]);
		*(i % 3 ? &ext4_ns : &xfs_ns) += i;
	}
	feed_counts(m, &ext4, 672, ext4_ns);
	feed_counts(m, &xfs, 337, xfs_ns);
	r = report_of(m);
	assert_int_equal(r->nr_fs, 2);
	assert_string_equal(r->fs[0].fs->mount, ext4.mount);
	assert_true(r->fs[0].c.blocked_ns >= r->fs[1].c.blocked_ns);
	for (size_t i = 0; i < r->nr_fs; i++)
		check_sums(&r->fs[i]);
	assert_int_equal(r->fs[0].nr_causes, 4);
	assert_non_null(find(&r->fs[0], "blk.tag"));
	assert_non_null(find(&r->fs[0], "ext4.dio_sync"));
	assert_non_null(find(&r->fs[0], "unknown"));
	assert_non_null(find(&r->fs[0], "no_stack"));
	assert_false(r->any_loss);
	ledger__free(m);
}

/* Asking twice gives the same, and later events are in the next one. */
static void test_report_again(void **state)
{
	struct ledger *m = new_model(0);
	const struct report *r;

	(void)state;
	feed(m, &ext4, &tag, 5, "/f");
	assert_int_equal(report_of(m)->fs[0].causes[0].sleeps, 1);
	assert_int_equal(report_of(m)->fs[0].causes[0].sleeps, 1);
	feed(m, &ext4, &tag, 7, "/f");
	r = report_of(m);
	assert_int_equal(r->fs[0].causes[0].sleeps, 2);
	assert_int_equal(r->fs[0].causes[0].blocked_ns, 12);
	ledger__free(m);
}

static void test_without_rules(void **state)
{
	struct ledger *m = ledger__new(&(struct ledger_opts){0});
	const struct report *r;

	(void)state;
	assert_non_null(m);
	feed(m, &ext4, &tag, 5, "/f");
	feed(m, &ext4, &append, 5, "/f");
	r = report_of(m);
	assert_int_equal(r->fs[0].nr_causes, 1);
	assert_string_equal(r->fs[0].causes[0].id, "unknown");
	assert_int_equal(r->fs[0].causes[0].nr_stacks, 2);
	ledger__free(m);
}

static void test_worst(void **state)
{
	struct ledger *m = new_model(0);
	struct ev_stall ev = stall_on(&ext4, &tag, 900, "/worst");
	char comm[] = "first";
	const struct report_cause *c;

	(void)state;
	feed(m, &ext4, &tag, 5, "/f");
	ev.who.comm = comm;
	ev.req.offset = 4096;
	ev.req.shape = SHAPE_DIRECT;
	ledger__sink(m)->stall(m, &ev);
	memset(comm, '#', sizeof(comm) - 1); /* the event's strings are gone after the call */
	feed(m, &ext4, &tag, 899, "/f");
	c = &report_of(m)->fs[0].causes[0];
	assert_int_equal(c->max_ns, 900);
	assert_string_equal(c->worst_comm, "first");
	assert_string_equal(c->worst_path, "/worst");
	assert_string_equal(c->worst_op, "pwrite");
	assert_int_equal(c->worst_offset, 4096);
	assert_int_equal(c->worst_index, 1);
	assert_int_equal(c->worst_shape, SHAPE_DIRECT);
	assert_int_equal(c->held_up_requests, 6);
	assert_non_null(strstr(c->telling_frames, "blk_mq_get_tag"));
	ledger__free(m);
}

static void test_most_frequent(void **state)
{
	struct ledger *m = new_model(0);
	struct ev_stall ev = stall_on(&ext4, &tag, 5, "/f");
	const struct report_stack *s;

	(void)state;
	for (int i = 0; i < 7; i++) {
		ev.who.comm = i < 3 ? "loud" : i < 5 ? "b" : "c";
		ev.user_stack = i < 3 ? &user_a : i < 5 ? &user_b : NULL;
		ev.waker_kind = i < 4 ? WAKER_IRQ : i < 6 ? WAKER_UNKNOWN : WAKER_TASK;
		ledger__sink(m)->stall(m, &ev);
	}
	assert_int_equal(report_of(m)->fs[0].causes[0].nr_wakers, 3);
	assert_string_equal(report_of(m)->fs[0].causes[0].wakers[0].comm, "(interrupt)");
	assert_string_equal(report_of(m)->fs[0].causes[0].wakers[1].comm, "(unknown)");
	s = report_of(m)->fs[0].causes[0].stacks;
	assert_string_equal(s->comm, "loud");
	assert_string_equal(s->user_stack->frames[0], user_a_frames[0]);
	ledger__free(m);
}

/* Holders are told apart by process; sleeps whose lock has none that is known are in no row. */
static void test_holders(void **state)
{
	struct ledger *m = new_model(0);
	struct ev_stall ev = stall_on(&ext4, &tag, 5, "/f");
	const struct report_cause *c;

	(void)state;
	ev.lock_kind = LOCK_RWSEM;
	for (int i = 0; i < 6; i++) {
		ev.holder_pid = i < 3 ? 70 : i < 5 ? 71 : 0;
		ev.holder_comm = i < 5 ? "two words" : "";
		ledger__sink(m)->stall(m, &ev);
	}
	c = report_of(m)->fs[0].causes;
	assert_int_equal(c->sleeps, 6);
	assert_int_equal(c->nr_holders, 2);
	assert_int_equal(c->holders[0].pid, 70);
	assert_int_equal(c->holders[0].sleeps, 3);
	assert_string_equal(c->holders[0].comm, "two words");
	assert_int_equal(c->holders[1].pid, 71);
	assert_int_equal(c->holders[1].sleeps, 2);
	ledger__free(m);
}

/* A device that is mounted elsewhere, or used by another type, is another filesystem. */
static void test_identity(void **state)
{
	struct fs_info elsewhere = ext4, reused = ext4, not_known = ext4;
	struct ledger *m = new_model(0);
	const struct report *r;

	(void)state;
	elsewhere.mount = "/data2";
	reused.fstype = "btrfs";
	not_known.mount = not_known.device_name = "";
	feed(m, &not_known, &tag, 5, "/f");
	feed(m, &ext4, &tag, 5, "/f");
	feed(m, &elsewhere, &tag, 8, "/f");
	feed(m, &not_known, &tag, 1, "/f"); /* the one that was spoken of last */
	feed(m, &reused, &tag, 5, "/f");
	feed(m, NULL, &tag, 1, "/f");
	r = report_of(m);
	assert_int_equal(r->nr_fs, 4);
	assert_string_equal(r->fs[0].fs->mount, "/data");
	assert_int_equal(r->fs[0].causes[0].sleeps, 2);
	assert_string_equal(r->fs[1].fs->mount, "/data2");
	assert_int_equal(r->fs[1].causes[0].sleeps, 2);
	assert_string_equal(r->fs[3].fs->fstype, "(unknown)");
	ledger__free(m);
}

/* The kernel counts by device number: what it counted before a remount stays where it was. */
static void test_remount(void **state)
{
	struct fs_info elsewhere = ext4, reused = ext4;
	struct ledger *m = new_model(0);
	const struct report *r;

	(void)state;
	elsewhere.mount = "/data2";
	reused.fstype = "btrfs";
	feed_counts(m, &ext4, 30, 3000);
	feed_counts(m, &elsewhere, 40, 3500);
	feed_counts(m, &elsewhere, 50, 4000);
	feed_counts(m, &reused, 57, 4100);
	r = report_of(m);
	assert_int_equal(r->nr_fs, 3);
	assert_string_equal(r->fs[2].fs->fstype, "btrfs");
	assert_int_equal(r->fs[2].c.sleeps, 7);
	assert_string_equal(r->fs[0].fs->mount, "/data");
	assert_int_equal(r->fs[0].c.sleeps, 30);
	assert_int_equal(r->fs[1].c.sleeps, 20);
	assert_int_equal(r->fs[1].c.blocked_ns, 1000);
	ledger__free(m);
}

static void test_unexplained(void **state)
{
	struct fs_counts *counts = calloc(1, sizeof(*counts));
	struct ledger *m = new_model(0);
	const struct report_cause *lost, *below;
	const struct report_fs *f;

	(void)state;
	assert_non_null(counts);
	counts->c = (struct counters){.submits = 10,
				      .requests = 10,
				      .sleeps = 10,
				      .blocked_ns = 1000,
				      .below_min_sleeps = 3,
				      .below_min_ns = 30,
				      .max_sleep_ns = 400};
	feed(m, &ext4, &tag, 100, "/f");
	feed(m, &ext4, &tag, 200, "/f");
	ledger__sink(m)->fs_counts(m, &ext4, counts);
	ledger__add_loss(m, &(struct loss){.events = 5});
	f = &report_of(m)->fs[0];
	assert_int_equal(f->nr_causes, 3);
	lost = find(f, "lost");
	below = find(f, "below_min");
	assert_non_null(lost);
	assert_non_null(below);
	assert_int_equal(lost->sleeps, 5);
	assert_int_equal(lost->blocked_ns, 670);
	assert_int_equal(lost->max_ns, 400);
	assert_true(lost->share > 0.669 && lost->share < 0.671);
	assert_ptr_equal(lost, &f->causes[0]);
	assert_int_equal(below->sleeps, 3);
	assert_int_equal(below->blocked_ns, 30);
	assert_int_equal(below->max_ns, 0); /* the longest sleep is no short one */
	assert_string_equal(below->name, "the sleeps were shorter than -m");
	assert_string_equal(lost->name, "the records of the sleeps were lost");
	free(counts);
	ledger__free(m);
}

/* Where nothing says that records were lost, they are not said to be. */
static void test_beyond_the_border(void **state)
{
	struct ledger *m = new_model(0);
	const struct report_cause *beyond;
	const struct report_fs *f;

	(void)state;
	feed_counts(m, &ext4, 3, 400);
	feed(m, &ext4, &tag, 100, "/f");
	ledger__add_loss(m, &(struct loss){.before_tracing = 1, .stacks = 1, .unmatched = 1});
	f = &report_of(m)->fs[0];
	beyond = find(f, "beyond");
	assert_null(find(f, "lost"));
	assert_non_null(beyond);
	assert_int_equal(beyond->sleeps, 2);
	assert_int_equal(beyond->blocked_ns, 300);
	ledger__add_loss(m, &(struct loss){.malformed = 1});
	f = &report_of(m)->fs[0];
	assert_non_null(find(f, "lost"));
	assert_null(find(f, "beyond"));
	ledger__free(m);
}

/* Stalls of calls that are still under way are ahead of the counters: no loss, no share above 1. */
static void test_ahead_of_counters(void **state)
{
	struct ledger *m = new_model(0);
	const struct report_fs *f;

	(void)state;
	feed_counts(m, &ext4, 1, 100);
	feed(m, &ext4, &tag, 100, "/f");
	feed(m, &ext4, &append, 300, "/f");
	f = &report_of(m)->fs[0];
	assert_int_equal(f->nr_causes, 2);
	assert_int_equal(f->c.sleeps, 1);
	assert_true(f->causes[0].share == 0.75 && f->causes[1].share == 0.25);
	ledger__free(m);
}

/* Where the kernel's table of filesystems was full, the stalls still count. */
static void test_without_counters(void **state)
{
	struct ledger *m = new_model(0);
	const struct report_fs *f;

	(void)state;
	feed(m, &ext4, &tag, 100, "/f");
	feed(m, &ext4, &tag, 300, "/f");
	f = &report_of(m)->fs[0];
	assert_int_equal(f->c.sleeps, 2);
	assert_int_equal(f->c.blocked_ns, 400);
	assert_int_equal(f->sleep.max, 300);
	assert_int_equal(f->nr_causes, 1);
	feed_counts(m, &ext4, 2, 401);
	assert_int_equal(report_of(m)->fs[0].c.blocked_ns, 401);
	ledger__free(m);
}

/* Stalls that come in sums are as good as one by one. */
static void test_in_sums(void **state)
{
	struct ev_stalls ev = {.longest = stall_on(&ext4, &tag, 300, "/f"),
			       .sum = {.sleeps = 9,
				       .blocked_ns = 1100,
				       .runqueue_ns = 90,
				       .max_ns = 300,
				       .held_up_requests = 18,
				       .iowait_sleeps = 4,
				       .nowait_sleeps = 1,
				       .how = {[HOW_EXACT] = 9}}};
	struct ledger *m = new_model(0);
	const struct report_fs *f;

	(void)state;
	hist__add(&ev.hist, 100, 8);
	hist__add(&ev.hist, 300, 1);
	feed(m, &ext4, &tag, 100, "/f");
	ledger__sink(m)->stalls(m, &ev);
	f = &report_of(m)->fs[0];
	assert_int_equal(f->c.sleeps, 10);
	assert_int_equal(f->c.blocked_ns, 1200);
	assert_int_equal(f->c.runqueue_ns, 90);
	assert_int_equal(f->c.held_up_requests, 20);
	assert_int_equal(f->sleep.max, 300);
	assert_int_equal(f->sleep.hist.n[hist__bucket(100)], 9);
	assert_int_equal(f->nr_causes, 1);
	assert_int_equal(f->causes[0].sleeps, 10);
	assert_int_equal(f->causes[0].max_ns, 300);
	assert_int_equal(f->causes[0].how[HOW_EXACT], 10);
	assert_int_equal(f->causes[0].iowait_sleeps, 4);
	assert_int_equal(f->causes[0].nowait_sleeps, 1);
	check_sums(f);
	ledger__free(m);
}

/* The keys that are not used go first: the file in use all the time stays. */
static void test_eviction(void **state)
{
	struct ledger *m = new_model(40);
	char path[32];
	const struct report_fs *f;
	const struct report *r;
	bool often = false;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "/data/%d", i);
		feed(m, &ext4, i % 2 ? &tag : &append, 10, path);
		feed(m, &ext4, &tag, 1, "/data/often");
	}
	r = report_of(m);
	f = &r->fs[0];
	assert_true(r->any_loss);
	assert_int_equal(r->loss.model_evicted, 1000 + 1 - 40);
	/* files have not crowded out causes and stacks */
	assert_int_equal(f->nr_causes, 2);
	assert_int_equal(f->causes[0].nr_stacks, 1);
	assert_string_equal(f->causes[0].stacks[0].stack->frames[0], "io_schedule");
	assert_int_equal(f->nr_files, 41);
	assert_string_equal(f->files[0].path, "(other)");
	for (size_t i = 0; i < f->nr_files; i++)
		if (!strcmp(f->files[i].path, "/data/often"))
			often = f->files[i].sleeps == 1000;
	assert_true(often);
	check_sums(f);
	ledger__free(m);
}

static void test_eviction_of_rows(void **state)
{
	struct fs_info fs[50];
	struct ledger *m = new_model(8);
	const struct report *r;
	uint64_t sleeps = 0;

	(void)state;
	for (uint32_t i = 0; i < 50; i++) {
		fs[i] = (struct fs_info){9, i, "tmpfs", "", "", "", API_AIO, 0, 0};
		feed(m, &fs[i], i % 2 ? &tag : &odd, 10, "/f");
	}
	r = report_of(m);
	assert_true(r->nr_fs <= 4);
	for (size_t i = 0; i < r->nr_fs; i++) {
		check_sums(&r->fs[i]);
		sleeps += r->fs[i].c.sleeps;
	}
	assert_int_equal(sleeps, 50);
	assert_string_equal(r->fs[0].fs->fstype, "(other)");
	ledger__free(m);
}

/* Attached twice, a filesystem has two sets of counters in the kernel and one row here. */
static void test_filesystem_with_several_counters(void **state)
{
	struct fs_info again = ext4;
	struct ledger *m = new_model(120);
	const struct report *r;

	(void)state;
	again.counted = 7;
	feed_counts(m, &ext4, 1, 10);
	feed_counts(m, &again, 2, 20);
	feed_counts(m, &ext4, 3, 30);
	feed_counts(m, &again, 2, 20);
	ledger__sink(m)->fs_restart(m, &ext4);
	feed_counts(m, &again, 4, 40);
	r = report_of(m);
	assert_int_equal(r->nr_fs, 1);
	assert_int_equal(r->fs[0].c.sleeps, 7);
	assert_int_equal(r->fs[0].c.submits, 200);
	feed_counts(m, &ext4, 1, 10);
	r = report_of(m);
	assert_int_equal(r->fs[0].c.sleeps, 8);
	assert_int_equal(r->fs[0].c.submits, 300);
	ledger__free(m);
}

/* What is in use keeps its name, who was there longest ago is "(other)", and nothing is lost or twice. */
static void test_filesystems_make_room(void **state)
{
	struct ledger *m = new_model(120);
	const struct report_fs *other = NULL, *first = NULL;
	uint64_t sleeps = 0, submits = 0;
	const struct report *r;
	struct fs_info fs;

	(void)state;
	feed(m, &xfs, &append, 10, "/f");
	feed_counts(m, &xfs, 1, 10);
	for (uint32_t i = 0; i < 500; i++) {
		fs = (struct fs_info){9, i, "ext4", "sdx", "/mnt", "rw", API_URING, 0, 0};
		feed(m, &fs, &tag, 10, "/f");
		feed_counts(m, &fs, 1, 10);
		ledger__sink(m)->fs_restart(m, &fs);
		feed(m, &ext4, &append, 10, "/data/often");
	}
	/* its counters go on in the source: only so are they told once */
	feed_counts(m, &xfs, 2, 20);
	feed(m, &xfs, &append, 10, "/f");
	r = report_of(m);
	assert_int_equal(r->nr_fs, 16 + 1);
	assert_int_equal(r->loss.model_evicted, 500 + 3 - 16 - 1);
	for (size_t i = 0; i < r->nr_fs; i++) {
		const struct report_fs *f = &r->fs[i];

		check_sums(f);
		sleeps += f->c.sleeps;
		submits += f->c.submits;
		if (!strcmp(f->fs->fstype, "(other)"))
			other = f;
		else if (!strcmp(f->fs->mount, "/data"))
			first = f;
		else
			assert_true(!strcmp(f->fs->fstype, "xfs") || f->fs->minor >= 500 - 14);
	}
	assert_int_equal(sleeps, 500 + 500 + 2);
	assert_int_equal(submits, 500 * 100 + 100);
	assert_non_null(other);
	assert_int_equal(other->fs->api, API_URING);
	assert_int_equal(other->c.sleeps, 500 - 14);
	assert_int_equal(other->nr_causes, 1);
	assert_string_equal(other->causes[0].id, "blk.tag");
	assert_non_null(first);
	assert_int_equal(first->c.sleeps, 500);
	ledger__free(m);
}

/* A slow submit and a sleep that goes on have the filesystem that they had. */
static void test_filesystems_of_events_stay(void **state)
{
	struct ledger *m = new_model(16);
	const struct ev_submit slow = {
		.wall_ns = 5000, .who = {.comm = "db", .cgroup = ""}, .fs = &xfs};
	const struct ev_unfinished asleep = {
		.who = {.tid = 1, .comm = "db", .cgroup = ""}, .fs = &ext4, .stack = &tag};
	const struct report *r;

	(void)state;
	ledger__sink(m)->submit(m, &slow);
	ledger__sink(m)->unfinished(m, &asleep);
	for (uint32_t i = 0; i < 100; i++) {
		const struct fs_info fs = {9, i, "ext4", "sdx", "/mnt", "rw", API_AIO, 0, 0};

		feed(m, &fs, &tag, 10, "/f");
	}
	r = report_of(m);
	assert_string_equal(r->slow[0].fs->mount, "/srv");
	assert_string_equal(r->unfinished[0].ev.fs->mount, "/data");
	ledger__free(m);
}

static void test_stack_eviction(void **state)
{
	const char *frames[3] = {"io_schedule", NULL, "aio_write"};
	struct ledger *m = new_model(16);
	const struct report_cause *c;
	char name[32];

	(void)state;
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "nobody_%d", i);
		frames[1] = name;
		feed(m, &ext4, &(struct stack){.depth = 3, .frames = frames}, 10, "/f");
	}
	c = &report_of(m)->fs[0].causes[0];
	assert_int_equal(c->nr_stacks, 16 + 16 / 4 + 1 + 1);
	assert_string_equal(c->stacks[0].stack->frames[0], "(other)");
	assert_int_equal(c->stacks[0].sleeps, 60 - (c->nr_stacks - 1));
	assert_int_equal(c->sleeps, 60);
	ledger__free(m);
}

/* A source may give the same frames another number, or none. */
static void test_stacks_by_frames(void **state)
{
	struct stack again = tag;
	struct ledger *m = new_model(0);

	(void)state;
	for (uint64_t i = 0; i < 100; i++) {
		again.id = i % 40;
		feed(m, &ext4, &again, 10, "/f");
	}
	assert_int_equal(report_of(m)->fs[0].causes[0].nr_stacks, 1);
	assert_int_equal(report_of(m)->fs[0].causes[0].sleeps, 100);
	ledger__free(m);
}

static void test_hostile(void **state)
{
	struct fs_counts *counts = calloc(1, sizeof(*counts));
	struct ledger *m = new_model(0);
	struct ev_stall ev = stall_on(&ext4, &tag, UINT64_MAX, NULL);
	const struct report *r;

	(void)state;
	assert_non_null(counts);
	memset(counts, 0xff, sizeof(*counts));
	ev.who.comm = NULL;
	ev.waker_comm = NULL;
	ev.held_up_requests = UINT32_MAX;
	ev.req.how = (enum request_how)77;
	ev.req.opcode = UINT16_MAX;
	for (int i = 0; i < 3; i++)
		ledger__sink(m)->stall(m, &ev);
	r = report_of(m);
	assert_true(r->fs[0].causes[0].blocked_ns == UINT64_MAX);
	assert_true(r->fs[0].causes[0].share == 1);
	assert_int_equal(r->fs[0].causes[0].how[HOW_UNKNOWN], 3);
	assert_string_equal(r->fs[0].causes[0].worst_op, "other");
	ledger__sink(m)->fs_counts(m, &ext4, counts);
	ledger__sink(m)->totals(m, counts);
	r = report_of(m);
	assert_true(r->sleep.p50 <= r->sleep.p99 && r->sleep.p99 <= r->sleep.max);
	assert_true(r->blocked_share == 1);
	assert_true(ledger__totals(m)->c.submits == UINT64_MAX);
	free(counts);
	ledger__free(m);
}

static void test_slow(void **state)
{
	struct ledger *m = new_model(0);
	struct ev_submit ev = {.who = {.comm = "db", .cgroup = "/a"}, .fs = &ext4};
	const struct report *r;

	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		ev.wall_ns = 1000 + (i * 37) % 100;
		ev.who.tid = i;
		ledger__sink(m)->submit(m, &ev);
	}
	ev.sleeps = 1; /* blocked: not slow on its own account */
	ev.wall_ns = 999999;
	ledger__sink(m)->submit(m, &ev);
	ev.sleeps = 0;
	ev.wall_ns = 999; /* below the threshold */
	ledger__sink(m)->submit(m, &ev);
	r = report_of(m);
	assert_int_equal(r->slow_total, 100);
	assert_int_equal(r->nr_slow, 20);
	for (size_t i = 0; i < r->nr_slow; i++)
		assert_int_equal(r->slow[i].wall_ns, 1099 - i);
	ledger__free(m);
}

static void test_unfinished(void **state)
{
	struct ledger *m = new_model(0);
	struct ev_unfinished ev = {.who = {.comm = "db"}, .stack = &tag, .req = {.path = "/f"}};
	const struct report *r;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		ev.who.tid = 5 + i;
		ev.age_ns = i * 100;
		ledger__sink(m)->unfinished(m, &ev);
	}
	ev.age_ns = 250; /* the same thread again */
	ledger__sink(m)->unfinished(m, &ev);
	r = report_of(m);
	assert_int_equal(r->nr_unfinished, 3);
	assert_int_equal(r->unfinished[0].ev.age_ns, 250);
	assert_int_equal(r->unfinished[0].ev.who.tid, 7);
	assert_string_equal(r->unfinished[0].cause_id, "blk.tag");
	assert_string_equal(r->unfinished[0].ev.fs->fstype, "(unknown)");
	ledger__free(m);
}

/* However many threads hang, the list is bounded, and what it leaves out is counted. */
static void test_unfinished_bounded(void **state)
{
	struct ledger *m = new_model(0);
	struct ev_unfinished ev = {.who = {.comm = "db"}, .fs = &ext4, .stack = &tag};
	const struct report *r;

	(void)state;
	for (uint32_t i = 0; i < 1100; i++) {
		ev.who.tid = i + 1;
		ev.age_ns = (i * 37) % 1100;
		ledger__sink(m)->unfinished(m, &ev);
	}
	r = report_of(m);
	assert_int_equal(r->nr_unfinished, 1024);
	assert_int_equal(r->loss.model_evicted, 1100 - 1024);
	assert_true(r->any_loss);
	for (size_t i = 1; i < r->nr_unfinished; i++)
		assert_true(r->unfinished[i - 1].ev.age_ns >= r->unfinished[i].ev.age_ns);
	ledger__free(m);
}

static void test_loss(void **state)
{
	static const struct loss harmless = {
		.before_tracing = 1,
		.scan_agree = 1,
		.scan_disagree = 1,
		.recovered = 1,
		.refused = 1,
		.in_flight = 1,
		.uncounted_sleeps = 1,
	};
	static const struct loss real[] = {
		{.events = 1},	  {.stacks = 1},       {.map_full = 1},
		{.unmatched = 1}, {.unattributed = 1}, {.model_evicted = 1},
		{.malformed = 1}, {.skipped = 1},      {.misjudged = 1},
	};
	struct ledger *m = new_model(0);

	(void)state;
	ledger__sink(m)->loss(m, &harmless);
	assert_false(report_of(m)->any_loss);
	for (size_t i = 0; i < sizeof(real) / sizeof(real[0]); i++) {
		ledger__sink(m)->loss(m, &real[i]);
		assert_true(report_of(m)->any_loss);
	}
	ledger__free(m);
}

/* Of the calls, the requests, or the sleeps: the largest share counts. */
static void test_loss_has_a_size(void **state)
{
	struct counters totals = {.submits = 2000000, .requests = 4000000, .sleeps = 1000};
	const struct {
		struct loss loss;
		double share;
	} rows[] = {
		{{.skipped = 3}, 3 / 2e6},
		{{.unmatched = 2000}, 0.001},
		{{.unattributed = 4}, 1e-6},
		{{.events = 1}, 0.001},
		{{.stacks = 20, .skipped = 2000}, 0.02},
		{{.events = 2000}, 1},
		{{.recovered = 1000, .before_tracing = 1000}, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_float_equal(loss__share(&rows[i].loss, &totals), rows[i].share, 1e-12);
	totals = (struct counters){0};
	assert_float_equal(loss__share(&rows[0].loss, &totals), 1, 0);
}

static void test_more_loss_than_may_be_is_incomplete(void **state)
{
	const struct loss lost = {.skipped = 2};
	struct severity_limits limits = severity_defaults;
	const struct view v = {.limits = &limits};
	struct fs_counts *counts = calloc(1, sizeof(*counts));
	struct ledger *m = new_model(0);
	const struct report *r;

	(void)state;
	assert_non_null(counts);
	counts->c.submits = 2000;
	ledger__sink(m)->totals(m, counts);
	ledger__sink(m)->loss(m, &lost);
	r = ledger__report(m, &v, NULL);
	assert_true(r->any_loss && !r->incomplete);
	limits.max_loss = 0.0009;
	assert_true(ledger__report(m, &v, NULL)->incomplete);
	free(counts);
	ledger__free(m);
}

static void test_long_names(void **state)
{
	struct ledger *m = new_model(0);
	char *path = malloc(9001);

	(void)state;
	assert_non_null(path);
	memset(path, 'x', 9000);
	path[9000] = '\0';
	feed(m, &ext4, &tag, 10, path);
	path[0] = 'y'; /* only the tail is told apart */
	feed(m, &ext4, &tag, 10, path);
	free(path);
	assert_int_equal(report_of(m)->fs[0].nr_files, 1);
	assert_int_equal(strlen(report_of(m)->fs[0].files[0].path), 4096);
	ledger__free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holders),
		cmocka_unit_test(test_long_asleep_is_by_the_limits_set),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_no_zero_division),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_report_again),
		cmocka_unit_test(test_without_rules),
		cmocka_unit_test(test_worst),
		cmocka_unit_test(test_advice_for_direct_requests),
		cmocka_unit_test(test_a_name_for_the_kind_of_request),
		cmocka_unit_test(test_advice_has_the_words_of_the_interface),
		cmocka_unit_test(test_most_frequent),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_remount),
		cmocka_unit_test(test_stacks_by_frames),
		cmocka_unit_test(test_unexplained),
		cmocka_unit_test(test_beyond_the_border),
		cmocka_unit_test(test_ahead_of_counters),
		cmocka_unit_test(test_without_counters),
		cmocka_unit_test(test_in_sums),
		cmocka_unit_test(test_eviction),
		cmocka_unit_test(test_eviction_of_rows),
		cmocka_unit_test(test_filesystem_with_several_counters),
		cmocka_unit_test(test_filesystems_make_room),
		cmocka_unit_test(test_filesystems_of_events_stay),
		cmocka_unit_test(test_stack_eviction),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_unfinished),
		cmocka_unit_test(test_unfinished_bounded),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_loss_has_a_size),
		cmocka_unit_test(test_more_loss_than_may_be_is_incomplete),
		cmocka_unit_test(test_submits_are_counted_for_each_cause),
		cmocka_unit_test(test_a_call_of_the_same_number_is_another),
		cmocka_unit_test(test_submits_of_sums_are_not_known),
		cmocka_unit_test(test_calls_of_many_threads),
		cmocka_unit_test(test_severity_of_a_filesystem),
		cmocka_unit_test(test_severity_of_other_planes),
		cmocka_unit_test(test_severity_of_a_sleep_that_goes_on),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
