// SPDX-License-Identifier: GPL-2.0
/* Who submitted, and what became of calls that failed. */
#include "report/text_who.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "report/names.h"

#define SHOWN 5
#define SHOWN_IN_FULL 50

enum who_column {
	WHO_NAME,
	WHO_PID,
	WHO_SUBMITS,
	WHO_SHARE,
	WHO_CTXSW,
	WHO_SLEEPS,
	WHO_BLOCKED,
	WHO_MAX,
	WHO_CAUSE,
	WHO_FS,
	WHO_COLUMNS,
};

/* The name, with the unit or cgroup, takes what the others leave. */
static const struct column columns[WHO_COLUMNS] = {
	[WHO_NAME] = {"PROCESS", -1, 0, true},	  [WHO_PID] = {"PID", 7, 0, false},
	[WHO_SUBMITS] = {"SUBMITS", 7, 0, false}, [WHO_SHARE] = {"BLOCKED%", 8, 0, false},
	[WHO_CTXSW] = {"CTXSW/IO", 8, 4, false},  [WHO_SLEEPS] = {"SLEEPS", 7, 0, false},
	[WHO_BLOCKED] = {"BLOCKED", 7, 3, false}, [WHO_MAX] = {"MAX", 7, 2, false},
	[WHO_CAUSE] = {"TOP CAUSE", 16, 0, true}, [WHO_FS] = {"ON", 24, 1, true},
};
#define NAME_LEAST 14
#define NAME_MOST 44
#define CAUSE_MOST 32

struct layout {
	unsigned int shown;
	int name, cause;
};

/* Of recordings, and where calls are not watched, there are the sleeps alone. */
static bool knows_submits(const struct report *r)
{
	for (size_t i = 0; i < r->nr_processes; i++)
		if (r->processes[i].has_submits)
			return true;
	return false;
}

/* "mariadbd, mariadb" for a process of mariadb.service; with several hosts "db1: mariadbd". */
static const char *name_of(struct print *p, const struct report_process *w, int room)
{
	char unit[128], name[512];

	names__unit_short(w->cgroup, unit, sizeof(unit));
	if (!strcmp(unit, w->comm))
		unit[0] = '\0';
	snprintf(name, sizeof(name), "%.100s%s%s%s%s", w->host, *w->host ? ": " : "", w->comm,
		 *unit ? ", " : "", unit);
	return print__middle(p, name, room);
}

/* What the names leave is for the causes' names. */
static void share_room(struct print *p, const struct report *r, size_t max, struct layout *l)
{
	int widest = NAME_LEAST, left = l->name;

	for (size_t i = 0; i < r->nr_processes && i < max; i++) {
		int n = print__columns(name_of(p, &r->processes[i], NAME_MOST));

		widest = n > widest ? n : widest;
	}
	l->name = widest < left ? widest : left;
	l->cause = columns[WHO_CAUSE].width + left - l->name;
	if (l->cause > CAUSE_MOST)
		l->cause = CAUSE_MOST;
}

static struct layout layout_of(struct print *p, const struct report *r, size_t max)
{
	static const unsigned int of_submits =
		1u << WHO_SUBMITS | 1u << WHO_SHARE | 1u << WHO_CTXSW;
	unsigned int hidden = knows_submits(r) ? 1u << WHO_SLEEPS : of_submits;
	struct layout l;

	l.shown = columns__fit(columns, WHO_COLUMNS, hidden, p->width, NAME_LEAST, &l.name);
	share_room(p, r, max, &l);
	return l;
}

static void fill(struct print *p, const struct layout *l, const struct report_process *w,
		 const char *cell[WHO_COLUMNS], char text[WHO_COLUMNS][16])
{
	for (size_t i = WHO_NAME; i < WHO_COLUMNS; i++)
		cell[i] = text[i];
	snprintf(text[WHO_PID], 16, "%u", w->pid);
	if (!w->pid)
		snprintf(text[WHO_PID], 16, "-");
	fmt__count(w->submits, text[WHO_SUBMITS], 16);
	fmt__percent(w->blocked_share, text[WHO_SHARE], 16);
	snprintf(text[WHO_CTXSW], 16, "%.2f", w->ctxsw_per_io);
	fmt__count(w->sleeps, text[WHO_SLEEPS], 16);
	for (int i = WHO_SUBMITS; !w->has_submits && i <= WHO_CTXSW; i++)
		snprintf(text[i], 16, "?");
	fmt__duration(w->blocked_ns, text[WHO_BLOCKED], 16);
	fmt__duration(w->max_ns, text[WHO_MAX], 16);
	snprintf(text[WHO_FS], 16, "-");
	/* sleeps without a record have a length that is not known */
	if (w->sleeps && !w->cause_id)
		snprintf(text[WHO_MAX], 16, "?");
	cell[WHO_CAUSE] = w->cause_id ? print__middle(p, w->cause_id, l->cause)
			  : w->sleeps ? "?"
				      : "-";
	if (w->fs)
		cell[WHO_FS] = print__fs(p, w->fs, columns[WHO_FS].width);
}

