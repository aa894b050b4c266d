// SPDX-License-Identifier: GPL-2.0
/* Who submitted: what the source says of a process, joined with the rows of its sleeps. */
#include "model/processes.h"

#include <stdlib.h>
#include <string.h>

/* ---- in the ledger ---- */

static struct ledger_process_key key_of(const struct ledger *l, uint32_t pid)
{
	return (struct ledger_process_key){l->origin ? l->origin->host : 0, pid};
}

static struct ledger_process *add_process(struct ledger *l, const struct ev_process *ev)
{
	struct ledger_process *p;

	/* there is always room for the sum of those that are not told apart */
	if (ev->pid && HASH_COUNT(l->processes) >= LEDGER_PROCESSES_MAX)
		return NULL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->key = key_of(l, ev->pid);
	p->comm = ledger__name(l, ev->comm);
	p->cgroup = ledger__name(l, ev->cgroup);
	if (p->comm && p->cgroup)
		HASH_ADD(hh, l->processes, key, sizeof(p->key), p);
	if (p->hh.tbl)
		return p;
	ledger__put_name(l, p->comm);
	ledger__put_name(l, p->cgroup);
	free(p);
	return NULL;
}

/* NULL on lack of room. */
static struct ledger_process *process_of(struct ledger *l, const struct ev_process *ev)
{
	const struct ledger_process_key key = key_of(l, ev->pid);
	struct ledger_process *p;

	HASH_FIND(hh, l->processes, &key, sizeof(key), p);
	return p ? p : add_process(l, ev);
}

void ledger__add_process(struct ledger *l, const struct ev_process *ev)
{
	static const struct ev_process other = {.comm = "", .cgroup = ""};
	struct ledger_process *p = process_of(l, ev);
	struct ev_process *sum;

	if (!p) {
		l->evicted = sat_add(l->evicted, 1);
		p = process_of(l, &other);
	}
	if (!p)
		return;
	sum = &p->sum;
	sum->submits = sat_add(sum->submits, ev->submits);
	sum->submits_blocked = sat_add(sum->submits_blocked, ev->submits_blocked);
	sum->requests = sat_add(sum->requests, ev->requests);
	sum->sleeps = sat_add(sum->sleeps, ev->sleeps);
	sum->blocked_ns = sat_add(sum->blocked_ns, ev->blocked_ns);
}

void ledger__add_failed(struct ledger *l, const struct ev_failed *ev)
{
	struct ledger_failure *grown =
		l->nr_failures < LEDGER_FAILURES_MAX
			? realloc(l->failures, (l->nr_failures + 1) * sizeof(*grown))
			: NULL;

	if (!grown) {
		l->evicted = sat_add(l->evicted, 1);
		return;
	}
	l->failures = grown;
	grown[l->nr_failures++] = (struct ledger_failure){key_of(l, ev->pid), ev->err, ev->calls};
}

void processes__forget(struct ledger *l)
{
	struct ledger_process *p, *next;

	HASH_ITER(hh, l->processes, p, next)
	{
		HASH_DEL(l->processes, p);
		ledger__put_name(l, p->comm);
		ledger__put_name(l, p->cgroup);
		free(p);
	}
	free(l->failures);
	l->failures = NULL;
	l->nr_failures = 0;
}

/* ---- in a report ---- */

static int row_by_process(const void *a, const void *b)
{
	const struct ledger_row *x = *(const struct ledger_row *const *)a;
	const struct ledger_row *y = *(const struct ledger_row *const *)b;
	int d = descending(ledger_row__host(y), ledger_row__host(x));

	return d ? d : descending(y->key.pid, x->key.pid);
}

static int row_by_cause(const void *a, const void *b)
{
	const struct ledger_row *x = *(const struct ledger_row *const *)a;
	const struct ledger_row *y = *(const struct ledger_row *const *)b;

	return strcmp(x->key.cause->cause->id, y->key.cause->cause->id);
}

static int row_by_fs(const void *a, const void *b)
{
	const struct ledger_row *x = *(const struct ledger_row *const *)a;
	const struct ledger_row *y = *(const struct ledger_row *const *)b;

	return descending(y->key.fs->view, x->key.fs->view);
}

