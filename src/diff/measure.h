/* SPDX-License-Identifier: GPL-2.0 */
/* One figure of one scope, with its spread. */
#ifndef AIOSTALL_DIFF_MEASURE_H
#define AIOSTALL_DIFF_MEASURE_H

#include "diff/diff.h"

/* A quantile with fewer sleeps than this beyond it is shown, but not tested. */
#define MEASURE_MIN_BEYOND 5

/*
 * of is a filesystem, the whole, or a cause on fs; NULL measures nothing of
 * fs's submits. seed differs between figures, not between runs.
 */
struct measured measure__take(const struct measure *m, const struct sample *s,
			      const struct series_row *of, const struct series_row *fs,
			      uint64_t seed);
/* As it is shown: per 1000 submits, ns of a quantile. NAN if there is nothing to divide by. */
double measure__value(const struct measure *m, const struct measured *v);

#endif
