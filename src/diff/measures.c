// SPDX-License-Identifier: GPL-2.0
#include "diff/diff.h"

#include <string.h>

#include "base/base.h"

static const struct measure measures[] = {
	{"stalls_per_1k", "stalls per 1000 submits", MEASURE_COUNT, SLICE_SLEEPS, SLICE_SUBMITS,
	 1000, false, true},
	{"blocked_per_1k", "blocked per 1000 submits", MEASURE_TIME, SLICE_BLOCKED_NS, SLICE_SUBMITS,
	 1000, true, true},
	{"blocked_submits_per_1k", "blocking of 1000 submits", MEASURE_COUNT, SLICE_SUBMITS_BLOCKED,
	 SLICE_SUBMITS, 1000, false, false},
	{"held_up_per_1k", "held up per 1000 submits", MEASURE_COUNT, SLICE_HELD_UP, SLICE_SUBMITS,
	 1000, false, true},
	{"ctxsw_per_io", "ctxsw/io", MEASURE_COUNT, SLICE_SLEEPS, SLICE_REQUESTS, 1, false, false},
	{"blocked_per_io", "blocked per request", MEASURE_TIME, SLICE_BLOCKED_NS, SLICE_REQUESTS, 1,
	 true, false},
	{"sleep_p50", "sleep p50", MEASURE_QUANTILE, SLICE_SLEEPS, SLICE_SLEEPS, 0.5, true, true},
	{"sleep_p99", "sleep p99", MEASURE_QUANTILE, SLICE_SLEEPS, SLICE_SLEEPS, 0.99, true, true},
	{"sleep_max", "sleep max", MEASURE_MAX, SLICE_SLEEPS, SLICE_SLEEPS, 1, true, true},
};

const struct measure *measure__at(size_t i)
{
	return i < ARRAY_SIZE(measures) ? &measures[i] : NULL;
}

const struct measure *measure__find(const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(measures); i++)
		if (!strcmp(measures[i].id, id))
			return &measures[i];
	return NULL;
}
