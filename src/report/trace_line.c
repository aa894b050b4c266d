// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cause/causes.h"
#include "report/formats.h"
#include "report/print.h"

enum trace_column {
	TR_TIME,
	TR_COMM,
	TR_PID,
	TR_BLOCKED,
	TR_RUNQ,
	TR_PLANE,
	TR_CAUSE,
	TR_REQ,
	TR_HELD,
	TR_VIA,
	TR_COLUMNS,
};

/* Narrower lines are without the last column. */
#define VIA_FROM 150

/* The file takes what the others leave. */
static const struct column columns[TR_COLUMNS] = {
	[TR_TIME] = {"TIME", 9, 5, true},    [TR_COMM] = {"COMM", 10, 0, true},
	[TR_PID] = {"PID", 7, 6, false},     [TR_BLOCKED] = {"BLOCKED", 7, 0, false},
	[TR_RUNQ] = {"RUNQ", 7, 2, false},   [TR_PLANE] = {"PLANE", 8, 1, true},
	[TR_CAUSE] = {"CAUSE", 15, 0, true}, [TR_REQ] = {"REQ", 6, 4, true},
	[TR_HELD] = {"HELD", 4, 3, false},   [TR_VIA] = {"VIA", 16, 0, true},
};

struct layout {
	struct column col[TR_COLUMNS];
	unsigned int shown;
	int room; /* for the file */
};

static bool is_wall(const struct format_opts *o)
{
	return o && o->wall_minus_mono_ns && !o->mono;
}

/* A figure that is cut is a wrong figure: only names are, the rest of the line gives way. */
static bool may_cut(size_t column)
{
	return column == TR_COMM || column == TR_CAUSE || column == TR_VIA;
}

/* Names get their full length where the terminal is wide enough. */
static void layout__init(struct layout *l, int width, const struct format_opts *o)
{
	memcpy(l->col, columns, sizeof(l->col));
	if (is_wall(o))
		l->col[TR_TIME].width = sizeof("00:00:00.000") - 1;
	if (width >= 110) {
		l->col[TR_COMM].width = 15;
		l->col[TR_CAUSE].width = 24;
	}
	l->shown = columns__fit(l->col, width >= VIA_FROM ? TR_COLUMNS : TR_VIA, 0, width, 12,
				&l->room);
}

static void put_line(struct print *p, const struct layout *l, const char *const *cell,
		     const char *file)
{
	char line[PRINT_MAX_WIDTH * 5];
	size_t used = 0;

	for (size_t i = 0; i < TR_COLUMNS; i++) {
		const struct column *c = &l->col[i];
		int len, pad;

		if (!(l->shown & (1u << i)))
			continue;
		len = (int)(may_cut(i) ? print__bytes(cell[i], c->width) : strlen(cell[i]));
		pad = c->width - print__columns(cell[i]);
		pad = pad > 0 ? pad : 0;
		used += (size_t)snprintf(line + used, sizeof(line) - used, "%*s%.*s%*s ",
					 c->left ? 0 : pad, "", len, cell[i], c->left ? pad : 0,
					 "");
	}
	print__line(p, PRINT_PLAIN, "%s%s", line, file);
}

/* Columns by which figures are wider than their columns. */
static int overflow(const struct layout *l, const char *const *cell)
{
	int sum = 0;

	for (size_t i = 0; i < TR_COLUMNS; i++) {
		int over = print__columns(cell[i]) - l->col[i].width;

		if ((l->shown & (1u << i)) && !may_cut(i) && over > 0)
			sum += over;
	}
	return sum;
}

/* Of the wall clock; or seconds of CLOCK_MONOTONIC, the first digits of a long uptime left out. */
static void format_time(uint64_t ns, const struct format_opts *o, char *buf, size_t size)
{
	if (is_wall(o)) {
		int64_t unix_ns = format_opts__unix_ns(o, ns);

		fmt__clock(unix_ns, unix_ns, buf, size);
		return;
	}
	snprintf(buf, size, "%05llu.%03llu", (unsigned long long)(ns / NSEC_PER_SEC % 100000),
		 (unsigned long long)(ns % NSEC_PER_SEC / NSEC_PER_MSEC));
}

