// SPDX-License-Identifier: GPL-2.0
#include "report/beside.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BETWEEN 4
#define TWO_COLUMNS (2 * 80 + BETWEEN)

struct part {
	char *text;
	size_t lines;
};

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; text && (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

/* A NULL text on lack of memory, which is kept as an error. */
static struct part render(struct print *p, beside_fn *body, void *ctx, size_t i)
{
	struct part part = {0};
	FILE *out = p->out;
	int width = p->width;
	size_t size;

	p->out = open_memstream(&part.text, &size);
	p->width = (width - BETWEEN) / 2;
	if (p->out) {
		body(p, ctx, i);
		fclose(p->out);
	} else if (!p->err) {
		p->err = -ENOMEM;
	}
	p->out = out;
	p->width = width;
	part.lines = count_lines(part.text);
	return part;
}

/* How many parts go to the left: the column that is longer is as short as can be. */
static size_t split(const struct part *parts, size_t n)
{
	size_t left = 0, all = 0, best = n, best_lines = SIZE_MAX;

	for (size_t i = 0; i < n; i++)
		all += parts[i].lines;
	for (size_t i = 0; i < n; i++) {
		left += parts[i].lines;
		if ((left > all - left ? left : all - left) < best_lines) {
			best_lines = left > all - left ? left : all - left;
			best = i + 1;
		}
	}
	return best;
}

/* The lines of several parts, one after the other. */
struct lines {
	const struct part *part, *end;
	const char *at;
};

/* NULL past the last one; *len without the newline. */
static const char *next_line(struct lines *l, size_t *len)
{
	const char *line;

	if (l->part < l->end && !l->at)
		l->at = l->part->text;
	while (l->part < l->end && (!l->at || !*l->at)) {
		l->part++;
		l->at = l->part < l->end ? l->part->text : NULL;
	}
	if (l->part >= l->end)
		return NULL;
	line = l->at;
	*len = strcspn(line, "\n");
	l->at += *len + (line[*len] == '\n');
	return line;
}

/* Columns that are seen: the sequences that set a style are none. */
static int seen(const char *s, size_t len)
{
	int n = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\033')
			i += strcspn(s + i, "m");
		else
			n += ((unsigned char)s[i] & 0xc0) != 0x80;
	}
	return n;
}

static void put_side_by_side(struct print *p, const struct part *parts, size_t n)
{
	size_t middle = split(parts, n), len[2] = {0, 0};
	struct lines left = {parts, parts + middle, NULL},
		     right = {parts + middle, parts + n, NULL};

	for (;;) {
		const char *a = next_line(&left, &len[0]), *b = next_line(&right, &len[1]);
		int pad = (p->width - BETWEEN) / 2 + BETWEEN - (a ? seen(a, len[0]) : 0);

		if (!a && !b)
			return;
		if (a)
			fwrite(a, 1, len[0], p->out);
		if (b && len[1])
			fprintf(p->out, "%*s%.*s", pad, "", (int)len[1], b);
		fputc('\n', p->out);
	}
}

void beside__print(struct print *p, beside_fn *body, void *ctx, size_t n)
{
	struct part *parts = p->width >= TWO_COLUMNS && n > 1 ? calloc(n, sizeof(*parts)) : NULL;

	if (!parts) {
		for (size_t i = 0; i < n; i++)
			body(p, ctx, i);
		return;
	}
	for (size_t i = 0; i < n; i++)
		parts[i] = render(p, body, ctx, i);
	put_side_by_side(p, parts, n);
	for (size_t i = 0; i < n; i++)
		free(parts[i].text);
	free(parts);
}
