// SPDX-License-Identifier: GPL-2.0
#include "diff/diff.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "diff/environment.h"
#include "diff/measure.h"
#include "diff/stacks.h"

/* Histograms tell values apart by a bucket, whose width is up to this share of it. */
#define BUCKET_WIDTH 0.125

static bool is_fs(const struct series_row *sc)
{
	return *sc->fstype && !*sc->cause;
}

static bool same_type(const struct series_row *a, const struct series_row *b)
{
	return !strcmp(a->fstype, b->fstype);
}

static bool same_api(const struct series_row *a, const struct series_row *b)
{
	return a->api == b->api;
}

static bool same_mount(const struct series_row *a, const struct series_row *b)
{
	return same_type(a, b) && !strcmp(a->mount, b->mount);
}

static bool same_device(const struct series_row *a, const struct series_row *b)
{
	return same_mount(a, b) && !strcmp(a->device, b->device);
}

static bool anything(const struct series_row *a, const struct series_row *b)
{
	(void)a;
	(void)b;
	return true;
}

/* Which filesystem of the other recording is meant: the closest kinship that fits one, first. */
static bool (*const kinships[])(const struct series_row *, const struct series_row *) = {
	same_device,
	same_mount,
	same_type,
	anything,
};

struct pairing {
	const struct series_row *old[SERIES_ROWS_MAX], *new[SERIES_ROWS_MAX]; /* NULL = done */
	bool across_api;
	const struct series_row *pair_old[2 * SERIES_ROWS_MAX], *pair_new[2 * SERIES_ROWS_MAX];
	size_t nr_old, nr_new, nr;
};

static size_t collect_fs(const struct sample *s, const struct series_row **list)
{
	size_t n = 0;

	for (size_t i = 0; i < s->series->nr_rows; i++)
		if (is_fs(s->series->rows[i]))
			list[n++] = s->series->rows[i];
	return n;
}

static void pairing__add(struct pairing *p, size_t old, size_t new)
{
	p->pair_old[p->nr] = old < p->nr_old ? p->old[old] : NULL;
	p->pair_new[p->nr++] = new < p->nr_new ? p->new[new] : NULL;
	if (old < p->nr_old)
		p->old[old] = NULL;
	if (new < p->nr_new)
		p->new[new] = NULL;
}

/* Index of the only one left that is kin; n if there is none or a choice. */
static size_t only_kin(const struct pairing *p, const struct series_row *of,
		       const struct series_row *const *list, size_t n, size_t kin)
{
	size_t found = n;

	for (size_t i = 0; i < n; i++) {
		if (!list[i] || !kinships[kin](of, list[i]) ||
		    (!p->across_api && !same_api(of, list[i])))
			continue;
		if (found < n)
			return n;
		found = i;
	}
	return found;
}

static void pairing__make(struct pairing *p)
{
	for (size_t kin = 0; kin < ARRAY_SIZE(kinships); kin++) {
		for (size_t i = 0; i < p->nr_new; i++) {
			size_t at;

			if (!p->new[i] ||
			    only_kin(p, p->new[i], p->new, p->nr_new, kin) == p->nr_new)
				continue;
			at = only_kin(p, p->new[i], p->old, p->nr_old, kin);
			if (at < p->nr_old)
				pairing__add(p, at, i);
		}
	}
	for (size_t i = 0; i < p->nr_new; i++)
		if (p->new[i])
			pairing__add(p, p->nr_old, i);
	for (size_t i = 0; i < p->nr_old; i++)
		if (p->old[i])
			pairing__add(p, i, p->nr_new);
}

/* The cause's sleeps are for requests to this filesystem. */
static bool is_on(const struct series_row *cause, const struct series_row *fs)
{
	return same_device(cause, fs) && same_api(cause, fs);
}

