// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "qualify/changes.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

static const struct change {
	const char *label, *rows, *since, *until, *from, *to, *text;
} changes[] = {
#define CHANGE(label, rows, since, until, from, to, text)                                          \
	{label, rows, since, until, from, to, text},
#define CHANCE(label, rows, text)
#include "qualify/changes.def"
#undef CHANGE
#undef CHANCE
};

static const struct chance {
	const char *label, *rows, *text;
} chances[] = {
#define CHANGE(label, rows, since, until, from, to, text)
#define CHANCE(label, rows, text) {label, rows, text},
#include "qualify/changes.def"
#undef CHANGE
#undef CHANCE
};

#define NUMBERS 4

static void numbers_of(const char *s, unsigned long n[NUMBERS])
{
	memset(n, 0, NUMBERS * sizeof(*n));
	for (int i = 0; i < NUMBERS && isdigit((unsigned char)*s); i++) {
		char *end;

		n[i] = strtoul(s, &end, 10);
		s = *end == '.' || *end == '-' ? end + 1 : end;
	}
}

int changes__compare(const char *a, const char *b)
{
	unsigned long x[NUMBERS], y[NUMBERS];

	numbers_of(a, x);
	numbers_of(b, y);
	for (int i = 0; i < NUMBERS; i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return strcmp(a, b);
}

static bool has_row(const char *rows, const char *row)
{
	char list[256], *word, *rest = list;

	snprintf(list, sizeof(list), "%s", rows);
	while ((word = strsep(&rest, " ")))
		if (!fnmatch(word, row, 0))
			return true;
	return false;
}

static bool lies_between(const struct change *c, const char *from, const char *to)
{
	return changes__compare(from, c->since) < 0 && changes__compare(to, c->since) >= 0 &&
	       (!*c->until || changes__compare(to, c->until) <= 0);
}

const char *changes__explain(const char *label, const char *row, const char *from_kernel,
			     const char *to_kernel, enum verdict from, enum verdict to)
{
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		const struct change *c = &changes[i];

		if (!fnmatch(c->label, label, FNM_EXTMATCH) && has_row(c->rows, row) &&
		    lies_between(c, from_kernel, to_kernel) &&
		    (!*c->from || verdict__find(c->from) == (int)from) &&
		    (!*c->to || verdict__find(c->to) == (int)to))
			return c->text;
	}
	return NULL;
}

const char *changes__chance(const char *label, const char *row)
{
	for (size_t i = 0; i < ARRAY_SIZE(chances); i++)
		if (!fnmatch(chances[i].label, label, FNM_EXTMATCH) &&
		    has_row(chances[i].rows, row))
			return chances[i].text;
	return NULL;
}

const char *changes__between(size_t i, const char *from_kernel, const char *to_kernel)
{
	if (i >= ARRAY_SIZE(changes))
		return NULL;
	return lies_between(&changes[i], from_kernel, to_kernel) ? changes[i].text : "";
}

bool changes__concerns(size_t i, const char *label, const char *row)
{
	return !fnmatch(changes[i].label, label, FNM_EXTMATCH) && has_row(changes[i].rows, row);
}

bool changes__brings(size_t i, enum verdict to)
{
	return *changes[i].to && verdict__find(changes[i].to) == (int)to;
}
