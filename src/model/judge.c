// SPDX-License-Identifier: GPL-2.0
#include "model/judge.h"

#include "model/glance.h"
#include "model/loss.h"

void judge__shares(struct report_fs *f, enum plane plane)
{
	uint64_t whole = counters__blocked_in(&f->c, plane), sum = 0;

	for (size_t i = 0; i < f->nr_causes; i++)
		if (f->causes[i].plane == plane)
			sum = sat_add(sum, f->causes[i].blocked_ns);
	/* calls still under way have sent stalls that are not in the counters yet */
	whole = sum > whole ? sum : whole;
	for (size_t i = 0; i < f->nr_causes; i++)
		if (f->causes[i].plane == plane)
			f->causes[i].share = ratio(f->causes[i].blocked_ns, whole);
}

static int row_by_pid(const void *a, const void *b)
{
	const struct ledger_row *x = *(const struct ledger_row *const *)a;
	const struct ledger_row *y = *(const struct ledger_row *const *)b;

	return descending(y->key.pid, x->key.pid);
}

/* Those of the submitter's own plane come first: how many. */
static size_t submit_rows_first(const struct ledger_row **rows, size_t nr)
{
	size_t n = 0;

	for (size_t i = 0; i < nr; i++) {
		const struct ledger_row *row = rows[i];

		if (row->key.plane != PLANE_SUBMIT)
			continue;
		rows[i] = rows[n];
		rows[n++] = row;
	}
	return n;
}

/*
 * Of the time traced, what the process that lost most of it was blocked, its threads together.
 * Sleeps whose process is not known may all have been its own.
 */
static double share_of_time(const struct selection *s, const struct report_fs *f,
			    const struct ledger_row **rows, size_t nr_rows)
{
	uint64_t sum = 0, most = 0, duration_ns = s->ledger->capture.duration_ns;
	size_t n;
	const struct part *parts =
		parts__of(s->pool, rows, nr_rows, row_by_pid, PARTS_BY_BLOCKED, &n);

	for (size_t i = 0; i < n; i++) {
		sum = sat_add(sum, parts[i].sum.blocked_ns);
		most = parts[i].sum.blocked_ns > most ? parts[i].sum.blocked_ns : most;
	}
	return ratio(sat_add(most, sat_sub(f->c.blocked_ns, sum)), duration_ns);
}

static bool is_one_of(const struct fs_info *fs, const struct ledger_fs **of, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (fs == &of[i]->info)
			return true;
	return false;
}

static const struct report_unfinished *longest_unfinished(const struct selection *s,
							  const struct ledger_fs **of, size_t nr_of)
{
	const struct report_unfinished *longest = NULL;

	for (size_t i = 0; i < s->ledger->nr_unfinished; i++) {
		const struct report_unfinished *u = &s->ledger->unfinished[i];

		if ((!longest || u->ev.age_ns > longest->ev.age_ns) &&
		    is_one_of(u->ev.fs, of, nr_of))
			longest = u;
	}
	return longest;
}

static uint64_t longest_ns(const struct report_fs *f)
{
	uint64_t age_ns = f->longest_unfinished ? f->longest_unfinished->ev.age_ns : 0;

	return age_ns > f->c.max_sleep_ns ? age_ns : f->c.max_sleep_ns;
}

/*
 * Where a cause's submits are not known it may be the one of most of them, unless all of its sleeps
 * are fewer than what another is known to have blocked.
 */
static const struct report_cause *most_submits(const struct report_fs *f)
{
	const struct report_cause *most = NULL;

	for (size_t i = 0; i < f->nr_causes; i++) {
		const struct report_cause *c = &f->causes[i];

		if (c->plane == PLANE_SUBMIT && c->knows_submits &&
		    (!most || c->submits_blocked > most->submits_blocked))
			most = c;
	}
	for (size_t i = 0; most && i < f->nr_causes; i++)
		if (f->causes[i].plane == PLANE_SUBMIT && !f->causes[i].knows_submits &&
		    f->causes[i].sleeps > most->submits_blocked)
			return NULL;
	return most && most->submits_blocked ? most : NULL;
}

static uint64_t longest_in(const struct report_fs *f, enum plane plane)
{
	uint64_t longest = 0;

	for (size_t i = 0; i < f->nr_causes; i++)
		if (f->causes[i].plane == plane && f->causes[i].max_ns > longest)
			longest = f->causes[i].max_ns;
	return longest;
}

static bool sleeps_often(const struct severity_limits *limits, const struct report_fs *f,
			 enum plane plane)
{
	return !f->c.requests || ratio(counters__sleeps_in(&f->c, plane), f->c.requests) >=
					 limits->look[MEASURE_CTXSW];
}

/*
 * Planes are judged one by one, and never added up. Task work and the thread that submits for a ring
 * hold up the program's next requests as its own call would. Workers are there to sleep, and their
 * submitter is free: one that keeps a request for long is worth a look, and no more.
 */
