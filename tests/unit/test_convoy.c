// SPDX-License-Identifier: GPL-2.0
/* Workers of io_uring that wait for a lock of one that sleeps: for what, and how many at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/convoy.h"

#define MS 1000000ull

/* Only their addresses are looked at. */
static const char things[4];
#define DEVICE ((const struct ledger_cause *)&things[0])
#define LOCK ((const struct ledger_cause *)&things[1])
#define OTHER ((const struct ledger_cause *)&things[2])

/* A sleep of a worker of process 7, for a lock of `holder` if that is not 0; times in ms. */
static struct convoy_found sleeps(struct convoy *c, uint32_t tid, uint32_t holder, uint64_t from,
				  uint64_t to, const struct ledger_cause *cause)
{
	const struct ev_stall ev = {
		.who = {.pid = 7, .tid = tid, .comm = "iou-wrk-7"},
		.plane = PLANE_WORKER,
		.end_ns = to * MS,
		.blocked_ns = (to - from) * MS,
		.req = {.ino = 11},
		.holder_pid = holder ? 7 : 0,
		.holder_tid = holder,
	};

	return convoy__add(c, &ev, cause);
}

static int make(void **state)
{
	*state = convoy__new();
	return *state ? 0 : -1;
}

static int drop(void **state)
{
	convoy__free(*state);
	return 0;
}

static void test_what_the_holder_sleeps_for(void **state)
{
	struct convoy *c = *state;
	struct convoy_found f;

	assert_null(sleeps(c, 20, 0, 0, 1, OTHER).behind);
	assert_null(sleeps(c, 20, 0, 2, 3, OTHER).behind);
	/* most of the time from 2 on, with a short sleep besides */
	sleeps(c, 20, 0, 3, 9, DEVICE);
	sleeps(c, 20, 0, 9, 10, OTHER);
	f = sleeps(c, 21, 20, 2, 10, LOCK);
	assert_ptr_equal(f.behind, DEVICE);
	assert_int_equal(f.together, 1);
	/* who waits for that one in turn stands behind the same */
	assert_ptr_equal(sleeps(c, 22, 21, 4, 11, LOCK).behind, DEVICE);
}

static void test_holders_that_did_not_sleep_are_not_known(void **state)
{
	struct convoy *c = *state;

	sleeps(c, 20, 0, 0, 5, DEVICE);
	assert_null(sleeps(c, 21, 20, 6, 7, LOCK).behind);
	assert_null(sleeps(c, 22, 99, 6, 7, LOCK).behind);
	/* nor is who stands behind such a one */
	assert_null(sleeps(c, 23, 21, 6, 8, LOCK).behind);
	/* another thread that has its place in the table */
	assert_null(sleeps(c, 24, 20 + 1024, 1, 5, LOCK).behind);
}

static void test_how_many_wait_at_once(void **state)
{
	struct convoy *c = *state;

	sleeps(c, 20, 0, 0, 5, DEVICE);
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(sleeps(c, 21 + i, 20, 1, 6 + i, LOCK).together, i + 1);
	/* one of them again, and later than all of these */
	assert_int_equal(sleeps(c, 21, 20, 10, 13, LOCK).together, 2);
	/* one that comes again is one */
	sleeps(c, 30, 20, 20, 22, LOCK);
	sleeps(c, 30, 20, 22, 24, LOCK);
	assert_int_equal(sleeps(c, 31, 20, 21, 25, LOCK).together, 2);
	/* sleeps without a holder are no part of it */
	assert_int_equal(sleeps(c, 40, 0, 1, 13, OTHER).together, 0);
}

static void test_only_workers_of_one_process(void **state)
{
	struct ev_stall ev = {
		.who = {.pid = 7, .tid = 21},
		.plane = PLANE_SUBMIT,
		.end_ns = 5 * MS,
		.blocked_ns = 4 * MS,
		.holder_pid = 7,
		.holder_tid = 20,
	};

	sleeps(*state, 20, 0, 0, 5, DEVICE);
	assert_null(convoy__add(*state, &ev, LOCK).behind);
	ev.plane = PLANE_WORKER;
	ev.holder_pid = 8;
	assert_null(convoy__add(*state, &ev, LOCK).behind);
	ev.holder_pid = 7;
	assert_ptr_equal(convoy__add(*state, &ev, LOCK).behind, DEVICE);
	/* a time that cannot be */
	ev.blocked_ns = UINT64_MAX;
	ev.runqueue_ns = 5;
	assert_ptr_equal(convoy__add(*state, &ev, LOCK).behind, DEVICE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_the_holder_sleeps_for),
		TEST(test_holders_that_did_not_sleep_are_not_known),
		TEST(test_how_many_wait_at_once),
		TEST(test_only_workers_of_one_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
