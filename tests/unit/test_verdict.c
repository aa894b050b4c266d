// SPDX-License-Identifier: GPL-2.0
/* The sentence about a filesystem: how bad, why, what to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/base.h"
#include "report/verdict.h"

#define EACH_NS (5300 * NSEC_PER_USEC)

static struct report_cause append = {
	.id = "ext4.dio_sync",
	.name = "appending direct writes wait for completion",
	.todo = "preallocate and write the file once",
	.telling_frames = "a < b",
};
static struct report_cause tags = {
	.id = "blk.tag",
	.name = "all requests of the device queue are in use",
	.todo = "raise queue/nr_requests",
};

static char buf[VERDICT_SIZE];

static struct report_fs row_of(uint64_t submits, uint64_t blocked)
{
	return (struct report_fs){
		.c = {.submits = submits,
		      .submits_blocked = blocked,
		      .requests = submits,
		      .sleeps = blocked,
		      .blocked_ns = blocked * EACH_NS,
		      .max_sleep_ns = blocked ? 2 * EACH_NS : 0},
		.blocked_share = submits ? (double)blocked / (double)submits : 0,
		.severity = blocked ? SEVERITY_HURTS : SEVERITY_OK,
		.submitter = blocked ? SEVERITY_HURTS : SEVERITY_OK,
	};
}

static void test_shares_are_those_of_the_table(void **state)
{
	static const struct {
		uint64_t submits, blocked;
		const char *want;
	} rows[] = {
		{3000, 1000, "33.3% of 3,000 submits block, 5.3ms each, 5.3s in total"},
		{1000, 345, "34.5% of 1,000 submits block, 5.3ms each, 1.83s in total"},
		{94, 10, "10 of 94 submits block, 5.3ms each, 53ms in total"},
		{94, 1, "1 of 94 submits blocks, 5.3ms"},
		{1000, 1000, "all 1,000 submits block, 5.3ms each, 5.3s in total"},
		{1000, 999, "99.9% of 1,000 submits block, 5.3ms each, 5.29s in total"},
		{1000000, 7000, "0.7% of 1,000,000 submits block, 5.3ms each, 37.1s in total"},
		{1, 1, "the only submit blocked, 5.3ms"},
		{1000, 0, "fine; no sleep in 1,000 submits"},
		{0, 0, "no submit ended while tracing"},
		{0, 3, "3 sleeps, 15.9ms in total"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct report_fs f = row_of(rows[i].submits, rows[i].blocked);

		assert_string_equal(verdict__sentence(&f, buf, sizeof(buf)), rows[i].want);
	}
}

/* The first cause has most of the time; the second may have most of the submits. */
static const char *named(struct report_fs f, uint64_t submits, double share,
			 const struct report_cause *other)
{
	struct report_cause causes[2] = {append};

	causes[0].knows_submits = submits != 0;
	causes[0].submits_blocked = submits;
	causes[0].sleeps = 17;
	causes[0].share = share;
	if (other)
		causes[1] = *other;
	f.causes = causes;
	f.nr_causes = other ? 2 : 1;
	f.most_time = &causes[0];
	f.most_submits = !submits				     ? NULL
			 : other && other->submits_blocked > submits ? &causes[1]
								     : &causes[0];
	return verdict__sentence(&f, buf, sizeof(buf));
}

static void test_a_cause_is_named_with_its_own_figures(void **state)
{
	struct report_cause most = tags;
	struct report_fs f = row_of(3000, 1000);

	(void)state;
	assert_string_equal(
		named(f, 1000, 1, NULL),
		"33.3% of 3,000 submits block, 5.3ms each, 5.3s in total, because "
		"appending direct writes "
		"wait for completion (ext4.dio_sync): preallocate and write the file once");
	assert_string_equal(named(f, 601, 0.6, NULL),
			    "33.3% of 3,000 submits block, 5.3ms each, 5.3s in total; 601 of these "
			    "1,000, and 60.0% of "
			    "the blocked time, because appending direct writes wait for "
			    "completion (ext4.dio_sync): preallocate and write the file once");
	/* calls that have not ended are among the causes' already */
	assert_string_equal(named(f, 1001, 0.6, NULL),
			    "33.3% of 3,000 submits block, 5.3ms each, 5.3s in total; 1,001 of "
			    "these, and 60.0% of "
			    "the blocked time, because appending direct writes wait for "
			    "completion (ext4.dio_sync): preallocate and write the file once");
	most.knows_submits = true;
	most.submits_blocked = 990;
	assert_string_equal(
		named(f, 5, 0.8, &most),
		"33.3% of 3,000 submits block, 5.3ms each, 5.3s in total; 990 of these "
		"1,000 because all "
		"requests of the device queue are in use (blk.tag): raise queue/nr_requests; "
		"80.0% of the blocked time, in 5 submits, because appending direct "
		"writes wait for completion (ext4.dio_sync): preallocate and write the file once");
}

