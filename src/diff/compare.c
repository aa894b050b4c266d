// SPDX-License-Identifier: GPL-2.0
#include "diff/compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "diff/distrib.h"

#define CONFIDENCE_TAIL 0.025
/* More events than this are scaled down: the error grows, by less than anybody sees. */
#define COUNT_MAX 1e8

static const struct compared untested = {.ratio = NAN, .low = 0, .high = INFINITY, .p = 1};

static bool is_usable(const struct measured *m)
{
	return m->exposure > 0 && isfinite(m->amount) && m->amount >= 0;
}

/* Fewer than three blocks cannot tell how events cluster. */
static bool is_too_short(const struct measured *m)
{
	return m->amount > 0 && !isfinite(m->spread.se);
}

static double ratio_of(const struct measured *old, const struct measured *new)
{
	double a = old->amount / old->exposure, b = new->amount / new->exposure;

	return a > 0 ? b / a : b > 0 ? INFINITY : NAN;
}

/* Variance of the count beyond that of a Poisson count; never below it. */
static double dispersion(const struct measured *m)
{
	double phi = m->spread.se * m->spread.se * m->amount;

	return m->amount > 0 && phi > 1 ? phi : 1;
}

/* The counts of both sides in units of independent events. */
struct exact {
	double x, n;	 /* of n events x are new */
	double exposure; /* old exposure / new exposure */
	double df;	 /* of the dispersion; infinite if it is 1 */
};

static struct exact exact__of(const struct measured *old, const struct measured *new)
{
	double phi_old = dispersion(old), phi_new = dispersion(new);
	double sum = old->amount + new->amount;
	double phi = (phi_old * old->amount + phi_new * new->amount) / sum;
	double df = INFINITY;

	if (phi > 1)
		df = old->amount > 0 && new->amount > 0 ? old->spread.df + new->spread.df
		     : old->amount > 0			? old->spread.df
							: new->spread.df;
	if (sum / phi > COUNT_MAX)
		phi = sum / COUNT_MAX;
	return (struct exact){new->amount / phi, sum / phi, old->exposure / new->exposure, df};
}

/* Dispersion is itself an estimate: a normal deviate becomes one of Student's t. */
static double widen(double p, double df)
{
	if (!isfinite(df) || p >= 0.5)
		return p;
	return distrib__t_above(p > 0 ? distrib__normal_point(p) : 38, df);
}

/* The tail of the normal distribution that has the same deviate as the wanted one of t. */
static double narrow(double p, double df)
{
	return isfinite(df) ? distrib__normal_above(distrib__t_point(p, df)) : p;
}

/* P(as many new events or more), if the ratio of the rates is r; all = as few or less. */
static double exact__tail(const struct exact *e, double r, bool few)
{
	double p = r / (r + e->exposure);

	if (few)
		return e->n - e->x <= 0 ? 1 : distrib__beta(e->n - e->x, e->x + 1, 1 - p);
	return e->x <= 0 ? 1 : distrib__beta(e->x, e->n - e->x + 1, p);
}

/* Clopper and Pearson's interval of the share, as one of the ratio. */
static void exact__interval(const struct exact *e, struct compared *c)
{
	double tail = narrow(CONFIDENCE_TAIL, e->df), share;

	c->low = 0;
	c->high = INFINITY;
	if (e->x > 0) {
		share = distrib__beta_inverse(e->x, e->n - e->x + 1, tail);
		c->low = share / (1 - share) * e->exposure;
	}
	if (e->n - e->x > 0) {
		share = distrib__beta_inverse(e->x + 1, e->n - e->x, 1 - tail);
		c->high = share / (1 - share) * e->exposure;
	}
}

struct compared compare__counts(const struct measured *old, const struct measured *new,
				double margin)
{
	struct compared c = untested;
	struct exact e;
	double up, down;

	if (!is_usable(old) || !is_usable(new))
		return c;
	c.ratio = ratio_of(old, new);
	if (old->amount + new->amount <= 0 || is_too_short(old) || is_too_short(new))
		return c;
	e = exact__of(old, new);
	up = widen(exact__tail(&e, 1 + margin, false), e.df);
	down = widen(exact__tail(&e, 1 / (1 + margin), true), e.df);
	exact__interval(&e, &c);
	c.p = fmin(1, 2 * fmin(up, down));
	c.tested = true;
	return c;
}

/* Error of the logarithm; so few sleeps as there were have at least that of a Poisson count. */
static double error_of(const struct measured *m)
{
	return fmax(m->spread.se, 1 / sqrt(m->events + 0.5));
}

/* Welch and Satterthwaite. */
static double degrees(double a, double df_a, double b, double df_b)
{
	double sum = a * a + b * b;

	return sum * sum / (a * a * a * a / df_a + b * b * b * b / df_b);
}

struct compared compare__times(const struct measured *old, const struct measured *new,
			       double margin)
{
	struct compared c = untested;
	double a = error_of(old), b = error_of(new), log_ratio, error, df, reach;

	if (!is_usable(old) || !is_usable(new))
		return c;
	c.ratio = ratio_of(old, new);
	if (!(c.ratio > 0) || !isfinite(c.ratio) || !isfinite(a + b))
		return c;
	log_ratio = log(c.ratio);
	error = sqrt(a * a + b * b);
	df = degrees(a, old->spread.df, b, new->spread.df);
	reach = distrib__t_point(CONFIDENCE_TAIL, df) * error;
	c.low = exp(log_ratio - reach);
	c.high = exp(log_ratio + reach);
	c.p = fmin(1, 2 * distrib__t_above((fabs(log_ratio) - log1p(margin)) / error, df));
	c.tested = true;
	return c;
}

struct ranked {
	double p, weight;
	size_t at;
};

static int by_weighted_p(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	double p = x->p / x->weight, q = y->p / y->weight;

	return (p > q) - (p < q);
}

int compare__holm(double *p, const double *weights, size_t n)
{
	struct ranked *list = calloc(n ? n : 1, sizeof(*list));
	double least = 0, left = 0;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		list[i] = (struct ranked){p[i], weights[i], i};
		left += weights[i];
	}
	qsort(list, n, sizeof(*list), by_weighted_p);
	for (size_t i = 0; i < n; i++) {
		least = fmin(1, fmax(least, list[i].p / list[i].weight * left));
		p[list[i].at] = least;
		left -= list[i].weight;
	}
	free(list);
	return 0;
}
