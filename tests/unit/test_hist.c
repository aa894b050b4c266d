// SPDX-License-Identifier: GPL-2.0
/* Buckets against the formula in bpf/wire.h, quantiles, merging. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bpf/wire.h"
#include "model/hist.h"

_Static_assert(HIST_BUCKETS == WIRE_HIST_BUCKETS, "one histogram on both sides");

/* The words of bpf/wire.h: with e = b / 8 + 2 and s = b % 8, [(8 + s) << (e - 3), (9 + s) << (e -
 * 3)). */
static void test_edges(void **state)
{
	(void)state;
	for (uint32_t b = 0; b < 8; b++) {
		assert_true(hist__lower(b) == b);
		assert_true(hist__upper(b) == b + 1);
	}
	for (uint32_t b = 8; b < HIST_BUCKETS; b++) {
		uint32_t e = b / 8 + 2, s = b % 8;

		assert_true(hist__lower(b) == (8ULL + s) << (e - 3));
		assert_true(hist__upper(b) == (9ULL + s) << (e - 3));
	}
	assert_true(hist__upper(HIST_BUCKETS - 1) == 1ULL << 37);
}

static void test_bucket(void **state)
{
	(void)state;
	for (uint32_t b = 0; b < HIST_BUCKETS; b++) {
		assert_int_equal(hist__bucket(hist__lower(b)), b);
		assert_int_equal(hist__bucket(hist__upper(b) - 1), b);
	}
	assert_int_equal(hist__bucket(1ULL << 37), HIST_BUCKETS - 1);
	assert_int_equal(hist__bucket(UINT64_MAX), HIST_BUCKETS - 1);
}

/* An index from outside must not shift beyond the type. */
static void test_bucket_out_of_range(void **state)
{
	(void)state;
	assert_true(hist__lower(UINT32_MAX) == hist__lower(HIST_BUCKETS - 1));
	assert_true(hist__upper(UINT32_MAX) == 1ULL << 37);
}

static void test_quantile_bounds(void **state)
{
	struct hist h = {0};

	(void)state;
	assert_int_equal(hist__quantile(&h, 0.5, 1000), 0);
	for (uint64_t v = 1; v <= 1000; v++)
		hist__add(&h, v * 1000, 1);
	for (double q = 0.05; q < 1; q += 0.05) {
		double got = (double)hist__quantile(&h, q, 1000000), want = q * 1000000;

		assert_true(got > want * 0.87 && got < want * 1.13);
	}
	assert_int_equal(hist__quantile(&h, 1, 1000000), 1000000);
	assert_int_equal(hist__quantile(&h, 2, 1000000), 1000000);
	assert_true(hist__quantile(&h, 0, 1000000) <= 1000);
	assert_true(hist__quantile(&h, -1, 1000000) <= 1000);
	assert_true(hist__quantile(&h, __builtin_nan(""), 1000000) <= 1000);
	assert_int_equal(hist__quantile(&h, 0.99, 5000), 5000);
}

static void test_quantile_monotonic(void **state)
{
	struct hist h = {0};
	uint64_t last = 0;

	(void)state;
	for (uint32_t i = 0; i < 97; i++)
		hist__add(&h, 1000003ULL * i * i % 90000017, i % 5);
	for (int i = 0; i <= 100; i++) {
		uint64_t v = hist__quantile(&h, i / 100.0, 90000017);

		assert_true(v >= last);
		last = v;
	}
}

/* What is in the last bucket reaches up to the largest value, whatever it is. */
static void test_quantile_last_bucket(void **state)
{
	struct hist h = {0};

	(void)state;
	hist__add(&h, UINT64_MAX, 10);
	assert_true(hist__quantile(&h, 1, UINT64_MAX) == UINT64_MAX);
	assert_true(hist__quantile(&h, 0.5, UINT64_MAX) > UINT64_MAX / 3);
	assert_true(hist__quantile(&h, 0.5, 1ULL << 40) < 1ULL << 40);
}

static void test_merge(void **state)
{
	struct hist a = {0}, b = {0};

	(void)state;
	hist__add(&a, 5, 2);
	hist__add(&a, 1 << 20, UINT64_MAX);
	hist__add(&b, 5, 3);
	hist__add(&b, 1 << 20, 7);
	hist__merge(&a, &b);
	assert_int_equal(a.n[5], 5);
	assert_true(a.n[hist__bucket(1 << 20)] == UINT64_MAX);
	assert_true(hist__count(&a) == UINT64_MAX);
	assert_int_equal(hist__count(&b), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_bucket),
		cmocka_unit_test(test_bucket_out_of_range),
		cmocka_unit_test(test_quantile_bounds),
		cmocka_unit_test(test_quantile_monotonic),
		cmocka_unit_test(test_quantile_last_bucket),
		cmocka_unit_test(test_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
