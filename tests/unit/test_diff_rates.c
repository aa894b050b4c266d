// SPDX-License-Identifier: GPL-2.0
/* The distributions against exact sums and published tables, and the tests built on them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "diff/compare.h"
#include "diff/distrib.h"
#include "diff/random.h"
#include "model/hist.h"

/* Two-sided, from sums of exact fractions. */
#define TWO_SIDED_40_OF_60 0.01348929373119186
#define LOW_40_OF_60 1.141911604809243
#define HIGH_40_OF_60 3.6110691066316147
#define P_30_OF_60_AT_THIRD 0.011106046594320948
#define P_MARGIN 0.02245529233709988
#define P_DOWN 0.0036504444253488643

static void near(double a, double b, double tolerance)
{
	if (fabs(a - b) <= tolerance * fmax(1e-12, fabs(b)))
		return;
	print_error("%.17g is not %.17g\n", a, b);
	fail();
}

/* P(X >= x) of a binomial by adding up its terms, which are few here. */
static double exact_tail(int x, int n, double p)
{
	double sum = 0;

	for (int k = x; k <= n; k++) {
		double term = 1;

		for (int i = 0; i < k; i++)
			term *= (double)(n - i) / (k - i) * p;
		sum += term * pow(1 - p, n - k);
	}
	return sum;
}

static void test_beta_is_the_binomial_tail(void **state)
{
	(void)state;
	for (int n = 1; n < 60; n += 7)
		for (int x = 1; x <= n; x += 3)
			for (double p = 0.03; p < 1; p += 0.13)
				near(distrib__beta(x, n - x + 1, p), exact_tail(x, n, p), 1e-9);
	/* sum of C(100, k) / 2^100 for k = 60..100, in fractions */
	near(distrib__beta(60, 41, 0.5), 0.02844396682049039, 1e-12);
	near(distrib__beta(1, 1, 0.3), 0.3, 1e-14);
	assert_true(distrib__beta(3, 4, 0) == 0);
	assert_true(distrib__beta(3, 4, 1) == 1);
}

static void test_beta_of_large_counts(void **state)
{
	(void)state;
	/* symmetric, so one half; and one deviation off the middle of a nearly normal one */
	near(distrib__beta(5e7, 5e7, 0.5), 0.5, 1e-6);
	near(distrib__beta(5e7, 5e7, 0.5 - 0.5e-4), distrib__normal_above(1), 1e-3);
	for (double p = 0.001; p < 1; p += 0.111)
		near(distrib__beta(30, 12, distrib__beta_inverse(30, 12, p)), p, 1e-9);
}

/* Tables of Abramowitz and Stegun, 26.1 and 26.10. */
static void test_tables(void **state)
{
	(void)state;
	near(distrib__normal_point(0.025), 1.959963984540, 1e-9);
	near(distrib__normal_above(3), 0.001349898031630, 1e-9);
	near(distrib__t_point(0.025, 1), 12.7062, 1e-4);
	near(distrib__t_point(0.025, 10), 2.228, 1e-3);
	near(distrib__t_point(0.005, 5), 4.032, 1e-3);
	near(distrib__t_point(0.05, 30), 1.697, 1e-3);
	near(distrib__t_above(-2.228, 10), 0.975, 1e-3);
}

/* Poisson counts: the bootstrap found nothing beyond that. */
static struct measured counted(double amount, double exposure)
{
	return (struct measured){
		.amount = amount,
		.exposure = exposure,
		.events = amount,
		.spread = {amount > 0 ? 0.5 / sqrt(amount) : 0, 19},
	};
}

static struct compared counts(double old, double old_exposure, double new, double new_exposure,
			      double margin)
{
	struct measured a = counted(old, old_exposure), b = counted(new, new_exposure);

	return compare__counts(&a, &b, margin);
}

static void test_counts_exact(void **state)
{
	struct compared c = counts(20, 1000, 40, 1000, 0);

	(void)state;
	assert_true(c.tested);
	near(c.ratio, 2, 1e-12);
	near(c.p, TWO_SIDED_40_OF_60, 1e-10);
	near(c.low, LOW_40_OF_60, 1e-9);
	near(c.high, HIGH_40_OF_60, 1e-9);
	near(counts(30, 2000, 30, 1000, 0).p, P_30_OF_60_AT_THIRD, 1e-10);
	near(counts(20, 1000, 40, 1000, 0.05).p, P_MARGIN, 1e-10);
	near(counts(30, 1000, 10, 1000, 0.05).p, P_DOWN, 1e-10);
}