static void test_where_submits_are_not_known_sleeps_are_said(void **state)
{
	struct report_fs f = row_of(3000, 1000);

	(void)state;
	assert_string_equal(
		named(f, 0, 0.8, &tags),
		"33.3% of 3,000 submits block, 5.3ms each, 5.3s in total; 80.0% of the "
		"blocked time, in 17 "
		"sleeps, because appending direct writes wait for completion (ext4.dio_sync): "
		"preallocate and write the file once");
}

static void test_what_no_rule_knows_has_its_frames(void **state)
{
	struct report_cause odd = {
		.id = "unknown", .name = "no rule knows the stack", .telling_frames = "a < b"};
	struct report_fs f = row_of(3, 1);

	(void)state;
	odd.share = 1;
	f.causes = &odd;
	f.nr_causes = 1;
	f.most_time = &odd;
	assert_string_equal(verdict__sentence(&f, buf, sizeof(buf)),
			    "1 of 3 submits blocks, 5.3ms, because no rule knows the stack "
			    "(a < b)");
}

static void test_what_is_still_asleep_comes_first(void **state)
{
	struct report_unfinished asleep = {
		.ev = {.age_ns = 30 * NSEC_PER_SEC}, .cause_id = tags.id, .cause_name = tags.name};
	struct report_cause there = append;
	struct report_fs f = row_of(0, 0);

	(void)state;
	there.plane = PLANE_SQPOLL;
	f.longest_unfinished = &asleep;
	f.glance.still_asleep = true;
	assert_string_equal(verdict__sentence(&f, buf, sizeof(buf)),
			    "a thread has been asleep for 30s and still is, because all requests "
			    "of the device queue are in use (blk.tag)");
	f = row_of(1000, 0);
	f.severity = SEVERITY_HURTS;
	f.longest_unfinished = &asleep;
	f.glance.still_asleep = true;
	assert_string_equal(verdict__sentence(&f, buf, sizeof(buf)),
			    "a thread has been asleep for 30s and still is, because all requests "
			    "of the device queue are in use (blk.tag); besides, no sleep in 1,000 "
			    "submits");
	f = row_of(3, 1);
	f.longest_unfinished = &asleep;
	f.glance.still_asleep = true;
	assert_string_equal(verdict__sentence(&f, buf, sizeof(buf)),
			    "a thread has been asleep for 30s and still is, because all requests "
			    "of the device queue are in use (blk.tag); besides, 1 of 3 submits "
			    "blocks, 5.3ms");
	f = row_of(0, 0);
	f.longest_unfinished = &asleep;
	f.glance.still_asleep = true;
	f.severity = SEVERITY_HURTS;
	f.most_elsewhere = &there;
	asleep.ev.before_tracing = true;
	assert_string_equal(
		verdict__sentence(&f, buf, sizeof(buf)),
		"a thread has been asleep for more than 30s and still is, because all "
		"requests of the device queue are in use (blk.tag); the kernel's thread "
		"that submits for the ring sleeps (0 sleeps, 0 in total) because "
		"appending direct writes wait for completion (ext4.dio_sync): preallocate "
		"and write the file once");
}

static void test_a_reason_is_named_once(void **state)
{
	struct report_cause there = tags;
	struct report_fs f = row_of(3, 1);

	(void)state;
	there.plane = PLANE_WORKER;
	f.c.worker_sleeps = 2;
	f.c.worker_blocked_ns = 4 * NSEC_PER_MSEC;
	f.elsewhere_max_ns = 3 * NSEC_PER_MSEC;
	f.most_elsewhere = &there;
	f.causes = &tags;
	f.most_time = &tags;
	assert_non_null(strstr(verdict__sentence(&f, buf, sizeof(buf)),
			       "the longest 3ms) for the same reason (blk.tag)"));
	f.severity = SEVERITY_OK;
	assert_non_null(strstr(verdict__sentence(&f, buf, sizeof(buf)),
			       "the longest 3ms) mostly for blk.tag"));
	f.severity = SEVERITY_HURTS;
	/* where it was not said why the submitter slept, it is not the same as anything */
	f.submitter = SEVERITY_OK;
	assert_non_null(strstr(verdict__sentence(&f, buf, sizeof(buf)),
			       "the longest 3ms) because all requests of the device queue"));
}

