// SPDX-License-Identifier: GPL-2.0
#include "diff/diff.h"

#include <string.h>

#include "base/base.h"

/* What most want to know weighs more: among many tests it would be missed too often. */
static const struct measure measures[] = {
	{"stalls_per_1k", "stalls per 1000 submits", MEASURE_COUNT, SERIES_SLEEPS, SERIES_SUBMITS,
	 1000, false, true, false, 4},
	{"blocked_per_1k", "blocked per 1000 submits", MEASURE_TIME, SERIES_BLOCKED_NS,
	 SERIES_SUBMITS, 1000, true, true, false, 4},
	{"blocked_submits_per_1k", "blocking of 1000 submits", MEASURE_COUNT,
	 SERIES_SUBMITS_BLOCKED, SERIES_SUBMITS, 1000, false, false, false, 1},
	{"held_up_per_1k", "held up per 1000 submits", MEASURE_COUNT, SERIES_HELD_UP,
	 SERIES_SUBMITS, 1000, false, true, false, 1},
	{"ctxsw_per_io", "ctxsw/io", MEASURE_COUNT, SERIES_SLEEPS, SERIES_REQUESTS, 1, false, false,
	 false, 1},
	{"blocked_per_io", "blocked per request", MEASURE_TIME, SERIES_BLOCKED_NS, SERIES_REQUESTS,
	 1, true, false, false, 1},
	{"submitter_sleeps_per_io", "submitter sleeps/request", MEASURE_COUNT,
	 SERIES_SUBMITTER_SLEEPS, SERIES_REQUESTS, 1, false, false, true, 1},
	{"all_sleeps_per_io", "all sleeps/request", MEASURE_COUNT, SERIES_ALL_SLEEPS,
	 SERIES_REQUESTS, 1, false, false, true, 1},
	{"submitter_time_per_io", "submitter blocked/request", MEASURE_TIME, SERIES_SUBMITTER_NS,
	 SERIES_REQUESTS, 1, true, false, true, 1},
	{"all_time_per_io", "all blocked/request", MEASURE_TIME, SERIES_ALL_NS, SERIES_REQUESTS, 1,
	 true, false, true, 1},
	{"sleep_p50", "sleep p50", MEASURE_QUANTILE, SERIES_SLEEPS, SERIES_SLEEPS, 0.5, true, true,
	 false, 1},
	{"sleep_p99", "sleep p99", MEASURE_QUANTILE, SERIES_SLEEPS, SERIES_SLEEPS, 0.99, true, true,
	 false, 1},
	{"sleep_max", "sleep max", MEASURE_MAX, SERIES_SLEEPS, SERIES_SLEEPS, 1, true, true, false,
	 1},
};

const struct measure *measure__at(size_t i)
{
	return i < ARRAY_SIZE(measures) ? &measures[i] : NULL;
}

const struct measure *measure__find(const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(measures); i++)
		if (!strcmp(measures[i].id, id) || !strcmp(measures[i].text, id))
			return &measures[i];
	return NULL;
}