static void test_counts_of_none(void **state)
{
	struct compared c = counts(0, 1000, 8, 1000, 0);

	(void)state;
	assert_true(isinf(c.ratio) && isinf(c.high));
	near(c.p, 0.0078125, 1e-10);
	assert_true(c.low > 1);
	c = counts(8, 1000, 0, 1000, 0);
	assert_true(c.ratio == 0 && c.low == 0 && c.high < 1);
	assert_false(counts(0, 1000, 0, 1000, 0).tested);
	assert_false(counts(5, 0, 5, 1000, 0).tested);
}

/* The same counts in clusters of ten say as much as a tenth of them, and a little less. */
static void test_counts_in_clusters(void **state)
{
	struct measured a = counted(200, 1000), b = counted(400, 1000);
	double exact = compare__counts(&a, &b, 0).p, clustered;

	(void)state;
	a.spread.se = sqrt(10.0 / 200);
	b.spread.se = sqrt(10.0 / 400);
	clustered = compare__counts(&a, &b, 0).p;
	assert_true(exact < 1e-12);
	assert_true(clustered > TWO_SIDED_40_OF_60 && clustered < 3 * TWO_SIDED_40_OF_60);
}

static struct measured timed(double ns, double se, double df)
{
	return (struct measured){.amount = ns, .exposure = 1000, .events = 1e9, .spread = {se, df}};
}

static void test_times(void **state)
{
	struct measured a = timed(1e6, 0.1, 10), b = timed(1.5e6, 0.1, 10);
	struct compared c = compare__times(&a, &b, 0);
	double reach = 2.086 * sqrt(0.02); /* t of 20 degrees of freedom */

	(void)state;
	near(c.ratio, 1.5, 1e-12);
	near(c.low, 1.5 * exp(-reach), 1e-3);
	near(c.high, 1.5 * exp(reach), 1e-3);
	/* ln 1.5 / sqrt(0.02) = 2.867: between the table's 2.845 (1 %) and 3.153 (0.5 %) */
	assert_true(c.p < 0.01 && c.p > 0.005);
	assert_true(compare__times(&a, &b, 0.3).p > 0.2);
	b.amount = 0;
	assert_false(compare__times(&a, &b, 0).tested);
	b = timed(1.5e6, INFINITY, 1);
	assert_false(compare__times(&a, &b, 0).tested);
}

/* The example of Holm's step-down: 0.01, 0.04, 0.03, 0.005 of four. */
static void test_holm(void **state)
{
	const double equal[] = {1, 1, 1, 1}, weights[] = {1, 1, 2};
	double p[] = {0.01, 0.04, 0.03, 0.005}, q[] = {0.01, 0.02, 0.016};

	(void)state;
	assert_int_equal(compare__holm(p, equal, 4), 0);
	near(p[0], 0.03, 1e-12);
	near(p[1], 0.06, 1e-12);
	near(p[2], 0.06, 1e-12);
	near(p[3], 0.02, 1e-12);
	/* 0.016 / 2 * 4, then 0.01 * 2 but never less, then 0.02 */
	assert_int_equal(compare__holm(q, weights, 3), 0);
	near(q[2], 0.032, 1e-12);
	near(q[0], 0.032, 1e-12);
	near(q[1], 0.032, 1e-12);
	assert_int_equal(compare__holm(p, equal, 0), 0);
}

#define N 200

static double gauss(struct random *r)
{
	return sqrt(-2 * log(1 - random__unit(r))) * cos(2 * M_PI * random__unit(r));
}

/* A series around 100 of which each value keeps a share of its predecessor's distance. */
static void make_series(double *part, double *whole, double keep, uint64_t seed)
{
	struct random r = {seed};
	double z = gauss(&r);

	for (size_t i = 0; i < N; i++) {
		z = keep * z + sqrt(1 - keep * keep) * gauss(&r);
		part[i] = 100 + 10 * z;
		whole[i] = 1;
	}
}

