/* SPDX-License-Identifier: GPL-2.0 */
/* Output formats: one file, and one row of formats.def, each. They format what is const and do no arithmetic. */
#ifndef AIOSTALL_REPORT_FORMAT_H
#define AIOSTALL_REPORT_FORMAT_H

#include <stdio.h>

#include "model/most.h"
#include "model/report.h"

struct causes;
struct series;

struct format_opts {
	int width;     /* columns, 80 when not a terminal */
	bool color;    /* terminal, NO_COLOR unset */
	size_t top;    /* causes, files, stacks per filesystem; 0 = default */
	bool terminal; /* lines are cut to the width; elsewhere keys never are */
	bool last;     /* what is most important stands last: the screen ends with it */
	bool full;     /* all causes, and all that is known of each */
	bool legend;   /* say what the columns mean */
	const char
		*nothing; /* why there is nothing in a recording, a line each; NULL = not known */
	const char *no_submits; /* why it is not known what processes submitted; NULL = it is */
	const struct series *series; /* html: when it was; NULL = not known */
	bool sleeps_only;	     /* of interval lines: calls are not counted */
	bool mono;		     /* of lines: CLOCK_MONOTONIC instead of the wall clock */
	int64_t wall_minus_mono_ns;  /* of lines; 0 = not known */
	const struct causes *causes; /* of lines: whose tags the stacks have; NULL = not told */
	const char *
		idle; /* who could submit, a line each, for a report without submits; NULL = not known */
};

/* Since 1970, of a time on CLOCK_MONOTONIC; whatever a record says wraps around and is no more than wrong. */
static inline int64_t format_opts__unix_ns(const struct format_opts *o, uint64_t mono_ns)
{
	return (int64_t)(mono_ns + (uint64_t)o->wall_minus_mono_ns);
}

struct err;
struct store;
struct store_range;
struct timeline;
struct view_filter;

/* Printers; each returns 0 or -errno. */
typedef int report_print_fn(FILE *out, const struct report *r, const struct format_opts *o);
typedef int info_print_fn(FILE *out, const struct store *s, const struct format_opts *o);
typedef int timeline_print_fn(FILE *out, struct timeline *t);
/* Of one recording; what goes wrong is in e. */
typedef int rows_print_fn(FILE *out, struct store *s, const struct store_range *range,
			  const struct view_filter *filter, struct err *e);

/* What a trace prints as it goes on, and at its end; what a format does not have is NULL. */
struct line_format {
	int (*header)(FILE *out, const struct format_opts *o);
	int (*stall)(FILE *out, const struct ev_stall *ev, const char *cause_id,
		     const struct format_opts *o);
	int (*stalls)(FILE *out, const struct ev_stalls *ev, const char *cause_id,
		      const struct format_opts *o);
	int (*submit)(FILE *out, const struct ev_submit *ev, const struct format_opts *o);
	int (*unfinished)(FILE *out, const struct report_unfinished *u);
	int (*end)(FILE *out, const struct report *r);
};

/* What there is to print: each has a column in formats.def. */
enum {
	VIEW_REPORT = 1u << 0,
	VIEW_GROUPS = 1u << 1,
	VIEW_INFO = 1u << 2,
	VIEW_TIMELINE = 1u << 3,
	VIEW_LINES = 1u << 4,
	VIEW_DIFF = 1u << 5,
	VIEW_ROWS = 1u << 6,
	VIEW_RESULT = 1u << 7,
	VIEW_PAGE = 1u << 8,
	VIEW_EXPLAIN = 1u << 9,
};

struct format {
	const char *name; /* "text", "json", "folded" */
	const char *help;
	report_print_fn *print;
	bool over_time;		 /* with format_opts.series, if there are slices */
	report_print_fn *groups; /* of a report that has them */
	info_print_fn *info;
	timeline_print_fn *timeline;
	rows_print_fn *rows;
	const struct line_format *lines;
	/* src/diff has a printer for it; src/qualify of results, of pages; src/cmd of pasted stacks */
	bool compares, results, pages, explains;
};

/* NULL if there is none of that name. */
const struct format *format__find(const char *name);
/* A report, or its groups if it has any. 0 or -errno. */
int format__print(const struct format *f, FILE *out, const struct report *r,
		  const struct format_opts *o);
/* It prints at least one of these views. */
bool format__prints(const struct format *f, unsigned int views);
/* "text, json, csv, folded": those that print one of these views. buf is returned. */
const char *format__names(unsigned int views, char *buf, size_t size);

/* One line per stall as it ends (the trace verb), cut to the width. cause_id from the rule engine. */
int trace_line__header(FILE *out, const struct format_opts *o);
int trace_line__stall(FILE *out, const struct ev_stall *ev, const char *cause_id,
		      const struct format_opts *o);
/*
 * JSON lines for the same, one object a line: {"type":"stall",...} and {"type":"submit",...}
 * while tracing; in the end {"type":"unfinished",...} for each sleep that goes on, and {"type":"end",...}.
 */
int trace_json__stall(FILE *out, const struct ev_stall *ev, const char *cause_id,
		      const struct format_opts *o);
int trace_json__stalls(FILE *out, const struct ev_stalls *ev, const char *cause_id,
		       const struct format_opts *o);
int trace_json__submit(FILE *out, const struct ev_submit *ev, const struct format_opts *o);
/*
 * One line per interval of `stat -i`: now and before are cumulative counters, elapsed_ns since the
 * start; most NULL = nothing was blocked.
 */
int interval_line__header(FILE *out, const struct format_opts *o);
int interval_line__print(FILE *out, uint64_t elapsed_ns, const struct fs_counts *before,
			 const struct fs_counts *now, const struct most_entry *most,
			 const struct format_opts *o);

#endif
