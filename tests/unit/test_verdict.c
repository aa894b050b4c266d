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

static struct report_cause cause = {
	.id = "ext4.dio_sync",
	.name = "appending direct writes wait for completion",
	.todo = "preallocate and write the file once",
	.share = 1,
	.telling_frames = "a < b",
};

static const char *sentence(uint64_t submits, uint64_t blocked, const struct report_cause *top)
{
	static struct report_cause row;
	static char buf[VERDICT_SIZE];
	struct report_fs fs = {
		.c = {.submits = submits,
		      .submits_blocked = blocked,
		      .sleeps = blocked,
		      .blocked_ns = blocked * 5300 * NSEC_PER_USEC},
		.blocked_share = submits ? (double)blocked / (double)submits : 0,
		.causes = &row,
		.nr_causes = top ? 1 : 0,
	};

	if (top)
		row = *top;
	return verdict__sentence(&fs, buf, sizeof(buf));
}

static void test_shares_are_fractions_where_that_is_right(void **state)
{
	static const struct {
		uint64_t submits, blocked;
		const char *want;
	} rows[] = {
		{3000, 1000, "1 of 3 submits blocks, 5.3ms each"},
		{1000, 345, "1 of 3 submits blocks, 5.3ms each"},
		{1000, 750, "3 of 4 submits block, 5.3ms each"},
		{1000, 1000, "all 1000 submits block, 5.3ms each"},
		{1000, 999, "99.9% of 1000 submits block, 5.3ms each"},
		{1000, 7, "0.7% of 1000 submits block, 5.3ms each"},
		{1, 1, "the only submit blocked, 5.3ms"},
		{1000, 0, "none of 1000 submits blocked"},
		{0, 0, "no submit ended while tracing"},
		{0, 3, "3 sleeps, 15.9ms in total"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(sentence(rows[i].submits, rows[i].blocked, NULL), rows[i].want);
}

static void test_cause_and_advice_follow(void **state)
{
	struct report_cause c = cause;

	(void)state;
	assert_string_equal(sentence(3, 1, &c),
			    "1 of 3 submits blocks, 5.3ms each, because appending direct writes "
			    "wait for completion: preallocate and write the file once");
	c.share = 0.6;
	c.todo = NULL;
	assert_string_equal(sentence(3, 1, &c),
			    "1 of 3 submits blocks, 5.3ms each, because appending direct writes "
			    "wait for completion (60.0% of the blocked time)");
	c.id = "unknown";
	c.share = 1;
	c.name = "no rule knows the stack";
	assert_string_equal(sentence(3, 1, &c), "1 of 3 submits blocks, 5.3ms each, because no "
						"rule knows the stack (a < b)");
}

static void test_a_long_sentence_is_cut(void **state)
{
	char buf[40];
	struct report_fs fs = {
		.c = {.submits = 3, .submits_blocked = 1, .sleeps = 1, .blocked_ns = 1000},
		.blocked_share = 0.33,
		.causes = &cause,
		.nr_causes = 1};

	(void)state;
	verdict__sentence(&fs, buf, sizeof(buf));
	assert_int_equal(strlen(buf), sizeof(buf) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shares_are_fractions_where_that_is_right),
		cmocka_unit_test(test_cause_and_advice_follow),
		cmocka_unit_test(test_a_long_sentence_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
