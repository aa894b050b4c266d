// SPDX-License-Identifier: GPL-2.0
#include "diff/environment.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "report/names.h"

/* Workloads further apart than this are not the same workload. */
#define SHAPE_RATIO_MAX 1.25
#define MIX_MAX 0.1
/* Less than this says nothing about anything. */
#define SUBMITS_MIN 100
#define SLICES_MIN 10

static const struct fact *find_fact(const struct sample *s, const struct fact *like)
{
	for (size_t i = 0; i < s->nr_facts; i++) {
		const struct fact *f = &s->facts[i];

		if (!strcmp(f->what, like->what) && !strcmp(f->of, like->of))
			return f;
	}
	return NULL;
}

/* Mounts are compared where requests went, by filesystem: their paths may differ. */
static void compare_mounts(struct diff *d)
{
	for (size_t i = 0; i < d->nr_groups; i++) {
		const struct diff_group *g = &d->groups[i];

		if (!*g->cause && g->old && g->new &&strcmp(g->old->options, g->new->options))
			d->facts[d->nr_facts++] = (struct diff_fact){
				"mount options", *g->new->mount ? g->new->mount : g->new->fstype,
				g->old->options, g->new->options};
	}
}

static int compare_facts(struct diff *d)
{
	size_t most = d->old->nr_facts + d->new->nr_facts + d->nr_groups;

	d->facts = calloc(most ? most : 1, sizeof(*d->facts));
	if (!d->facts)
		return -ENOMEM;
	compare_mounts(d);
	for (size_t i = 0; i < d->old->nr_facts; i++) {
		const struct fact *a = &d->old->facts[i], *b = find_fact(d->new, a);

		if (!b || strcmp(a->value, b->value))
			d->facts[d->nr_facts++] =
				(struct diff_fact){a->what, a->of, a->value, b ? b->value : ""};
	}
	for (size_t i = 0; i < d->new->nr_facts; i++) {
		const struct fact *b = &d->new->facts[i];

		if (!find_fact(d->old, b))
			d->facts[d->nr_facts++] = (struct diff_fact){b->what, b->of, "", b->value};
	}
	return 0;
}

static void __attribute__((format(printf, 2, 3))) warn(struct diff *d, const char *fmt, ...)
{
	struct diff_warning *w = &d->warnings[d->nr_warnings];
	va_list ap;

	if (d->nr_warnings == DIFF_WARNINGS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(w->text, sizeof(w->text), fmt, ap);
	va_end(ap);
	d->nr_warnings++;
}

static bool are_apart(double a, double b)
{
	return a > 0 && b > 0 && fmax(a, b) / fmin(a, b) > SHAPE_RATIO_MAX;
}

#define OPS ARRAY_SIZE(((struct counters *)NULL)->ops)

static double sum_ops(const uint64_t ops[OPS])
{
	double sum = 0;

	for (size_t i = 0; i < OPS; i++)
		sum += (double)ops[i];
	return sum;
}

static void compare_mix(struct diff *d, const struct series_row *old, const struct series_row *new,
			const char *name)
{
	const uint64_t *old_ops = old->sum.c.ops, *new_ops = new->sum.c.ops;
	double a = sum_ops(old_ops), b = sum_ops(new_ops), apart = 0, most = 0;
	size_t at = 0;

	if (!(a > 0) || !(b > 0))
		return;
	for (size_t i = 0; i < OPS; i++) {
		double change = fabs((double)old_ops[i] / a - (double)new_ops[i] / b);

		apart += change / 2;
		if (change > most) {
			most = change;
			at = i;
		}
	}
	if (apart > MIX_MAX)
		warn(d,
		     "%s: another mix of operations, %s was %.0f%% of the requests and is %.0f%%",
		     name, names__op_cell(at), (double)old_ops[at] / a * 100,
		     (double)new_ops[at] / b * 100);
}

static double share(double part, double of)
{
	return of > 0 ? part / of : 0;
}

static void compare_shape(struct diff *d, const struct diff_group *g)
{
	const struct series_row *old = g->old, *new = g->new;
	char name[64], size_old[16], size_new[16];
	double a, b;

	group__name(g, name, sizeof(name));
	compare_mix(d, old, new, name);
	a = share((double)old->sum.c.bytes, series_row__sum(old, SERIES_REQUESTS));
	b = share((double)new->sum.c.bytes, series_row__sum(new, SERIES_REQUESTS));
	if (are_apart(a, b))
		warn(d, "%s: requests of another size, %s was the mean and %s is", name,
		     fmt__size(whole_number(a), size_old, sizeof(size_old)),
		     fmt__size(whole_number(b), size_new, sizeof(size_new)));
	a = share(series_row__sum(old, SERIES_REQUESTS), series_row__sum(old, SERIES_SUBMITS));
	b = share(series_row__sum(new, SERIES_REQUESTS), series_row__sum(new, SERIES_SUBMITS));
	if (are_apart(a, b))
		warn(d, "%s: another queue depth, %.1f requests to a submit were and %.1f are",
		     name, a, b);
}

static void check_size(struct diff *d, const struct sample *s)
{
	if (s->series->any_loss)
		warn(d, "%.80s: data was lost while recording, its figures are lower bounds",
		     s->name);
	if (s->left_out || s->series->left_out)
		warn(d, "%.80s: has more than can be compared; some of it is left out", s->name);
	if (s->series->nr_slices < SLICES_MIN)
		warn(d, "%.80s: %zu seconds are few, differences will hardly be found", s->name,
		     s->series->nr_slices);
	else if (series_row__sum(s->series->rows[0], SERIES_SUBMITS) < SUBMITS_MIN)
		warn(d, "%.80s: %.0f submits are few, differences will hardly be found", s->name,
		     series_row__sum(s->series->rows[0], SERIES_SUBMITS));
}

static bool same_place(const struct diff_group *g)
{
	return g->whole || !strcmp(g->old->fstype, g->new->fstype);
}

int environment__compare(struct diff *d)
{
	check_size(d, d->old);
	if (!d->across_api || strcmp(d->old->name, d->new->name) != 0)
		check_size(d, d->new);
	for (size_t i = 0; i < d->nr_groups; i++) {
		struct diff_group *g = &d->groups[i];

		if (*g->cause || !g->old || !g->new)
			continue;
		if (!same_place(g))
			warn(d, "%.64s is compared with %.64s", g->new->fstype, g->old->fstype);
		/* with one filesystem it says the same as the whole */
		if (!g->whole || d->nr_groups < 2)
			compare_shape(d, g);
	}
	return compare_facts(d);
}
