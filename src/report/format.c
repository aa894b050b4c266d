// SPDX-License-Identifier: GPL-2.0
#include "report/format.h"

#include <string.h>

#include "base/base.h"
#include "report/formats.h"

/* A new format is one file and one row. */
#define FORMATS(row)                                                                               \
	row("text", "for people: verdicts, tables, causes, advice",                                \
	    text__print) row("json", "for programs: schema aiostall-report/1", json__print)        \
		row("csv", "for spreadsheets: a row per filesystem and cause", csv__print)         \
			row("folded", "for flame graphs: stacks with blocked microseconds",        \
			    folded__print)

#define AS_ROW(name, help, print) {name, help, print},
static const struct format formats[] = {FORMATS(AS_ROW)};

#define AS_NAME(name, help, print) ", " name
static const char names[] = FORMATS(AS_NAME);

const struct format *format__find(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(formats); i++) {
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	}
	return NULL;
}

const char *format__names(void)
{
	return names + strlen(", ");
}
