// SPDX-License-Identifier: GPL-2.0
#include "diff/measure.h"

#include <math.h>
#include <string.h>

/* The sleeps whose time it is. */
static enum series_column sleeps_of(const struct measure *m)
{
	switch (m->part) {
	case SERIES_SUBMITTER_SLEEPS:
	case SERIES_SUBMITTER_NS:
		return SERIES_SUBMITTER_SLEEPS;
	case SERIES_ALL_SLEEPS:
	case SERIES_ALL_NS:
		return SERIES_ALL_SLEEPS;
	default:
		return SERIES_SLEEPS;
	}
}

/* What is added to a sum so that a resample without any has a logarithm: half of one event. */
static double half_event(const struct series_row *of, const struct measure *m)
{
	double sleeps = series_row__sum(of, sleeps_of(m));

	if (m->kind == MEASURE_COUNT)
		return 0.5;
	return sleeps > 0 ? series_row__sum(of,
					    m->kind == MEASURE_TIME ? m->part : SERIES_BLOCKED_NS) /
				    sleeps / 2
			  : 0.5;
}

static struct measured take_rate(const struct measure *m, const struct sample *s,
				 const struct series_row *of, const struct series_row *fs,
				 uint64_t seed)
{
	struct measured v = {.exposure = series_row__sum(fs, m->whole)};

	if (!of)
		return v;
	v.amount = series_row__sum(of, m->part);
	v.events = series_row__sum(of, sleeps_of(m));
	if (v.amount > 0 && v.exposure > 0)
		v.spread =
			bootstrap__ratio(&(struct slices){of->column[m->part], fs->column[m->whole],
							  s->series->nr_slices},
					 half_event(of, m), seed);
	return v;
}

static struct measured take_quantile(const struct measure *m, const struct sample *s,
				     const struct series_row *of, const struct series_row *fs,
				     uint64_t seed)
{
	struct measured v = {.exposure = 1, .amount = NAN};
	uint64_t count;
	size_t block;

	if (!of)
		return v;
	count = hist__count(&of->sum.sleep);
	if (!count)
		return v;
	v.amount = (double)hist__quantile(&of->sum.sleep, m->scale, of->sum.c.max_sleep_ns);
	v.events = (double)count;
	v.spread = (struct spread){INFINITY, 1};
	if (v.events * (1 - m->scale) < MEASURE_MIN_BEYOND)
		return v;
	block = bootstrap__block(&(struct slices){
		of->column[SERIES_BLOCKED_NS], fs->column[SERIES_SUBMITS], s->series->nr_slices});
	v.spread = bootstrap__quantile(of->sleep_hist, s->series->nr_slices, block, m->scale,
				       of->sum.c.max_sleep_ns, seed);
	return v;
}

struct measured measure__take(const struct measure *m, const struct sample *s,
			      const struct series_row *of, const struct series_row *fs,
			      uint64_t seed)
{
	if (m->kind == MEASURE_QUANTILE)
		return take_quantile(m, s, of, fs, seed);
	if (m->kind == MEASURE_MAX)
		return (struct measured){.exposure = 1,
					 .amount = of && of->sum.c.max_sleep_ns
							   ? (double)of->sum.c.max_sleep_ns
							   : NAN};
	if (!fs)
		return (struct measured){0};
	return take_rate(m, s, of, fs, seed);
}

double measure__value(const struct measure *m, const struct measured *v)
{
	bool is_rate = m->kind == MEASURE_COUNT || m->kind == MEASURE_TIME;

	if (!(v->exposure > 0))
		return NAN;
	return v->amount / v->exposure * (is_rate ? m->scale : 1);
}
