// SPDX-License-Identifier: GPL-2.0
#include "qualify/verdict.h"

#include <string.h>

/* Sleeps per request. The upper bound is the one that storage people use. */
#define ASYNC_BELOW 0.02
#define RARE_BELOW 0.1
/* Of the requests. In between, chance decides whether the device was faster than the return. */
#define MOST 0.9
#define REFUSES_FROM 0.1
/* So near to a bound, as a factor, the number of sleeps is chance too. */
#define CLOSE 2.0

static const struct {
	const char *word, *meaning;
} words[VERDICTS] = {
	[VERDICT_NA] = {"n/a", "could not be run, for the reason given"},
	[VERDICT_ASYNC] = {"async", "queued, and the thread goes on"},
	[VERDICT_CACHED] = {"cached",
			    "done in the call by the page cache, nearly always without a sleep"},
	[VERDICT_RARE] = {"rare", "sleeps, in less than 1 of 10 requests"},
	[VERDICT_REFUSES] = {"refuses", "EAGAIN instead of a sleep"},
	[VERDICT_BLOCKS] = {"blocks", "sleeps, in 1 of 10 requests or more"},
	[VERDICT_SYNCHRONOUS] = {"synchronous", "done in the call, by the thread itself"},
};

const char *verdict__word(enum verdict v)
{
	return words[v].word;
}

int verdict__find(const char *word)
{
	for (int v = 0; v < VERDICTS; v++)
		if (!strcmp(words[v].word, word))
			return v;
	return -1;
}

const char *verdict__meaning(enum verdict v)
{
	return words[v].meaning;
}

static double share(uint64_t part, uint64_t of)
{
	return of ? (double)part / (double)of : 0;
}

enum verdict verdict__judge(const struct figures *f, bool through_cache, bool no_device_io)
{
	double sleeps = share(f->sleeps, f->requests);
	bool inside = share(f->inside, f->requests) >= MOST;

	if (!f->requests || f->failed * 2 > f->requests)
		return VERDICT_NA;
	if (share(f->refused, f->requests) >= REFUSES_FROM)
		return VERDICT_REFUSES;
	if (sleeps >= RARE_BELOW)
		return inside ? VERDICT_SYNCHRONOUS : VERDICT_BLOCKS;
	if (inside && through_cache)
		return VERDICT_CACHED;
	if (inside && !no_device_io)
		return VERDICT_SYNCHRONOUS;
	return sleeps < ASYNC_BELOW ? VERDICT_ASYNC : VERDICT_RARE;
}

static bool is_near(double value, double bound)
{
	return value > bound / CLOSE && value < bound * CLOSE;
}

bool verdict__is_close(const struct figures *f)
{
	double sleeps = share(f->sleeps, f->requests);

	return is_near(sleeps, ASYNC_BELOW) || is_near(sleeps, RARE_BELOW) ||
	       is_near(share(f->refused, f->requests), REFUSES_FROM);
}
