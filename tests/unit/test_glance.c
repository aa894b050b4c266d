// SPDX-License-Identifier: GPL-2.0
/* The one line of a filesystem: who suffers most, and of what plane its figures are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "cause/causes.h"
#include "model/view.h"

static const char *frames[] = {"io_schedule", "blk_mq_get_tag", "io_submit_one"};
static const struct stack tag = {1, 3, frames};
static const struct fs_info ext4 = {7, 1, "ext4", "loop1", "/data", "rw", API_AIO, 0, 0};

struct sleeper {
	uint32_t pid;
	const char *comm;
	enum plane plane;
	uint64_t ms;
};

static struct ledger *ledger;
static struct causes *rules;

static void put(const struct sleeper *s)
{
	struct ev_stall ev = {
		.blocked_ns = s->ms * NSEC_PER_MSEC,
		.who = {.pid = s->pid, .tid = s->pid, .comm = s->comm, .cgroup = ""},
		.fs = &ext4,
		.plane = s->plane,
		.stack = &tag,
	};

	ledger__sink(ledger)->stall(ledger, &ev);
}

static const struct report_glance *glance_of(const struct sleeper *s, size_t n,
					     const struct ev_unfinished *asleep)
{
	const struct capture_info capture = {.duration_ns = 10 * NSEC_PER_SEC};
	struct ledger_opts opts = {.causes = rules};

	ledger__free(ledger);
	ledger = ledger__new(&opts);
	assert_non_null(ledger);
	for (size_t i = 0; i < n; i++)
		put(&s[i]);
	if (asleep)
		ledger__sink(ledger)->unfinished(ledger, asleep);
	return &ledger__report(ledger, NULL, &capture)->fs[0].glance;
}

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
	ledger__free(ledger);
	causes__free(rules);
	return 0;
}

static void test_the_program_is_named_that_lost_half(void **state)
{
	static const struct sleeper two[] = {{1, "fio", PLANE_SUBMIT, 600},
					     {2, "db", PLANE_SUBMIT, 400}},
				    same[] = {{1, "fio", PLANE_SUBMIT, 300},
					      {2, "db", PLANE_SUBMIT, 400},
					      {3, "fio", PLANE_SUBMIT, 300}},
				    three[] = {{1, "fio", PLANE_SUBMIT, 300},
					       {2, "db", PLANE_SUBMIT, 400},
					       {3, "qemu", PLANE_SUBMIT, 300}};
	const struct report_glance *g;

	(void)state;
	g = glance_of(two, ARRAY_SIZE(two), NULL);
	assert_string_equal(g->program, "fio");
	assert_true(g->has_share && g->share > 0.0599 && g->share < 0.0601);
	assert_int_equal(g->blocked_ns, NSEC_PER_SEC);
	assert_int_equal(g->max_ns, 600 * NSEC_PER_MSEC);
	assert_string_equal(g->cause_id, "blk.tag");
	g = glance_of(same, ARRAY_SIZE(same), NULL);
	assert_string_equal(g->program, "fio");
	assert_int_equal(g->nr_programs, 2);
	g = glance_of(three, ARRAY_SIZE(three), NULL);
	assert_null(g->program);
	assert_int_equal(g->nr_programs, 3);
}

/* A process is named as itself, not as the thread that slept. */
static void test_threads_have_the_name_of_their_process(void **state)
{
	static const struct sleeper threads[] = {{1, "wal", PLANE_SUBMIT, 300}};
	static const struct ev_process process = {
		.pid = 1, .comm = "postgres", .cgroup = "", .submits = 1};
	const struct report_glance *g = glance_of(threads, 1, NULL);

	(void)state;
	assert_string_equal(g->program, "wal");
	ledger__add_process(ledger, &process);
	g = &ledger__report(ledger, NULL, NULL)->fs[0].glance;
	assert_string_equal(g->program, "postgres");
}

/* What decided is what the line is about: its threads, and the program behind them. */
/* Where nothing slept it is the one that submitted, if there is but one of that name. */
static void test_who_submits_is_named_where_nothing_slept(void **state)
{
	static const struct sleeper quiet[] = {{0, "", PLANE_SUBMIT, 0}};
	static const struct ev_process processes[] = {
		{.pid = 1, .comm = "fio", .cgroup = "", .submits = 1},
		{.pid = 2, .comm = "fio", .cgroup = "", .submits = 1},
		{.pid = 3, .comm = "db", .cgroup = "", .submits = 1}};
	const struct capture_info capture = {.duration_ns = NSEC_PER_SEC};
	static const char *const names[] = {"fio", "fio", NULL};

	(void)state;
	assert_null(glance_of(quiet, 1, NULL)->program);
	for (size_t i = 0; i < ARRAY_SIZE(processes); i++) {
		const struct report_glance *g;

		ledger__sink(ledger)->process(ledger, &processes[i]);
		g = &ledger__report(ledger, NULL, &capture)->fs[0].glance;
		if (names[i])
			assert_string_equal(g->program, names[i]);
		else
			assert_null(g->program);
	}
}

static void test_a_plane_of_its_own(void **state)
{
	static const struct sleeper list[] = {{1, "db", PLANE_SUBMIT, 1},
					      {1, "iou-wrk-1", PLANE_WORKER, 3000}};
	const struct report_glance *g = glance_of(list, ARRAY_SIZE(list), NULL);

	(void)state;
	assert_int_equal(g->plane, PLANE_WORKER);
	assert_string_equal(g->program, "db");
	assert_int_equal(g->blocked_ns, 3 * NSEC_PER_SEC);
	assert_false(g->has_share);
}

static void test_what_goes_on_is_longer_than_all_that_ended(void **state)
{
	static const struct sleeper list[] = {{1, "fio", PLANE_SUBMIT, 600}};
	struct ev_unfinished asleep = {.age_ns = 500 * NSEC_PER_MSEC,
				       .who = {.pid = 2, .tid = 2, .comm = "db", .cgroup = ""},
				       .fs = &ext4,
				       .stack = &tag};
	const struct report_glance *g = glance_of(list, 1, &asleep);

	(void)state;
	assert_false(g->still_asleep);
	asleep.age_ns = 4 * NSEC_PER_SEC;
	g = glance_of(list, 1, &asleep);
	assert_true(g->still_asleep);
	assert_string_equal(g->program, "db");
	assert_int_equal(g->max_ns, 4 * NSEC_PER_SEC);
	assert_int_equal(g->blocked_ns, 4600 * NSEC_PER_MSEC);
}

/* What stands beside the name of a program is of all its processes, however short each lives. */
static void test_the_share_is_of_all_processes_of_the_program(void **state)
{
	static const struct sleeper list[] = {
		{1, "job", PLANE_SUBMIT, 2000},
		{2, "job", PLANE_SUBMIT, 3000},
		{3, "db", PLANE_SUBMIT, 1000},
	};
	const struct report_glance *g = glance_of(list, 3, NULL);

	(void)state;
	assert_string_equal(g->program, "job");
	assert_true(g->share > 0.499 && g->share < 0.501);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_program_is_named_that_lost_half),
		cmocka_unit_test(test_threads_have_the_name_of_their_process),
		cmocka_unit_test(test_who_submits_is_named_where_nothing_slept),
		cmocka_unit_test(test_a_plane_of_its_own),
		cmocka_unit_test(test_what_goes_on_is_longer_than_all_that_ended),
		cmocka_unit_test(test_the_share_is_of_all_processes_of_the_program),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