static enum severity severity_in(const struct severity_limits *limits, const struct report_fs *f,
				 enum plane plane, enum severity_measure *by)
{
	struct severity_figures v = {.sleeps = counters__sleeps_in(&f->c, plane)};
	enum severity s;

	v.value[MEASURE_STALL] = (double)longest_in(f, plane);
	if (plane != PLANE_WORKER)
		v.value[MEASURE_CTXSW] = ratio(v.sleeps, f->c.requests);
	s = severity__of(limits, &v, by);
	if (plane == PLANE_WORKER)
		return s == SEVERITY_HURTS ? SEVERITY_LOOK : SEVERITY_OK;
	return s;
}

/* What the other planes add to the judgement of the submitter's own. */
static void judge_elsewhere(const struct severity_limits *limits, struct report_fs *f)
{
	enum severity of[PLANES] = {SEVERITY_OK};
	enum severity_measure by;

	f->severity_plane = PLANE_SUBMIT;
	for (int plane = 0; plane < PLANES; plane++) {
		if (plane == PLANE_SUBMIT)
			continue;
		of[plane] = severity_in(limits, f, (enum plane)plane, &by);
		if (of[plane] <= f->severity)
			continue;
		f->severity = of[plane];
		f->severity_by = by;
		f->severity_plane = (enum plane)plane;
	}
	f->most_elsewhere = NULL;
	for (size_t i = 0; i < f->nr_causes; i++) {
		const struct report_cause *c = &f->causes[i], *most = f->most_elsewhere;

		if (c->plane == PLANE_SUBMIT ||
		    (of[c->plane] == SEVERITY_OK && !sleeps_often(limits, f, c->plane)))
			continue;
		if (!most || of[c->plane] > of[most->plane] ||
		    (of[c->plane] == of[most->plane] && c->blocked_ns > most->blocked_ns))
			f->most_elsewhere = c;
	}
	if (f->most_elsewhere)
		f->elsewhere_max_ns = longest_in(f, f->most_elsewhere->plane);
}

static const struct severity_limits *limits_of(const struct selection *s)
{
	return s->view->limits ? s->view->limits : &severity_defaults;
}

void judge__fs(const struct selection *s, struct report_fs *f, const struct ledger_fs **of,
	       size_t nr_of, const struct ledger_row **rows, size_t nr_rows)
{
	struct severity_figures *v = &f->figures;

	v->sleeps = f->c.sleeps;
	f->longest_unfinished = longest_unfinished(s, of, nr_of);
	v->value[MEASURE_STALL] = (double)longest_ns(f);
	v->value[MEASURE_SHARE] = share_of_time(s, f, rows, submit_rows_first(rows, nr_rows));
	v->value[MEASURE_CTXSW] = f->ctxsw_per_io;
	v->value[MEASURE_INSIDE] =
		ratio(sat_add(f->c.inside_buffered, f->c.inside_direct), f->c.requests);
	f->not_async = v->value[MEASURE_INSIDE] >= limits_of(s)->look[MEASURE_INSIDE];
	f->most_submits = most_submits(f);
	/* the causes of each plane come by blocked time */
	f->most_time = f->nr_causes && f->causes[0].plane == PLANE_SUBMIT && f->causes[0].blocked_ns
			       ? &f->causes[0]
			       : NULL;
	f->submitter = f->severity = severity__of(limits_of(s), v, &f->severity_by);
	f->only_inside = f->severity_by == MEASURE_INSIDE;
	judge_elsewhere(limits_of(s), f);
	glance__build(s, f, rows, nr_rows);
}

void judge__loss(const struct selection *s, struct report *r)
{
	r->any_loss = loss__any(&r->loss);
	r->loss_share = loss__share(&r->loss, &s->ledger->totals.c);
	r->incomplete = r->loss_share > limits_of(s)->max_loss;
}

void judge__report(const struct selection *s, struct report *r)
{
	const struct severity_limits *limits = limits_of(s);
	struct severity_figures v = {0};
	enum severity_measure by;

	for (size_t i = 0; i < r->nr_unfinished; i++) {
		const struct ev_unfinished *ev = &r->unfinished[i].ev;

		if ((double)ev->age_ns > v.value[MEASURE_STALL])
			v.value[MEASURE_STALL] = (double)ev->age_ns;
		/* one that is older than tracing has an age that is not known */
		r->long_asleep |= ev->before_tracing;
	}
	r->severity = severity__of(limits, &v, &by);
	r->long_asleep |= r->severity == SEVERITY_HURTS;
	for (size_t i = 0; i < r->nr_fs; i++) {
		const struct report_fs *f = &r->fs[i];

		if (f->severity > r->severity)
			r->severity = f->severity;
		if ((f->c.submits || f->c.sleeps) &&
		    f->figures.value[MEASURE_SHARE] < limits->hurts[MEASURE_SHARE])
			r->time_elsewhere = true;
	}
}
