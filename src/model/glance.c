// SPDX-License-Identifier: GPL-2.0
#include "model/glance.h"

#include <stdlib.h>
#include <string.h>

#include "model/processes.h"

/* Sleeps of a process, or of all of a name. */
struct of_program {
	const char *name;
	uint64_t blocked_ns;
};

static int row_by_process(const void *a, const void *b)
{
	const struct ledger_row *x = *(const struct ledger_row *const *)a;
	const struct ledger_row *y = *(const struct ledger_row *const *)b;
	int d = descending(ledger_row__host(y), ledger_row__host(x));

	return d ? d : descending(y->key.pid, x->key.pid);
}

static int program_by_name(const void *a, const void *b)
{
	const struct of_program *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static uint64_t blocked_in(const struct part *of, enum plane plane)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < of->nr; i++)
		if (of->rows[i]->key.plane == plane)
			sum = sat_add(sum, of->rows[i]->sum.blocked_ns);
	return sum;
}

/* Those of one name as one: how many are left. */
static size_t join(struct of_program *programs, size_t nr)
{
	size_t n = 0;

	if (nr)
		qsort(programs, nr, sizeof(*programs), program_by_name);
	for (size_t i = 0; i < nr; i++) {
		if (n && !strcmp(programs[n - 1].name, programs[i].name))
			programs[n - 1].blocked_ns =
				sat_add(programs[n - 1].blocked_ns, programs[i].blocked_ns);
		else
			programs[n++] = programs[i];
	}
	return n;
}

/* A name stands for the row only if half of the time is its own; rows that made room for others have none. */
static void name_program(struct report_glance *g, const struct of_program *programs, size_t nr,
			 uint64_t duration_ns)
{
	const struct of_program *most = NULL;

	for (size_t i = 0; i < nr; i++)
		if (!most || programs[i].blocked_ns > most->blocked_ns)
			most = &programs[i];
	g->nr_programs = nr;
	if (!most || !strcmp(most->name, LEDGER_OTHER) ||
	    most->blocked_ns < g->blocked_ns - g->blocked_ns / 2)
		return;
	g->program = most->name;
	/* the column beside the name is about all its processes */
	if (ratio(most->blocked_ns, duration_ns) > g->share)
		g->share = ratio(most->blocked_ns, duration_ns);
}

static void find_program(const struct selection *s, struct report_glance *g,
			 const struct part *parts, size_t nr)
{
	struct of_program *programs = pool__array(s->pool, nr, sizeof(*programs));
	size_t n = 0;

	for (size_t i = 0; programs && i < nr; i++) {
		uint64_t blocked_ns = blocked_in(&parts[i], g->plane);

		if (blocked_ns)
			programs[n++] = (struct of_program){
				processes__name(s, parts[i].rows, parts[i].nr), blocked_ns};
	}
	name_program(g, programs, join(programs, n), s->ledger->capture.duration_ns);
}

/* A sleep that has not ended and is longer than all that have: it is what the line is about. */
static void take_unfinished(const struct selection *s, struct report_glance *g,
			    const struct report_unfinished *u, const struct part *parts, size_t nr)
{
	g->plane = u->ev.plane;
	g->max_ns = u->ev.age_ns;
	g->program = u->ev.who.comm;
	g->nr_programs = 1;
	for (size_t i = 0; i < nr; i++)
		if (parts[i].rows[0]->key.pid == u->ev.who.pid &&
		    ledger_row__host(parts[i].rows[0]) == u->host)
			g->program = processes__name(s, parts[i].rows, parts[i].nr);
	g->cause_id = u->cause_id;
	g->todo = "";
	g->doubt = u->doubt;
	g->still_asleep = true;
}

/* A cause that says where most of the time went, in the plane that the line is about. */
static const struct report_cause *choose_plane(const struct report_fs *f, struct report_glance *g)
{
	g->plane = f->severity_plane;
	if (!f->most_elsewhere || (g->plane == PLANE_SUBMIT && f->c.sleeps))
		return f->most_time;
	g->plane = f->most_elsewhere->plane;
	return f->most_elsewhere;
}

void glance__build(const struct selection *s, struct report_fs *f, const struct ledger_row **rows,
		   size_t nr_rows)
{
	struct report_glance *g = &f->glance;
	const struct report_cause *cause = choose_plane(f, g);
	const struct report_unfinished *u = f->longest_unfinished;
	size_t nr;
	const struct part *parts =
		parts__of(s->pool, rows, nr_rows, row_by_process, PARTS_BY_BLOCKED, &nr);

	g->blocked_ns = counters__blocked_in(&f->c, g->plane);
	g->max_ns = g->plane == PLANE_SUBMIT ? f->c.max_sleep_ns : f->elsewhere_max_ns;
	g->cause_id = cause ? cause->id : NULL;
	g->todo = cause && cause->todo ? cause->todo : "";
	g->doubt = cause ? cause->doubt : NULL;
	if (f->only_inside && g->plane == PLANE_SUBMIT) {
		g->cause_id = f->c.inside_direct > f->c.inside_buffered ? "(not asynchronous)"
									: "(buffered)";
		g->todo = "";
		g->doubt = NULL;
	}
	g->share = f->figures.value[MEASURE_SHARE];
	find_program(s, g, parts, nr);
	if (!g->blocked_ns && !g->program)
		g->program = processes__only_name(s->ledger);
	if (u && u->ev.age_ns > g->max_ns) {
		take_unfinished(s, g, u, parts, nr);
		g->blocked_ns = sat_add(counters__blocked_in(&f->c, g->plane), g->max_ns);
	}
	g->has_share =
		g->plane == PLANE_SUBMIT && !g->still_asleep && s->ledger->capture.duration_ns;
}
