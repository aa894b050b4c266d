// SPDX-License-Identifier: GPL-2.0
/* How much stalls matter: thresholds, what decides, and how they are set. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/severity.h"

static void judged(const struct severity_limits *l, enum severity_measure m, double value,
		   uint64_t sleeps, enum severity want)
{
	struct severity_figures f = {.sleeps = sleeps};
	enum severity_measure by;

	f.value[m] = value;
	assert_int_equal(severity__of(l, &f, &by), want);
	assert_int_equal(by, want == SEVERITY_OK ? MEASURES : m);
}

static void test_each_measure_has_two_thresholds(void **state)
{
	static const struct {
		enum severity_measure m;
		double value;
		enum severity want;
	} rows[] = {
		{MEASURE_STALL, 0, SEVERITY_OK},      {MEASURE_STALL, 9.999e6, SEVERITY_OK},
		{MEASURE_STALL, 10e6, SEVERITY_LOOK}, {MEASURE_STALL, 100e6, SEVERITY_HURTS},
		{MEASURE_SHARE, 0.0099, SEVERITY_OK}, {MEASURE_SHARE, 0.01, SEVERITY_LOOK},
		{MEASURE_SHARE, 0.1, SEVERITY_HURTS}, {MEASURE_SHARE, 40, SEVERITY_HURTS},
		{MEASURE_CTXSW, 0.099, SEVERITY_OK},  {MEASURE_CTXSW, 0.1, SEVERITY_LOOK},
		{MEASURE_CTXSW, 0.5, SEVERITY_HURTS}, {MEASURE_INSIDE, 0.09, SEVERITY_OK},
		{MEASURE_INSIDE, 1, SEVERITY_LOOK},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		judged(&severity_defaults, rows[i].m, rows[i].value, 1000, rows[i].want);
}

static void test_few_sleeps_are_no_rate(void **state)
{
	(void)state;
	judged(&severity_defaults, MEASURE_CTXSW, 1, SEVERITY_MIN_SLEEPS - 1, SEVERITY_OK);
	judged(&severity_defaults, MEASURE_CTXSW, 1, SEVERITY_MIN_SLEEPS, SEVERITY_HURTS);
	judged(&severity_defaults, MEASURE_STALL, 1e9, 1, SEVERITY_HURTS);
}

static void test_the_worst_measure_decides(void **state)
{
	struct severity_figures f = {.sleeps = 100,
				     .value = {[MEASURE_STALL] = 20e6, [MEASURE_CTXSW] = 0.7}};
	enum severity_measure by;

	(void)state;
	assert_int_equal(severity__of(&severity_defaults, &f, &by), SEVERITY_HURTS);
	assert_int_equal(by, MEASURE_CTXSW);
	f.value[MEASURE_CTXSW] = 0.2;
	assert_int_equal(severity__of(&severity_defaults, &f, &by), SEVERITY_LOOK);
	assert_int_equal(by, MEASURE_STALL);
}

static void test_limits_are_set(void **state)
{
	struct severity_limits l = severity_defaults;
	struct err e = {0};

	(void)state;
	assert_int_equal(severity__parse("stall=1ms:2s,share=0.5:75.5%", &l, &e), 0);
	judged(&l, MEASURE_STALL, 1e6, 1, SEVERITY_LOOK);
	judged(&l, MEASURE_STALL, 2e9, 1, SEVERITY_HURTS);
	judged(&l, MEASURE_SHARE, 0.75, 1, SEVERITY_LOOK);
	judged(&l, MEASURE_SHARE, 0.755, 1, SEVERITY_HURTS);
	/* the others stay */
	judged(&l, MEASURE_CTXSW, 0.1, 100, SEVERITY_LOOK);
	assert_int_equal(severity__parse("ctxsw=never:never", &l, &e), 0);
	judged(&l, MEASURE_CTXSW, 100, 100, SEVERITY_OK);
	assert_true(isinf(l.look[MEASURE_CTXSW]));
}

static void test_what_is_no_limit_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"stall",
		"stall=",
		"stall=10ms",
		"stall=10ms:",
		"stall=10:100",
		"stall=100ms:10ms",
		"stall=10ms:100ms,",
		"share=1%:x",
		"share=-1%:10%",
		"share=0:1",
		"share=1%%:2%",
		"ctxsw=1%:2%",
		"ctxsw=0x1:2",
		"ctxsw=nan:inf",
		"speed=1:2",
		"stall=0s:100ms",
		"stall=never:100ms",
		"stall=10ms:100ms:1",
		"Stall=10ms:100ms",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct severity_limits l = severity_defaults;
		struct err e = {0};

		if (!severity__parse(bad[i], &l, &e))
			fail_msg("\"%s\" is taken", bad[i]);
		assert_non_null(strstr(e.text, "--severity"));
	}
}

static void test_shares(void **state)
{
	double share = 0;

	(void)state;
	assert_true(severity__parse_share("0.1%", &share) && share == 0.001);
	assert_true(severity__parse_share("0", &share) && share == 0);
	assert_true(severity__parse_share("100%", &share) && share == 1);
	assert_false(severity__parse_share("101%", &share));
	assert_false(severity__parse_share("", &share));
	assert_false(severity__parse_share("-1%", &share));
	assert_false(severity__parse_share("x", &share));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_measure_has_two_thresholds),
		cmocka_unit_test(test_few_sleeps_are_no_rate),
		cmocka_unit_test(test_the_worst_measure_decides),
		cmocka_unit_test(test_limits_are_set),
		cmocka_unit_test(test_what_is_no_limit_is_refused),
		cmocka_unit_test(test_shares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