/* The counters of a process are of all its calls: a choice of filesystems or threads has none. */
static bool has_submits(const struct selection *s)
{
	const struct view_filter *f = s->view->filter;

	return !capture__sleeps_only(&s->ledger->capture) &&
	       (!f || (!view_filter__is_of_fs(f) && !f->nr_tids && !f->min_ns));
}

static bool is_wanted(const struct selection *s, const struct ledger_process *p)
{
	const struct view_filter *f = s->view->filter;
	const struct who who = {
		.pid = p->key.pid, .comm = p->comm->text, .cgroup = p->cgroup->text};

	return !f || view_filter__wants(f, NULL, &who);
}

static void take_counts(struct report_process *to, const struct ev_process *from)
{
	to->has_submits = true;
	to->submits = from->submits;
	to->submits_blocked = from->submits_blocked;
	to->requests = from->requests;
	to->sleeps = from->sleeps;
	to->blocked_ns = from->blocked_ns;
	to->blocked_share = ratio(from->submits_blocked, from->submits);
	to->ctxsw_per_io = ratio(from->sleeps, from->requests);
}

static const char *hostname_of(const struct selection *s, uint32_t host)
{
	if (s->ledger->nr_hosts < 2)
		return "";
	for (const struct ledger_origin *o = s->ledger->origins; o; o = o->next)
		if (o->host == host)
			return o->hostname;
	return "";
}

/* Workers have names of their own, which say nothing of the program. */
static bool is_better_name(const struct ledger_row *row, const struct ledger_row *than)
{
	bool is_worker = row->key.plane == PLANE_WORKER || row->key.plane == PLANE_SQPOLL;
	bool was_worker = than->key.plane == PLANE_WORKER || than->key.plane == PLANE_SQPOLL;

	if (is_worker != was_worker)
		return was_worker;
	if (row->sum.blocked_ns != than->sum.blocked_ns)
		return row->sum.blocked_ns > than->sum.blocked_ns;
	return strcmp(row->key.comm->text, than->key.comm->text) < 0;
}

const char *processes__name(const struct selection *s, const struct ledger_row **rows, size_t nr)
{
	const struct ledger_process_key key = {ledger_row__host(rows[0]), rows[0]->key.pid};
	const struct ledger_row *best = rows[0];
	struct ledger_process *p;

	if (!key.pid)
		return LEDGER_OTHER;
	HASH_FIND(hh, s->ledger->processes, &key, sizeof(key), p);
	if (p)
		return p->comm->text;
	for (size_t i = 1; i < nr; i++)
		if (is_better_name(rows[i], best))
			best = rows[i];
	return best->key.comm->text;
}

const char *processes__only_name(const struct ledger *l)
{
	const struct ledger_process *p, *next;
	const char *name = NULL;

	HASH_ITER(hh, l->processes, p, next)
	{
		const char *one = p->key.pid ? p->comm->text : LEDGER_OTHER;

		if (name && strcmp(name, one) != 0)
			return NULL;
		name = one;
	}
	return name && strcmp(name, LEDGER_OTHER) != 0 ? name : NULL;
}

static void build_one(struct selection *s, struct report_process *p, const struct part *of)
{
	const struct ledger_row *row = of->rows[0];
	const struct part *causes, *filesystems;
	size_t n;

	*p = (struct report_process){
		.pid = row->key.pid,
		.host = hostname_of(s, ledger_row__host(row)),
		.comm = processes__name(s, of->rows, of->nr),
		.cgroup = row->key.pid ? row->key.cgroup->text : "",
		.sleeps = of->sum.sleeps,
		.blocked_ns = of->sum.blocked_ns,
		.max_ns = of->sum.max_ns,
	};
	filesystems = parts__of(s->pool, of->rows, of->nr, row_by_fs, PARTS_BY_BLOCKED, &n);
	p->fs = n ? &filesystems[0].rows[0]->key.fs->info : NULL;
	causes = parts__of(s->pool, of->rows, of->nr, row_by_cause, PARTS_BY_BLOCKED, &n);
	p->cause_id = n ? causes[0].rows[0]->key.cause->cause->id : NULL;
}

/* Those of the submitter's own plane come first: how many. */
static size_t submit_rows(const struct selection *s, const struct ledger_row **rows)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nr_rows; i++)
		if (s->rows[i]->key.plane == PLANE_SUBMIT)
			rows[n++] = s->rows[i];
	return n;
}