/* "3/16" counted from 1, with "~" if found by stack scan; a star for the whole batch, "?" if not
 * known. */
static void format_request(const struct request *q, char *buf, size_t size)
{
	if (!q->nr)
		snprintf(buf, size, "%s-", q->how == HOW_SCANNED ? "~" : "");
	else if (q->how == HOW_EXACT || q->how == HOW_SCANNED)
		snprintf(buf, size, "%s%llu/%u", q->how == HOW_SCANNED ? "~" : "", q->index + 1ULL,
			 q->nr);
	else
		snprintf(buf, size, "%s/%u", q->how == HOW_BATCH ? "*" : "?", q->nr);
}

static int with_print(FILE *out, const struct format_opts *o, const struct ev_stall *ev,
		      const char *cause_id,
		      void (*body)(struct print *, const struct ev_stall *, const char *,
				   const struct format_opts *))
{
	struct print *p = malloc(sizeof(*p));
	int rc;

	if (!p)
		return -ENOMEM;
	print__init(p, out, o);
	body(p, ev, cause_id, o);
	rc = print__finish(p);
	free(p);
	return rc;
}

static void put_header(struct print *p, const struct ev_stall *ev, const char *cause_id,
		       const struct format_opts *o)
{
	const char *cell[TR_COLUMNS];
	struct layout l;

	(void)ev;
	(void)cause_id;
	layout__init(&l, p->width, o);
	for (size_t i = 0; i < TR_COLUMNS; i++)
		cell[i] = columns[i].name;
	put_line(p, &l, cell, "FILE");
}

/* "?blk.tag": it is not certain, see causes__doubt. */
static const char *mark_doubt(struct print *p, const struct causes *rules, const struct stack *s,
			      const char *id)
{
	bool doubt = rules && s && causes__doubt(rules, id, s->frames, s->depth);

	return print__safe(p, print__join(p, doubt ? "?" : "", id, ""));
}

static void put_stall(struct print *p, const struct ev_stall *ev, const char *cause_id,
		      const struct format_opts *o)
{
	const struct causes *rules = o ? o->causes : NULL;
	char via[256] = "-";
	char time[32], pid[16], blocked[16], runq[16], req[40], held[16];
	const char *cell[TR_COLUMNS] = {
		[TR_TIME] = time, [TR_COMM] = print__safe(p, ev->who.comm),
		[TR_PID] = pid,	  [TR_BLOCKED] = blocked,
		[TR_RUNQ] = runq, [TR_CAUSE] = mark_doubt(p, rules, ev->stack, cause_id),
		[TR_REQ] = req,	  [TR_HELD] = held,
		[TR_VIA] = via,	  [TR_PLANE] = plane__name(ev->plane),
	};
	const char *file;
	struct layout l;
	int room;

	layout__init(&l, p->width, o);
	format_time(ev->end_ns, o, time, sizeof(time));
	snprintf(pid, sizeof(pid), "%u", ev->who.pid);
	fmt__duration(ev->blocked_ns, blocked, sizeof(blocked));
	fmt__duration(ev->runqueue_ns, runq, sizeof(runq));
	format_request(&ev->req, req, sizeof(req));
	snprintf(held, sizeof(held), "%u", ev->held_up_requests);
	if (rules && ev->stack)
		causes__via(rules, ev->stack->frames, ev->stack->depth, via, sizeof(via));
	if (!*via)
		snprintf(via, sizeof(via), "-");
	room = l.room - overflow(&l, cell);
	if (ev->req.path && *ev->req.path)
		file = print__path(p, ev->req.path, room);
	else
		file = print__fs(p, ev->fs, room);
	put_line(p, &l, cell, file);
}

int trace_line__header(FILE *out, const struct format_opts *o)
{
	return with_print(out, o, NULL, NULL, put_header);
}

int trace_line__stall(FILE *out, const struct ev_stall *ev, const char *cause_id,
		      const struct format_opts *o)
{
	return with_print(out, o, ev, cause_id, put_stall);
}

const struct line_format trace_line__format = {
	.header = trace_line__header,
	.stall = trace_line__stall,
};
