// SPDX-License-Identifier: GPL-2.0
/* Which differences are differences: all tests of one output are one family. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "diff/diff.h"

/* With one filesystem the whole is that filesystem: testing it twice would only cost power. */
static bool is_copy(const struct diff *d, const struct diff_group *g)
{
	size_t filesystems = 0;

	for (size_t i = 0; i < d->nr_groups; i++)
		filesystems += !d->groups[i].whole && !*d->groups[i].cause;
	return g->whole && filesystems == 1;
}

static bool is_counted(const struct diff *d, const struct diff_group *g, const struct diff_row *row)
{
	return row->c.tested && !is_copy(d, g);
}

static double weight_of(const struct diff_group *g, const struct diff_row *row)
{
	return *g->cause ? 1 : row->measure->weight;
}

struct family {
	double *p, *weights;
	size_t n;
	double significance; /* 0 = the p values are gathered, else the verdicts made */
};

/* Visit the tested rows in order. */
static void visit(struct diff *d, struct family *f)
{
	for (size_t i = 0; i < d->nr_groups; i++) {
		struct diff_group *g = &d->groups[i];

		for (size_t k = 0; k < g->nr_rows; k++) {
			struct diff_row *row = &g->rows[k];

			if (!is_counted(d, g, row))
				continue;
			if (f->significance > 0) {
				row->p = f->p[f->n];
				row->different = row->p < f->significance;
				d->nr_different += row->different;
				d->nr_tests++;
			} else {
				f->p[f->n] = row->c.p;
				f->weights[f->n] = weight_of(g, row);
			}
			f->n++;
		}
	}
}

/* The whole of a single filesystem takes over that one's verdicts. */
static void copy_verdicts(struct diff *d)
{
	struct diff_group *g = &d->groups[0];

	if (d->nr_groups < 2 || !is_copy(d, g))
		return;
	for (size_t i = 0; i < g->nr_rows; i++) {
		const struct diff_row *of = group__row(&d->groups[1], g->rows[i].measure);

		if (!of)
			continue;
		g->rows[i].p = of->p;
		g->rows[i].different = of->different;
	}
}

/* A time against none at all has no logarithm: whether there are stalls at all decides. */
static void judge_times_of_none(struct diff_group *g, const struct diff_row *stalls)
{
	for (size_t i = 0; i < g->nr_rows; i++) {
		struct diff_row *row = &g->rows[i];

		if (row->measure->kind == MEASURE_TIME && !row->c.tested && stalls->different &&
		    (isinf(row->c.ratio) || row->c.ratio == 0))
			row->different = true;
	}
}

static void judge_presence(struct diff *d)
{
	const struct measure *stalls = measure__find("stalls_per_1k");

	for (size_t i = 0; i < d->nr_groups; i++) {
		struct diff_group *g = &d->groups[i];
		const struct diff_row *row = group__row(g, stalls);

		if (!row || !row->different)
			continue;
		judge_times_of_none(g, row);
		if (!*g->cause)
			continue;
		g->appeared = g->presence == PRESENT_NEW;
		g->vanished = g->presence == PRESENT_OLD;
	}
}

static size_t count_rows(struct diff *const *diffs, size_t n)
{
	size_t rows = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < diffs[i]->nr_groups; k++)
			rows += diffs[i]->groups[k].nr_rows;
	return rows ? rows : 1;
}

int diff__judge(struct diff *const *diffs, size_t n, double significance)
{
	size_t rows = count_rows(diffs, n);
	struct family f = {.p = calloc(rows, sizeof(double)),
			   .weights = calloc(rows, sizeof(double))};
	int rc = f.p && f.weights ? 0 : -ENOMEM;

	for (size_t i = 0; !rc && i < n; i++)
		visit(diffs[i], &f);
	if (!rc)
		rc = compare__holm(f.p, f.weights, f.n);
	f.n = 0;
	f.significance = significance;
	for (size_t i = 0; !rc && i < n; i++) {
		visit(diffs[i], &f);
		copy_verdicts(diffs[i]);
		judge_presence(diffs[i]);
	}
	free(f.p);
	free(f.weights);
	return rc;
}