/* Independent slices: the error of a mean of N is s / sqrt(N). */
static void test_bootstrap_of_independent_slices(void **state)
{
	double part[N], whole[N];
	struct spread sp;

	(void)state;
	make_series(part, whole, 0, 1);
	sp = bootstrap__ratio(&(struct slices){part, whole, N}, 0, 7);
	near(sp.se, 0.1 / sqrt(N), 0.2);
	assert_true(sp.df > N / 6);
	/* the same in every run */
	assert_true(sp.se == bootstrap__ratio(&(struct slices){part, whole, N}, 0, 7).se);
}

/* Slices that keep 0.7 of the one before: (1 + 0.7) / (1 - 0.7) times the variance. */
static void test_bootstrap_of_alike_neighbours(void **state)
{
	double part[N], whole[N];
	double truth = 0.1 / sqrt(N) * sqrt(1.7 / 0.3);
	struct spread sp;

	(void)state;
	make_series(part, whole, 0.7, 3);
	assert_true(bootstrap__block(&(struct slices){part, whole, N}) > 5);
	sp = bootstrap__ratio(&(struct slices){part, whole, N}, 0, 7);
	near(sp.se, truth, 0.35);
}

/* Blocks that overlap count for half as many again as those that lie side by side. */
static void test_bootstrap_of_overlapping_blocks(void **state)
{
	double part[N], whole[N];
	struct slices s = {part, whole, N};
	size_t block;

	(void)state;
	make_series(part, whole, 0.7, 3);
	block = bootstrap__block(&s);
	/* 1 + 2 sum (1 - k/b)^2 = 2b/3 + 1/(3b) */
	near(bootstrap__ratio(&s, 0, 7).df + 1,
	     N / (2.0 / 3 * (double)block + 1 / (3.0 * (double)block)), 1e-9);
	assert_true(block > 5);
}

static void test_bootstrap_of_too_few(void **state)
{
	double part[] = {1, 2}, whole[] = {1, 1};

	(void)state;
	assert_true(isinf(bootstrap__ratio(&(struct slices){part, whole, 2}, 0, 7).se));
}

/* All that happened in one second of many is still one second. */
static void test_bootstrap_of_one_burst(void **state)
{
	double part[20] = {[7] = 500}, whole[20] = {[7] = 1000};
	uint32_t *rows = calloc(20, HIST_BUCKETS * sizeof(*rows));

	(void)state;
	assert_non_null(rows);
	assert_true(isinf(bootstrap__ratio(&(struct slices){part, whole, 20}, 0, 7).se));
	rows[7 * HIST_BUCKETS + 100] = 500;
	assert_true(isinf(bootstrap__quantile(rows, 20, 1, 0.5, 1ULL << 36, 7).se));
	free(rows);
}

/* Error of a median of n normal values: 1.2533 s / sqrt(n), here of the logarithm. */
static void test_bootstrap_of_a_median(void **state)
{
	uint32_t *rows = calloc(100, HIST_BUCKETS * sizeof(*rows));
	struct random r = {5};
	struct spread sp;

	(void)state;
	assert_non_null(rows);
	for (size_t i = 0; i < 100; i++)
		for (size_t k = 0; k < 20; k++)
			rows[i * HIST_BUCKETS + hist__bucket((uint64_t)(1e6 * exp(gauss(&r))))]++;
	sp = bootstrap__quantile(rows, 100, 1, 0.5, 1ULL << 36, 9);
	near(sp.se, 1.2533 / sqrt(2000), 0.25);
	free(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_beta_is_the_binomial_tail),
		cmocka_unit_test(test_beta_of_large_counts),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_counts_exact),
		cmocka_unit_test(test_counts_of_none),
		cmocka_unit_test(test_counts_in_clusters),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_holm),
		cmocka_unit_test(test_bootstrap_of_independent_slices),
		cmocka_unit_test(test_bootstrap_of_alike_neighbours),
		cmocka_unit_test(test_bootstrap_of_overlapping_blocks),
		cmocka_unit_test(test_bootstrap_of_too_few),
		cmocka_unit_test(test_bootstrap_of_one_burst),
		cmocka_unit_test(test_bootstrap_of_a_median),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
