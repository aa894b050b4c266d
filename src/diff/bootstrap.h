/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Standard errors from the slices of one recording, by a circular block
 * bootstrap: neighbouring slices are alike, so blocks of them are drawn.
 */
#ifndef AIOSTALL_DIFF_BOOTSTRAP_H
#define AIOSTALL_DIFF_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>

#define BOOTSTRAP_RESAMPLES 2000
#define BOOTSTRAP_QUANTILES 500 /* resamples of whole histograms */

/* Figures of the consecutive slices of one recording; what is measured is sum(part) / sum(whole). */
struct slices {
	const double *part, *whole;
	size_t n;
};

/* A standard error of the logarithm, and the degrees of freedom it has. */
struct spread {
	double se, df;
};

/* Slices to a block, from how alike neighbours are (Andrews 1991). At least 1, at most n / 4 or 1. */
size_t bootstrap__block(const struct slices *s);
/*
 * Spread of log((sum(part) + add) / sum(whole)). add > 0 keeps it finite where
 * some resamples have nothing in part. se is infinite below three blocks.
 */
struct spread bootstrap__ratio(const struct slices *s, double add, uint64_t seed);
/*
 * Spread of the logarithm of the q-quantile of histograms: n rows of
 * HIST_BUCKETS counts, block slices to a block.
 */
struct spread bootstrap__quantile(const uint32_t *rows, size_t n, size_t block, double q,
				  uint64_t max_ns, uint64_t seed);

#endif