/* The cause on this filesystem. */
static const struct series_row *cause_of(const struct sample *s, const struct series_row *fs,
					 const struct series_row *cause)
{
	for (size_t i = 0; fs && i < s->series->nr_rows; i++) {
		const struct series_row *sc = s->series->rows[i];

		if (!strcmp(sc->cause, cause->cause) && sc->plane == cause->plane && is_on(sc, fs))
			return sc;
	}
	return NULL;
}

static double margin_of(const struct measure *m, double margin)
{
	return m->kind == MEASURE_QUANTILE ? fmax(margin, BUCKET_WIDTH) : margin;
}

static struct compared compare(const struct measure *m, const struct measured *old,
			       const struct measured *new, double margin)
{
	struct compared c;

	if (m->kind == MEASURE_COUNT)
		return compare__counts(old, new, margin);
	c = compare__times(old, new, margin_of(m, margin));
	if (m->kind == MEASURE_MAX) {
		c.tested = false;
		c.p = 1;
	}
	return c;
}

static void row__fill(struct diff_row *row, const struct diff *d, const struct diff_group *g,
		      const struct measure *m, uint64_t seed)
{
	struct measured old = measure__take(m, d->old, g->old, g->old_fs, seed);
	struct measured new = measure__take(m, d->new, g->new, g->new_fs, seed + 1);

	row->measure = m;
	row->old = measure__value(m, &old);
	row->new = measure__value(m, &new);
	row->c = compare(m, &old, &new, d->margin);
	row->p = row->c.p;
}

/* A filesystem without io_uring is measured as it always was: each more test costs power. */
static bool is_measured(const struct diff *d, const struct diff_group *g, const struct measure *m)
{
	bool uring = d->across_api;

	if (*g->cause)
		return m->of_cause;
	for (size_t i = 0; !uring && i < d->new->series->nr_rows; i++)
		uring = g->whole && d->new->series->rows[i]->api == API_URING;
	uring |= g->new_fs && g->new_fs->api == API_URING;
	return uring || !m->of_uring;
}

static int group__measure(struct diff *d, struct diff_group *g)
{
	const struct measure *m;

	while (measure__at(g->nr_rows))
		g->nr_rows++;
	g->rows = calloc(g->nr_rows, sizeof(*g->rows));
	if (!g->rows)
		return -ENOMEM;
	g->nr_rows = 0;
	for (size_t i = 0; (m = measure__at(i)); i++)
		if (is_measured(d, g, m))
			row__fill(&g->rows[g->nr_rows++], d, g, m,
				  (uint64_t)(g - d->groups) * 64 + i * 2 + 1);
	return 0;
}

static void add_group(struct diff *d, struct diff_group g)
{
	g.presence = g.old && g.new ? PRESENT_BOTH : g.new ? PRESENT_NEW : PRESENT_OLD;
	d->groups[d->nr_groups++] = g;
}

static double weight(const struct diff_group *g)
{
	return (g->old ? series_row__sum(g->old, SERIES_BLOCKED_NS) : 0) +
	       (g->new ? series_row__sum(g->new, SERIES_BLOCKED_NS) : 0);
}

/* Causes on one side only come first, then those that block longest. */
static int cause_order(const void *a, const void *b)
{
	const struct diff_group *x = a, *y = b;
	bool x_both = x->presence == PRESENT_BOTH, y_both = y->presence == PRESENT_BOTH;

	if (x_both != y_both)
		return x_both - y_both;
	if (weight(x) != weight(y))
		return weight(x) < weight(y) ? 1 : -1;
	return strcmp(x->cause, y->cause);
}

static void add_causes(struct diff *d, const struct series_row *old_fs,
		       const struct series_row *new_fs)
{
	struct diff_group g = {.old_fs = old_fs, .new_fs = new_fs};
	size_t first = d->nr_groups;

	for (size_t i = 0; i < d->new->series->nr_rows; i++) {
		g.new = d->new->series->rows[i];
		g.cause = g.new->cause;
		g.plane = g.new->plane;
		g.old = cause_of(d->old, old_fs, g.new);
		if (new_fs && *g.cause && is_on(g.new, new_fs))
			add_group(d, g);
	}
	g.new = NULL;
	for (size_t i = 0; i < d->old->series->nr_rows; i++) {
		g.old = d->old->series->rows[i];
		g.cause = g.old->cause;
		g.plane = g.old->plane;
		if (old_fs && *g.cause && is_on(g.old, old_fs) && !cause_of(d->new, new_fs, g.old))
			add_group(d, g);
	}
	qsort(&d->groups[first], d->nr_groups - first, sizeof(g), cause_order);
}

