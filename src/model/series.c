// SPDX-License-Identifier: GPL-2.0
#include "model/series.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "model/loss.h"
#include "model/state.h"

#define OF(member) offsetof(struct counters, member)
#define OF_SUBMITTER(what) OF(what), OF(taskwork_##what)
#define OF_ALL(what) OF_SUBMITTER(what), OF(worker_##what), OF(sqpoll_##what)

/* What is added up for a column; none stands at offset 0 but the first. */
static const size_t columns[SERIES_COLUMNS][PLANES] = {
	[SERIES_SUBMITS] = {OF(submits)},
	[SERIES_SUBMITS_BLOCKED] = {OF(submits_blocked)},
	[SERIES_REQUESTS] = {OF(requests)},
	[SERIES_SLEEPS] = {OF(sleeps)},
	[SERIES_BLOCKED_NS] = {OF(blocked_ns)},
	[SERIES_HELD_UP] = {OF(held_up_requests)},
	[SERIES_SUBMITTER_SLEEPS] = {OF_SUBMITTER(sleeps)},
	[SERIES_SUBMITTER_NS] = {OF_SUBMITTER(blocked_ns)},
	[SERIES_ALL_SLEEPS] = {OF_ALL(sleeps)},
	[SERIES_ALL_NS] = {OF_ALL(blocked_ns)},
};

static double column_of(const struct counters *c, size_t column)
{
	const size_t *offset = columns[column];
	double sum = 0;

	for (size_t i = 0; i < PLANES && (!i || offset[i]); i++)
		sum += (double)*(const uint64_t *)((const char *)c + offset[i]);
	return sum;
}

double series_row__sum(const struct series_row *r, enum series_column column)
{
	return column_of(&r->sum.c, column);
}

/* ---- rows ---- */

static void row__free(struct series_row *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < SERIES_COLUMNS; i++)
		free(r->column[i]);
	free(r->sleep_hist);
	free(r->fstype);
	free(r->mount);
	free(r->device);
	free(r->options);
	free(r->cause);
	free(r);
}

static const char *text(const char *s)
{
	return s ? s : "";
}

static struct series_row *row__new(size_t slices, const struct fs_info *fs, const char *cause,
				   enum plane plane)
{
	struct series_row *r = calloc(1, sizeof(*r));
	bool ok = r != NULL;

	if (!ok)
		return NULL;
	r->api = fs->api;
	r->plane = plane;
	for (size_t i = 0; i < SERIES_COLUMNS; i++)
		ok &= (r->column[i] = calloc(slices, sizeof(double))) != NULL;
	ok &= (r->sleep_hist = calloc(slices, HIST_BUCKETS * sizeof(uint32_t))) != NULL;
	ok &= (r->fstype = strdup(text(fs->fstype))) != NULL;
	ok &= (r->mount = strdup(text(fs->mount))) != NULL;
	ok &= (r->device = strdup(text(fs->device_name))) != NULL;
	ok &= (r->options = strdup(text(fs->mount_options))) != NULL;
	ok &= (r->cause = strdup(cause)) != NULL;
	if (ok)
		return r;
	row__free(r);
	return NULL;
}

static bool row__is(const struct series_row *r, const struct fs_info *fs, const char *cause,
		    enum plane plane)
{
	return r->api == fs->api && r->plane == plane && !strcmp(r->cause, cause) &&
	       !strcmp(r->fstype, text(fs->fstype)) && !strcmp(r->mount, text(fs->mount)) &&
	       !strcmp(r->device, text(fs->device_name));
}

/* Found or made; NULL beyond the bound or without memory. */
static struct series_row *row_of(struct series *s, const struct fs_info *fs, const char *cause,
				 enum plane plane)
{
	struct series_row *r;

	for (size_t i = 0; i < s->nr_rows; i++)
		if (row__is(s->rows[i], fs, cause, plane))
			return s->rows[i];
	if (s->nr_rows == SERIES_ROWS_MAX) {
		s->left_out = true;
		return NULL;
	}
	r = row__new(s->nr_slices, fs, cause, plane);
	if (!r)
		s->err = -ENOMEM;
	else
		s->rows[s->nr_rows++] = r;
	return r;
}

static void add_hist(uint32_t *row, const struct hist *h)
{
	for (size_t b = 0; b < HIST_BUCKETS; b++) {
		uint64_t sum = row[b] + (h->n[b] < UINT32_MAX ? h->n[b] : UINT32_MAX);

		row[b] = sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
	}
}

static void row__add(struct series_row *r, size_t at, const struct fs_counts *delta)
{
	for (size_t i = 0; i < SERIES_COLUMNS; i++)
		r->column[i][at] += column_of(&delta->c, i);
	add_hist(r->sleep_hist + at * HIST_BUCKETS, &delta->sleep);
	fs_counts__add(&r->sum, delta);
}

/* ---- the ledger's slices ---- */

struct series *series__new(uint64_t slices, unsigned int apis)
{
	static const struct fs_info whole = {.api = APIS};
	struct series *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->apis = apis;
	s->merged = slices / SERIES_SLICES_MAX + (slices % SERIES_SLICES_MAX != 0);
	s->merged = s->merged ? s->merged : 1;
	s->nr_slices = (size_t)(slices / s->merged);
	s->nr_slices = s->nr_slices ? s->nr_slices : 1;
	if (row_of(s, &whole, "", PLANE_SUBMIT))
		return s;
	series__free(s);
	return NULL;
}

struct series *series__growing(void)
{
	struct series *s = series__new(SERIES_SLICES_MAX, 0);

	if (s)
		s->grows = true;
	return s;
}

struct series *series__open(struct ledger *l)
{
	struct series *s = series__growing();

