// SPDX-License-Identifier: GPL-2.0
#include "paste/callers.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "paste/chars.h"

/* Callers beyond are taken for one. */
#define CALLERS_MAX 64
/* A caller stands behind the date, the host and the time. */
#define COLUMN_MAX 96

struct placed {
	struct line line;
	size_t caller, index;
};

/* "[1]" right behind the "]" of a time: the CPU. */
static bool is_cpu(const char *line, const char *open, size_t digits)
{
	const char *p = open;

	while (p > line && chars__is_blank(p[-1]))
		p--;
	return p > line && p[-1] == ']' && digits && digits < 4 && open[1 + digits] == ']';
}

/* "[   T38]", "[    C1]" or "[1]" as a number that tells them apart; 0 = the line names none. */
static uint64_t caller_of(const char *line)
{
	for (const char *p = line; (p = strchr(p, '[')) && p - line < COLUMN_MAX; p++) {
		const char *in = chars__skip_blanks(p + 1);
		size_t n = *in == 'T' || *in == 'C' ? chars__digits(in + 1) : 0;

		if (n && in[1 + n] == ']')
			return strtoull(in + 1, NULL, 10) * 4 + (*in == 'C') + 1;
		if (is_cpu(line, p, chars__digits(p + 1)))
			return strtoull(p + 1, NULL, 10) * 4 + 3;
	}
	return 0;
}

/* Its place in the order in which the callers began. */
static size_t place_of(uint64_t caller, uint64_t *known, size_t *nr)
{
	size_t i = 0;

	while (i < *nr && known[i] != caller)
		i++;
	if (i == *nr && *nr < CALLERS_MAX)
		known[(*nr)++] = caller;
	return i;
}

static int compare(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->caller != y->caller)
		return x->caller < y->caller ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

int callers__part(struct lines *lines)
{
	uint64_t known[CALLERS_MAX];
	struct placed *v = reallocarray(NULL, lines->nr + 1, sizeof(*v));
	size_t nr = 0, last = 0;

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < lines->nr; i++) {
		uint64_t caller = caller_of(lines->v[i].text);

		if (caller)
			last = place_of(caller, known, &nr);
		v[i] = (struct placed){lines->v[i], last, i};
	}
	if (nr > 1) {
		qsort(v, lines->nr, sizeof(*v), compare);
		for (size_t i = 0; i < lines->nr; i++)
			lines->v[i] = v[i].line;
	}
	free(v);
	return 0;
}