static void test_what_is_fine_has_no_advice(void **state)
{
	struct report_fs f = row_of(265361, 2);

	(void)state;
	f.severity = f.submitter = SEVERITY_OK;
	f.c.max_sleep_ns = 334000;
	assert_string_equal(named(f, 2, 1, NULL),
			    "fine; 2 sleeps, the longest 334us, in 265,361 submits");
	f.c.sleeps = 1;
	assert_string_equal(named(f, 1, 1, NULL), "fine; 1 sleep of 334us in 265,361 submits");
}

static void test_what_is_not_asynchronous_is_not_fine(void **state)
{
	struct report_fs f = row_of(4096, 0);

	(void)state;
	f.severity = f.submitter = SEVERITY_LOOK;
	f.not_async = true;
	f.c.inside_buffered = 4096;
	assert_string_equal(verdict__sentence(&f, buf, sizeof(buf)),
			    "no sleep in 4,096 submits; none of 4,096 requests is "
			    "asynchronous: they are buffered and done inside the call");
	f.c.inside_buffered = 0;
	f.c.inside_direct = 512;
	assert_string_equal(verdict__sentence(&f, buf, sizeof(buf)),
			    "no sleep in 4,096 submits; 512 of 4,096 requests are not "
			    "asynchronous: they are done inside the call");
	f.only_inside = true;
	f.c.sleeps = f.c.submits_blocked = 1;
	f.c.max_sleep_ns = 534000;
	assert_string_equal(named(f, 1, 1, NULL),
			    "1 sleep of 534us in 4,096 submits; 512 of 4,096 requests are not "
			    "asynchronous: they are done inside the call");
	f.c.sleeps = f.c.submits_blocked = 0;
	f.c.max_sleep_ns = 0;
	f.c.inside_direct = 1;
	assert_string_equal(verdict__sentence(&f, buf, sizeof(buf)),
			    "no sleep in 4,096 submits; 1 of 4,096 requests is not "
			    "asynchronous: it is done inside the call");
	f.c.submits = f.c.requests = 1;
	assert_string_equal(verdict__sentence(&f, buf, sizeof(buf)),
			    "no sleep in 1 submit; its only request is not asynchronous: it is "
			    "done inside the call");
}

/* The submitter is free and its requests are not: each plane has its own words and figures. */
static void test_what_other_threads_hold_is_said_in_its_own_words(void **state)
{
	struct report_cause held = append;
	struct report_fs f = row_of(10000, 2);

	(void)state;
	f.severity = SEVERITY_LOOK;
	f.submitter = SEVERITY_OK;
	held.plane = PLANE_WORKER;
	f.c.max_sleep_ns = 334000;
	f.c.worker_sleeps = 5;
	f.c.worker_blocked_ns = 7 * NSEC_PER_SEC;
	f.elsewhere_max_ns = 3 * NSEC_PER_SEC;
	f.most_elsewhere = &held;
	assert_string_equal(
		named(f, 2, 1, NULL),
		"2 sleeps, the longest 334us, in 10,000 submits; but worker threads "
		"sleep for its requests (5 sleeps, 7s in total, the longest 3s) because "
		"appending direct writes wait for completion (ext4.dio_sync): preallocate and "
		"write the "
		"file once");
	f = row_of(0, 0);
	held.plane = PLANE_SQPOLL;
	f.severity = SEVERITY_HURTS;
	f.c.requests = 100;
	f.c.sqpoll_sleeps = 1;
	f.c.sqpoll_blocked_ns = NSEC_PER_SEC;
	f.most_elsewhere = &held;
	assert_string_equal(verdict__sentence(&f, buf, sizeof(buf)),
			    "the kernel's thread that submits for the ring sleeps (1 sleep, 1s) "
			    "because appending direct writes wait for completion (ext4.dio_sync): "
			    "preallocate and write the file once");
}

static void test_a_long_sentence_is_cut(void **state)
{
	struct report_fs f = row_of(3, 1);
	char small[40];

	(void)state;
	verdict__sentence(&f, small, 10);
	assert_int_equal(strlen(small), 9);
	f.causes = &append;
	f.most_time = &append;
	f.nr_causes = 1;
	verdict__sentence(&f, small, sizeof(small));
	assert_int_equal(strlen(small), sizeof(small) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shares_are_those_of_the_table),
		cmocka_unit_test(test_a_cause_is_named_with_its_own_figures),
		cmocka_unit_test(test_where_submits_are_not_known_sleeps_are_said),
		cmocka_unit_test(test_what_no_rule_knows_has_its_frames),
		cmocka_unit_test(test_what_is_fine_has_no_advice),
		cmocka_unit_test(test_what_is_still_asleep_comes_first),
		cmocka_unit_test(test_a_reason_is_named_once),
		cmocka_unit_test(test_what_is_not_asynchronous_is_not_fine),
		cmocka_unit_test(test_what_other_threads_hold_is_said_in_its_own_words),
		cmocka_unit_test(test_a_long_sentence_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
