// SPDX-License-Identifier: GPL-2.0
#include "report/format.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "report/formats.h"

static const struct format formats[] = {
#define FORMAT(name, help, printers) {name, help, printers},
#define REPORT(fn) .print = fn,
#define REPORT_OVER_TIME(fn) .print = fn, .over_time = true,
#define GROUPS(fn) .groups = fn,
#define INFO(fn) .info = fn,
#define TIMELINE(fn) .timeline = fn,
#define ROWS(fn) .rows = fn,
#define LINES(object) .lines = &(object),
#define DIFF(fn) .compares = true,
#define RESULT(fn) .results = true,
#define PAGE(form) .pages = true,
#define EXPLAIN(fn) .explains = true,
#include "report/formats.def"
};

const struct format *format__find(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(formats); i++) {
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	}
	return NULL;
}

int format__print(const struct format *f, FILE *out, const struct report *r,
		  const struct format_opts *o)
{
	report_print_fn *print = r->nr_by ? f->groups : f->print;

	return print ? print(out, r, o) : -EINVAL;
}

bool format__prints(const struct format *f, unsigned int views)
{
	return ((views & VIEW_REPORT) && f->print) || ((views & VIEW_GROUPS) && f->groups) ||
	       ((views & VIEW_INFO) && f->info) || ((views & VIEW_TIMELINE) && f->timeline) ||
	       ((views & VIEW_ROWS) && f->rows) || ((views & VIEW_LINES) && f->lines) ||
	       ((views & VIEW_DIFF) && f->compares) || ((views & VIEW_RESULT) && f->results) ||
	       ((views & VIEW_PAGE) && f->pages) || ((views & VIEW_EXPLAIN) && f->explains);
}

const char *format__names(unsigned int views, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(formats) && used < size; i++)
		if (format__prints(&formats[i], views))
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
						 formats[i].name);
	return buf;
}
