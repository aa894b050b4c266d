// SPDX-License-Identifier: GPL-2.0
#include "diff/bootstrap.h"

#include <math.h>
#include <string.h>

#include "diff/random.h"
#include "model/hist.h"

#define MIN_BLOCKS 3

/* Mean and variance of numbers as they come (Welford). */
struct moments {
	double n, mean, sum_squares;
};

static void moments__add(struct moments *m, double x)
{
	double before = x - m->mean;

	m->n++;
	m->mean += before / m->n;
	m->sum_squares += before * (x - m->mean);
}

static double moments__deviation(const struct moments *m)
{
	return m->n > 1 ? sqrt(m->sum_squares / (m->n - 1)) : INFINITY;
}

/*
 * First-order autocorrelation of what the slices have beyond their share. The
 * estimate from few slices is too low; the correction is Kendall's (1954).
 */
static double autocorrelation(const struct slices *s)
{
	double part = 0, whole = 0, before = 0, own = 0, next = 0, rho;

	for (size_t i = 0; i < s->n; i++) {
		part += s->part[i];
		whole += s->whole[i];
	}
	for (size_t i = 0; i < s->n; i++) {
		double rest = s->part[i] - (whole > 0 ? part / whole * s->whole[i] : part / s->n);

		own += rest * rest;
		next += i ? rest * before : 0;
		before = rest;
	}
	rho = own > 0 ? next / own : 0;
	rho += (1 + 3 * rho) / (double)s->n;
	return rho < 0 ? 0 : rho > 0.95 ? 0.95 : rho;
}

size_t bootstrap__block(const struct slices *s)
{
	double rho = autocorrelation(s), n = (double)s->n;
	double alpha = 4 * rho * rho / ((1 - rho) * (1 - rho) * (1 + rho) * (1 + rho));
	double block = ceil(1.1447 * cbrt(alpha * n));
	size_t most = s->n / 4;

	if (!(block > 1) || most < 1)
		return 1;
	return block < (double)most ? (size_t)block : most;
}

/* Slices of which some have most of the weight tell as little as fewer equal ones (Kish 1965). */
struct weights {
	double sum, squares;
};

static void weights__add(struct weights *w, double v)
{
	w->sum += v;
	w->squares += v * v;
}

static double weights__slices(const struct weights *w)
{
	return w->squares > 0 ? w->sum * w->sum / w->squares : 0;
}

/*
 * Blocks overlap, so that they tell more than the few that would lie side by side: as much as
 * Bartlett's kernel, to which they are equivalent, by the squares of its weights (Priestley 1981).
 */
static double degrees_of(double slices, size_t block)
{
	double squares = 1;

	for (size_t i = 1; i < block; i++) {
		double weight = 1 - (double)i / (double)block;

		squares += 2 * weight * weight;
	}
	return slices / squares - 1;
}

/* Few blocks make the resamples too much alike, by (m - 1) / m. */
static struct spread spread_of(const struct moments *m, const struct weights *w, size_t block)
{
	double slices = weights__slices(w), blocks = slices / (double)block;

	if (blocks < MIN_BLOCKS)
		return (struct spread){INFINITY, 1};
	return (struct spread){moments__deviation(m) * sqrt(blocks / (blocks - 1)),
			       degrees_of(slices, block)};
}

static double one_ratio(const struct slices *s, size_t block, double add, struct random *r)
{
	double part = add, whole = 0;

	for (size_t done = 0; done < s->n;) {
		size_t at = random__below(r, s->n);

		for (size_t i = 0; i < block && done < s->n; i++, done++) {
			part += s->part[(at + i) % s->n];
			whole += s->whole[(at + i) % s->n];
		}
	}
	return log(part / whole);
}

struct spread bootstrap__ratio(const struct slices *s, double add, uint64_t seed)
{
	size_t block = bootstrap__block(s);
	struct random r = {seed};
	struct moments m = {0};
	struct weights w = {0};

	for (size_t i = 0; i < s->n; i++)
		weights__add(&w, s->whole[i]);
	for (int i = 0; i < BOOTSTRAP_RESAMPLES; i++) {
		double v = one_ratio(s, block, add, &r);

		/* nothing was submitted in any slice drawn */
		if (isfinite(v))
			moments__add(&m, v);
	}
	return spread_of(&m, &w, block);
}

struct hist_rows {
	const uint32_t *rows;
	size_t n, block, nr_used;
	uint16_t used
		[HIST_BUCKETS]; /* buckets that hold anything at all: of the others there are many */
	struct weights weights;
};

static void hist_rows__look(struct hist_rows *of)
{
	uint64_t in[HIST_BUCKETS] = {0};

	for (size_t i = 0; i < of->n; i++) {
		double sleeps = 0;

		for (size_t b = 0; b < HIST_BUCKETS; b++) {
			in[b] += of->rows[i * HIST_BUCKETS + b];
			sleeps += of->rows[i * HIST_BUCKETS + b];
		}
		weights__add(&of->weights, sleeps);
	}
	for (size_t b = 0; b < HIST_BUCKETS; b++)
		if (in[b])
			of->used[of->nr_used++] = (uint16_t)b;
}

static void one_hist(const struct hist_rows *of, struct random *r, struct hist *h)
{
	memset(h, 0, sizeof(*h));
	for (size_t done = 0; done < of->n;) {
		size_t at = random__below(r, of->n);

		for (size_t i = 0; i < of->block && done < of->n; i++, done++) {
			const uint32_t *row = of->rows + (at + i) % of->n * HIST_BUCKETS;

			for (size_t k = 0; k < of->nr_used; k++)
				h->n[of->used[k]] += row[of->used[k]];
		}
	}
}

struct spread bootstrap__quantile(const uint32_t *rows, size_t n, size_t block, double q,
				  uint64_t max_ns, uint64_t seed)
{
	struct hist_rows of = {.rows = rows, .n = n, .block = block};
	struct random r = {seed};
	struct moments m = {0};
	struct hist h;

	hist_rows__look(&of);
	for (int i = 0; i < BOOTSTRAP_QUANTILES; i++) {
		one_hist(&of, &r, &h);
		if (hist__count(&h))
			moments__add(&m, log(fmax(1, (double)hist__quantile(&h, q, max_ns))));
	}
	return spread_of(&m, &of.weights, block);
}