static int process_order(const void *a, const void *b)
{
	const struct report_process *x = a, *y = b;
	int d = descending(x->blocked_ns, y->blocked_ns);

	d = d ? d : descending(x->submits, y->submits);
	d = d ? d : strcmp(x->host, y->host);
	return d ? d : descending(y->pid, x->pid);
}

/* Of processes that slept. */
static void build_sleepers(struct selection *s, struct report *r, const struct part *parts,
			   size_t nr)
{
	bool counts = has_submits(s);

	for (size_t i = 0; i < nr; i++) {
		const struct ledger_process_key key = {ledger_row__host(parts[i].rows[0]),
						       parts[i].rows[0]->key.pid};
		struct report_process *to = &r->processes[r->nr_processes++];
		struct ledger_process *p = NULL;

		build_one(s, to, &parts[i]);
		if (counts)
			HASH_FIND(hh, s->ledger->processes, &key, sizeof(key), p);
		if (!p)
			continue;
		take_counts(to, &p->sum);
		p->has_row = true;
		to->cgroup = *p->cgroup->text ? p->cgroup->text : to->cgroup;
	}
}

static void build_quiet(struct selection *s, struct report *r)
{
	struct ledger_process *p, *next;
	bool counts = has_submits(s);

	HASH_ITER(hh, s->ledger->processes, p, next)
	{
		bool is_quiet = !p->has_row;

		p->has_row = false;
		if (!is_quiet || !counts || !is_wanted(s, p))
			continue;
		r->processes[r->nr_processes] = (struct report_process){
			.pid = p->key.pid,
			.host = hostname_of(s, p->key.host),
			.comm = p->key.pid ? p->comm->text : LEDGER_OTHER,
			.cgroup = p->cgroup->text,
		};
		take_counts(&r->processes[r->nr_processes++], &p->sum);
	}
}

static int failure_order(const void *a, const void *b)
{
	const struct report_failure *x = a, *y = b;
	int d = descending(x->calls, y->calls);

	return d ? d : descending((uint64_t)y->err, (uint64_t)x->err);
}

static void add_failure(struct report *r, int err, uint64_t calls)
{
	for (size_t i = 0; i < r->nr_failures; i++) {
		if (r->failures[i].err != err)
			continue;
		r->failures[i].calls = sat_add(r->failures[i].calls, calls);
		return;
	}
	r->failures[r->nr_failures++] = (struct report_failure){err, calls};
}

/* What the errors that are known do not add up to has one that is not; of a choice of calls none is known. */
static void build_failures(struct selection *s, struct report *r)
{
	const struct view_filter *f = s->view->filter;
	bool of_some = f && (view_filter__is_of_fs(f) || view_filter__is_of_threads(f));
	const struct ledger *l = s->ledger;
	uint64_t known = 0;

	r->failures = pool__array(s->pool, l->nr_failures + 1, sizeof(*r->failures));
	if (!r->failures)
		return;
	for (size_t i = 0; i < l->nr_failures && !of_some; i++) {
		add_failure(r, l->failures[i].err, l->failures[i].calls);
		known = sat_add(known, l->failures[i].calls);
	}
	if (r->totals.submit_errors > known)
		add_failure(r, 0, r->totals.submit_errors - known);
	qsort(r->failures, r->nr_failures, sizeof(*r->failures), failure_order);
}

void processes__build(struct selection *s, struct report *r)
{
	const struct ledger_row **rows =
		pool__array(s->pool, s->nr_rows, sizeof(const struct ledger_row *));
	const struct part *parts = NULL;
	size_t nr = 0;

	build_failures(s, r);
	if (rows)
		parts = parts__of(s->pool, rows, submit_rows(s, rows), row_by_process,
				  PARTS_BY_BLOCKED, &nr);
	r->processes =
		pool__array(s->pool, nr + HASH_COUNT(s->ledger->processes), sizeof(*r->processes));
	if (!r->processes)
		return;
	build_sleepers(s, r, parts, nr);
	build_quiet(s, r);
	if (r->nr_processes)
		qsort(r->processes, r->nr_processes, sizeof(*r->processes), process_order);
}