static int add_all_groups(struct diff *d)
{
	const struct series_row *old = d->old->series->rows[0], *new = d->new->series->rows[0];
	struct pairing *p = calloc(1, sizeof(*p));

	d->groups = calloc(d->old->series->nr_rows + d->new->series->nr_rows, sizeof(*d->groups));
	if (!d->groups || !p) {
		free(p);
		return -ENOMEM;
	}
	p->across_api = d->across_api;
	p->nr_old = collect_fs(d->old, p->old);
	p->nr_new = collect_fs(d->new, p->new);
	pairing__make(p);
	add_group(d, (struct diff_group){.old = old,
					 .new = new,
					 .old_fs = old,
					 .new_fs = new,
					 .cause = "",
					 .whole = true});
	for (size_t i = 0; i < p->nr; i++) {
		add_group(d, (struct diff_group){.old = p->pair_old[i],
						 .new = p->pair_new[i],
						 .old_fs = p->pair_old[i],
						 .new_fs = p->pair_new[i],
						 .cause = ""});
		add_causes(d, p->pair_old[i], p->pair_new[i]);
	}
	free(p);
	return 0;
}

struct diff *diff__new(const struct sample *old, const struct sample *new, double margin,
		       bool across_api)
{
	struct diff *d = calloc(1, sizeof(*d));
	int rc;

	if (!d)
		return NULL;
	d->old = old;
	d->new = new;
	d->margin = margin;
	d->across_api = across_api;
	rc = add_all_groups(d);
	for (size_t i = 0; !rc && i < d->nr_groups; i++)
		rc = group__measure(d, &d->groups[i]);
	if (!rc)
		rc = environment__compare(d);
	if (!rc && !across_api)
		rc = stacks__compare(d);
	if (!rc)
		return d;
	diff__free(d);
	return NULL;
}

void diff__free(struct diff *d)
{
	if (!d)
		return;
	for (size_t i = 0; d->groups && i < d->nr_groups; i++)
		free(d->groups[i].rows);
	free(d->groups);
	free(d->facts);
	free(d->stacks);
	free(d);
}

const struct diff_row *group__row(const struct diff_group *g, const struct measure *m)
{
	for (size_t i = 0; i < g->nr_rows; i++)
		if (g->rows[i].measure == m)
			return &g->rows[i];
	return NULL;
}

/* Of aio, and where both apis are compared, nothing needs be said. */
static const char *api_words(const struct diff_group *g)
{
	bool new = !g->new_fs || g->new_fs->api == API_URING;
	bool old = !g->old_fs || g->old_fs->api == API_URING;

	return new &&old ? " by io_uring" : "";
}

const char *group__where(const struct diff_group *g)
{
	static const char *const where[PLANES] = {
		[PLANE_TASKWORK] = " in task work",
		[PLANE_WORKER] = " in threads of io-wq",
		[PLANE_SQPOLL] = " in the thread of SQPOLL",
	};

	return where[g->plane] ? where[g->plane] : "";
}

char *group__name(const struct diff_group *g, char *buf, size_t size)
{
	const struct series_row *sc = g->new_fs ? g->new_fs : g->old_fs;

	if (g->whole)
		snprintf(buf, size, "all filesystems");
	else
		snprintf(buf, size, "%s%s%s%s", sc->fstype, *sc->mount || *sc->device ? " " : "",
			 *sc->mount ? sc->mount : sc->device, api_words(g));
	return buf;
}
