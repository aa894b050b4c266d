/* SPDX-License-Identifier: GPL-2.0 */
/* Random numbers that are the same in every run: a verdict must not depend on luck. */
#ifndef AIOSTALL_DIFF_RANDOM_H
#define AIOSTALL_DIFF_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* SplitMix64 (Steele, Lea, Flood 2014); any seed is good. */
struct random {
	uint64_t state;
};

/* 0..n-1, n > 0. */
size_t random__below(struct random *r, size_t n);
/* [0, 1) */
double random__unit(struct random *r);

#endif