	if (s)
		ledger__take_slices(l, 0, NULL, NULL);
	return s;
}

size_t series__used(const struct series *s)
{
	uint64_t used = s->seen / s->merged + (s->seen % s->merged != 0);

	return used < s->nr_slices ? (size_t)used : s->nr_slices;
}

void series__free(struct series *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->nr_rows; i++)
		row__free(s->rows[i]);
	free(s);
}

static bool is_chosen(const struct series *s, const struct ledger_fs *fs)
{
	return !s->apis || (s->apis & API_BIT(fs->info.api));
}

/* With a choice of apis, what is chosen stands for all. */
static void take_filesystems(struct series *s, size_t at, struct ledger *l)
{
	struct series_row *r;

	if (!s->apis)
		row__add(s->rows[0], at, &l->slice.totals);
	for (struct ledger_fs *fs = l->filesystems; fs; fs = fs->next) {
		if (!fs->slice || !is_chosen(s, fs))
			continue;
		r = row_of(s, &fs->info, "", PLANE_SUBMIT);
		if (r)
			row__add(r, at, fs->slice);
		if (s->apis)
			row__add(s->rows[0], at, fs->slice);
	}
}

/* In the order in which they came; the ledger has the last one first. */
static void take_causes(struct series *s, size_t at, struct ledger *l)
{
	struct ledger_cell *c, *next, *in_order = NULL;
	struct series_row *r;

	LL_FOREACH_SAFE(l->slice.cells, c, next)
	LL_PREPEND(in_order, c);
	l->slice.cells = in_order;
	LL_FOREACH(in_order, c)
	{
		const struct ledger_key *k = &c->row->key;
		struct fs_counts delta = {0};
		struct hist hist = {0};

		if (!is_chosen(s, k->fs))
			continue;
		/* a cause is measured by the submits of its filesystem, which has a row even without any */
		r = row_of(s, &k->fs->info, "", PLANE_SUBMIT)
			    ? row_of(s, &k->fs->info, k->cause->cause->id, k->plane)
			    : NULL;
		if (!r)
			continue;
		hist__add_sparse(&hist, &c->hist);
		fs_counts__add_sleeps(&delta, PLANE_SUBMIT, &c->sum, &hist);
		row__add(r, at, &delta);
	}
}

double series__loss_share(const struct series *s)
{
	return loss__share(&s->loss, &s->totals);
}

static void join_hists(uint32_t *hist, size_t to, size_t from)
{
	uint32_t *a = hist + to * HIST_BUCKETS;
	const uint32_t *b = hist + from * HIST_BUCKETS;

	for (size_t i = 0; i < HIST_BUCKETS; i++)
		a[i] = from % 2 == 0 ? b[i] : a[i] < UINT32_MAX - b[i] ? a[i] + b[i] : UINT32_MAX;
}

/* Two slices become one. */
static void halve(struct series *s, struct series_row *r)
{
	for (size_t k = 0; k < s->nr_slices; k++) {
		for (size_t i = 0; i < SERIES_COLUMNS; i++) {
			double v = r->column[i][k];

			r->column[i][k / 2] = k % 2 ? r->column[i][k / 2] + v : v;
		}
		join_hists(r->sleep_hist, k / 2, k);
	}
	for (size_t i = 0; i < SERIES_COLUMNS; i++)
		memset(r->column[i] + s->nr_slices / 2, 0, s->nr_slices / 2 * sizeof(double));
	memset(r->sleep_hist + s->nr_slices / 2 * HIST_BUCKETS, 0,
	       s->nr_slices / 2 * HIST_BUCKETS * sizeof(uint32_t));
}

static void make_room(struct series *s)
{
	for (size_t i = 0; i < s->nr_rows; i++)
		halve(s, s->rows[i]);
	s->merged *= 2;
}

void series__take(struct series *s, struct ledger *l)
{
	uint64_t of = s->seen / s->merged;
	size_t at;

	if (s->grows && of == s->nr_slices) {
		make_room(s);
		of = s->seen / s->merged;
	}
	s->seen++;
	at = of < s->nr_slices ? (size_t)of : s->nr_slices - 1;

	take_filesystems(s, at, l);
	take_causes(s, at, l);
	s->any_loss |= loss__any(&l->slice.loss);
	loss__add(&s->loss, &l->slice.loss);
	s->totals.submits = sat_add(s->totals.submits, l->slice.totals.c.submits);
	s->totals.requests = sat_add(s->totals.requests, l->slice.totals.c.requests);
	s->totals.sleeps = sat_add(s->totals.sleeps, l->slice.totals.c.sleeps);
	ledger__next_slice(l);
}

static void raise_max(struct series_row *whole, const struct series_row *part)
{
	if (part->sum.c.max_sleep_ns > whole->sum.c.max_sleep_ns)
		whole->sum.c.max_sleep_ns = part->sum.c.max_sleep_ns;
}

static bool is_part(const struct series_row *whole, const struct series_row *r)
{
	return !*whole->cause && *r->cause && whole->api == r->api &&
	       !strcmp(whole->fstype, r->fstype) && !strcmp(whole->mount, r->mount) &&
	       !strcmp(whole->device, r->device);
}

/*
 * A slice of a filesystem has its longest sleep only if none before was longer,
 * one of a cause always: without it a quantile, which ends there, would be too low.
 */
void series__finish(struct series *s)
{
	for (size_t i = 0; i < s->nr_rows; i++) {
		for (size_t k = 0; k < s->nr_rows; k++)
			if (is_part(s->rows[i], s->rows[k]) || (!i && *s->rows[k]->cause))
				raise_max(s->rows[i], s->rows[k]);
		fs_counts__fix_max(&s->rows[i]->sum);
	}
}
