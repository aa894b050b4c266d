// SPDX-License-Identifier: GPL-2.0
#include "base/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX 48
#define TOO_FAR WORD_MAX
/* A beginning is as good as one wrong letter. */
#define PREFIX_MIN 2
#define PREFIX_DISTANCE 1

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static char low(char c)
{
	return (char)tolower((unsigned char)c);
}

/* Letters to change, add, leave out or swap with their neighbour; upper and lower case are the same. */
static size_t distance(const char *a, const char *b)
{
	size_t row[3][WORD_MAX + 1], la = strlen(a), lb = strlen(b);

	if (la > WORD_MAX || lb > WORD_MAX)
		return TOO_FAR;
	for (size_t j = 0; j <= lb; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t *now = row[i % 3], *last = row[(i - 1) % 3], *before = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			bool same = low(a[i - 1]) == low(b[j - 1]);

			now[j] = min(last[j - 1] + !same, min(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && low(a[i - 1]) == low(b[j - 2]) &&
			    low(a[i - 2]) == low(b[j - 1]))
				now[j] = min(now[j], before[j - 2] + 1);
		}
	}
	return row[la % 3][lb];
}

void suggest__init(struct suggest *s, const char *word)
{
	*s = (struct suggest){.word = word, .distance = TOO_FAR};
}

void suggest__offer(struct suggest *s, const char *candidate)
{
	size_t len = strlen(s->word), d = distance(s->word, candidate);

	if (len >= PREFIX_MIN && !strncmp(s->word, candidate, len))
		d = min(d, PREFIX_DISTANCE);
	if (d < s->distance && d <= (len < 3 ? 1 : (len + 1) / 3)) {
		s->distance = d;
		s->best = candidate;
	}
}

void suggest__offer_list(struct suggest *s, const char *list, char *buf, size_t size)
{
	char one[WORD_MAX + 1];

	while (*list) {
		size_t n = strcspn(list, ", ");

		snprintf(one, sizeof(one), "%.*s", (int)min(n, WORD_MAX), list);
		suggest__offer(s, one);
		if (s->best == one) {
			snprintf(buf, size, "%s", one);
			s->best = buf;
		}
		list += n;
		list += strspn(list, ", ");
	}
}

const char *suggest__best(const struct suggest *s)
{
	return s->best;
}
