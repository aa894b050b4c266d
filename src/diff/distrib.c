// SPDX-License-Identifier: GPL-2.0
#include "diff/distrib.h"

#include <math.h>
#include <stdbool.h>

#define TINY 1e-300
#define PRECISION 1e-15
/* The fraction needs about sqrt(max(a, b)) steps. */
#define MAX_STEPS 200000
#define HALVINGS 200

/* Numerator of step m of the continued fraction: Abramowitz and Stegun 26.5.8. */
static double fraction_term(double a, double b, double x, int m, bool odd)
{
	if (odd)
		return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
	return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
}

static double away_from_zero(double v)
{
	return fabs(v) < TINY ? TINY : v;
}

/* Evaluated forwards by the method of Lentz, as modified by Thompson and Barnett. */
static double fraction(double a, double b, double x)
{
	double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1)), f = d;

	for (int m = 1; m < MAX_STEPS; m++) {
		double delta = 1;

		for (int odd = 0; odd < 2; odd++) {
			double term = fraction_term(a, b, x, m, odd);

			d = 1 / away_from_zero(1 + term * d);
			c = away_from_zero(1 + term / c);
			delta = c * d;
			f *= delta;
		}
		if (fabs(delta - 1) < PRECISION)
			break;
	}
	return f;
}

double distrib__beta(double a, double b, double x)
{
	double front;

	if (!(x > 0))
		return 0;
	if (x >= 1)
		return 1;
	front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
	if (x < (a + 1) / (a + b + 2))
		return front * fraction(a, b, x) / a;
	return 1 - front * fraction(b, a, 1 - x) / b;
}

double distrib__beta_inverse(double a, double b, double p)
{
	double low = 0, high = 1;

	for (int i = 0; i < HALVINGS && high - low > PRECISION * high; i++) {
		double middle = (low + high) / 2;

		if (distrib__beta(a, b, middle) < p)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

double distrib__normal_above(double z)
{
	return erfc(z / M_SQRT2) / 2;
}

/* above() falls from 1 to 0; df is for the t distribution. */
static double point(double (*above)(double, double), double p, double df)
{
	double low = -1e9, high = 1e9;

	for (int i = 0; i < HALVINGS && high - low > 1e-12; i++) {
		double middle = (low + high) / 2;

		if (above(middle, df) > p)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

static double normal_above(double z, double df)
{
	(void)df;
	return distrib__normal_above(z);
}

double distrib__normal_point(double p)
{
	return point(normal_above, p, 0);
}

double distrib__t_above(double t, double df)
{
	double tail = distrib__beta(df / 2, 0.5, df / (df + t * t)) / 2;

	return t > 0 ? tail : 1 - tail;
}

double distrib__t_point(double p, double df)
{
	return point(distrib__t_above, p, df);
}