static void put_row(struct print *p, const struct layout *l, const char *const *cell, bool header)
{
	char line[PRINT_MAX_WIDTH * 5];
	size_t used = 0;

	for (size_t i = 0; i < WHO_COLUMNS && used < sizeof(line); i++) {
		int width = i == WHO_NAME ? l->name : i == WHO_CAUSE ? l->cause : columns[i].width;
		int pad = width - print__columns(cell[i]);

		if (!(l->shown & (1u << i)))
			continue;
		pad = pad > 0 ? pad : 0;
		used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%*s%s%*s",
					 used ? " " : "", columns[i].left ? 0 : pad, "", cell[i],
					 columns[i].left ? pad : 0, "");
	}
	print__line(p, header ? PRINT_BOLD : PRINT_PLAIN, "%s", line);
}

static void put_process(struct print *p, const struct layout *l, const struct report_process *w)
{
	const char *cell[WHO_COLUMNS];
	char text[WHO_COLUMNS][16] = {""};

	fill(p, l, w, cell, text);
	cell[WHO_NAME] = name_of(p, w, l->name);
	put_row(p, l, cell, false);
}

/* The first cause that rules know; NULL = none is shown. */
static const char *example_of(const struct report *r, size_t max)
{
	for (size_t i = 0; i < r->nr_processes && i < max; i++) {
		const char *id = r->processes[i].cause_id;

		if (id && strchr(id, '.'))
			return id;
	}
	return NULL;
}

void text_who__table(struct print *p, const struct report *r, const struct format_opts *o)
{
	size_t max = o && o->full ? SHOWN_IN_FULL : o && o->top > SHOWN ? o->top : SHOWN;
	struct layout l = layout_of(p, r, max);
	const char *header[WHO_COLUMNS], *example;

	if (!r->nr_processes)
		return;
	for (size_t i = 0; i < WHO_COLUMNS; i++)
		header[i] = columns[i].name;
	print__line(p, PRINT_PLAIN, "%s", "");
	put_row(p, &l, header, true);
	for (size_t i = 0; i < r->nr_processes && i < max; i++)
		put_process(p, &l, &r->processes[i]);
	if (r->nr_processes > max)
		print__line(p, PRINT_PLAIN, "and %s: %s",
			    print__n(p, r->nr_processes - max, "more process"),
			    max < SHOWN_IN_FULL ? "--full" : "--format json");
	if (o && o->no_submits)
		print__para(p, PRINT_PLAIN, "", "Processes that slept: %s.", o->no_submits);
	example = example_of(r, max);
	if (example)
		print__para(p, PRINT_PLAIN, "", "TOP CAUSE: see `aiostall causes %s`",
			    print__safe(p, example));
}

/* "EAGAIN"; of an error that this system has no name for its number. */
static const char *words_of(struct print *p, const struct report_failure *f)
{
	char name[32];

	if (!f->err)
		return "with an error that is not known";
	return print__safe(p, names__errno(f->err, name, sizeof(name)));
}

void text_who__failures(struct print *p, const struct report *r)
{
	char list[512] = "", n[16];
	size_t used = 0;

	if (!r->totals.submit_errors)
		return;
	for (size_t i = 0; i < r->nr_failures && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s %s", i ? ", " : "",
					 fmt__count(r->failures[i].calls, n, sizeof(n)),
					 words_of(p, &r->failures[i]));
	print__line(p, PRINT_PLAIN, "%s", "");
	print__para(p, PRINT_BOLD, "", "FAILED: %s: %s",
		    print__n(p, r->totals.submit_errors, "submit"), list);
}
