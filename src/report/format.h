/* SPDX-License-Identifier: GPL-2.0 */
/* Output formats: one file and one row of the table each. They format a const report and do no arithmetic. */
#ifndef AIOSTALL_REPORT_FORMAT_H
#define AIOSTALL_REPORT_FORMAT_H

#include <stdio.h>

#include "model/report.h"

struct format_opts {
	int width;	  /* columns, 80 when not a terminal */
	bool color;	  /* terminal, NO_COLOR unset */
	size_t top;	  /* causes, files, stacks per filesystem; 0 = default */
	bool sleeps_only; /* of interval lines: calls are not counted */
};

struct format {
	const char *name; /* "text", "json", "folded" */
	const char *help;
	int (*print)(FILE *out, const struct report *r,
		     const struct format_opts *o); /* 0 or -errno */
};

/* NULL if there is none of that name. */
const struct format *format__find(const char *name);
/* "text, json, csv, folded": for messages and help. */
const char *format__names(void);

/* One line per stall as it ends (the trace verb), cut to the width. cause_id from the rule engine. */
int trace_line__header(FILE *out, const struct format_opts *o);
int trace_line__stall(FILE *out, const struct ev_stall *ev, const char *cause_id,
		      const struct format_opts *o);
/*
 * JSON lines for the same, one object a line: {"type":"stall",...} and {"type":"submit",...}
 * while tracing; in the end {"type":"unfinished",...} for each sleep that goes on, and {"type":"end",...}.
 */
int trace_json__stall(FILE *out, const struct ev_stall *ev, const char *cause_id);
int trace_json__stalls(FILE *out, const struct ev_stalls *ev, const char *cause_id);
int trace_json__submit(FILE *out, const struct ev_submit *ev);
int trace_json__unfinished(FILE *out, const struct report_unfinished *u);
int trace_json__end(FILE *out, const struct report *r);
/* One line per interval of `stat -i`: now and before are cumulative counters, elapsed_ns since the start. */
int interval_line__header(FILE *out, const struct format_opts *o);
int interval_line__print(FILE *out, uint64_t elapsed_ns, const struct fs_counts *before,
			 const struct fs_counts *now, const struct format_opts *o);

#endif
