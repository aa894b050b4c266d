/* SPDX-License-Identifier: GPL-2.0 */
/* Are two measured figures different, and by how much: the tests of docs/diff.md. */
#ifndef AIOSTALL_DIFF_COMPARE_H
#define AIOSTALL_DIFF_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "diff/bootstrap.h"

/* One figure of one recording. */
struct measured {
	double amount;	 /* events, ns, or the quantile itself */
	double exposure; /* submits or requests; 1 for a quantile */
	double events;	 /* sleeps behind it: what amount is made of */
	struct spread spread;
};

struct compared {
	bool tested;	  /* false: too little to say anything */
	double ratio;	  /* new / old; infinite if only new has it, NAN if neither */
	double low, high; /* 95 % confidence interval of the ratio */
	double p;	  /* of the hypothesis that they differ by no more than the margin; raw */
};

/*
 * Numbers of events: exact conditional binomial test of two Poisson rates,
 * with the counts divided by their dispersion where they come in clusters.
 */
struct compared compare__counts(const struct measured *old, const struct measured *new,
				double margin);
/* Times and quantiles: Welch's t on the logarithms with bootstrapped errors. */
struct compared compare__times(const struct measured *old, const struct measured *new,
			       double margin);
/*
 * Holm's step-down with weights: p values become those of the whole family, in
 * place. A test of twice the weight pays half as much for the number of tests.
 * 0 or -ENOMEM.
 */
int compare__holm(double *p, const double *weights, size_t n);

#endif
