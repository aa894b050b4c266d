// SPDX-License-Identifier: GPL-2.0
#include "paste/lines.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "paste/chars.h"
#include "paste/margin.h"
#include "paste/plain.h"

/* A mailer breaks lines of quoted-printable at 76 columns, not much earlier. */
#define SOFT_BREAK_MIN 60

static bool is_upper_hex(char c)
{
	return isdigit((unsigned char)c) || (c >= 'A' && c <= 'F');
}

static unsigned int hex_value(char c)
{
	return (unsigned int)(c <= '9' ? c - '0' : c - 'A' + 10);
}

/* "...=" at the end of a long line: the next one belongs to it. A row of "=" is a ruler. */
static bool is_soft_break(const char *line, size_t len)
{
	return len >= SOFT_BREAK_MIN && len <= 80 && line[len - 1] == '=' && line[len - 2] != '=';
}

/* What only quoted-printable holds. A register dump has "=", but lower-case digits behind it. */
static bool is_encoded(const char *text, size_t len)
{
	static const char *const marks[] = {"=3D", "=20\n", "=20\r", "=09", "=C2=A0", "=E2=80"};

	for (size_t i = 0; i + 3 <= len; i++) {
		if (text[i] != '=')
			continue;
		for (size_t k = 0; k < sizeof(marks) / sizeof(marks[0]); k++)
			if (!strncmp(text + i, marks[k], strlen(marks[k])))
				return true;
	}
	return false;
}

/* In place; soft breaks keep their newline, which lines__cut joins over. Returns the new length. */
static size_t decode(char *text, size_t len)
{
	size_t to = 0;

	for (size_t i = 0; i < len; i++) {
		bool coded = text[i] == '=' && i + 2 < len && is_upper_hex(text[i + 1]) &&
			     is_upper_hex(text[i + 2]);
		unsigned int c;

		if (!coded) {
			text[to++] = text[i];
			continue;
		}
		c = hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]);
		i += 2;
		/* The first byte of a no-break space is dropped, the second becomes a blank. */
		if (c == 0xC2)
			continue;
		text[to++] = (char)(c == 0xA0 || c < ' ' ? ' ' : c);
	}
	text[to] = '\0';
	return to;
}

/* "> ", ">> ", "| " of a reply. The kernel's own "<6>" and ftrace's "=>" stay. */
static const char *skip_quotes(const char *p)
{
	for (;;) {
		const char *q = chars__skip_blanks(p);

		/* ">>> prog.stack_trace(1)" is drgn's prompt. */
		if (*q != '>' || chars__starts(q, ">>> prog"))
			return p;
		p = q + 1;
	}
}

static int add(struct lines *out, const char *text, unsigned int number)
{
	if (out->nr == out->cap) {
		size_t cap = out->cap ? out->cap * 2 : 256;
		struct line *v = reallocarray(out->v, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		out->v = v;
		out->cap = cap;
	}
	out->v[out->nr++] = (struct line){text, number};
	return 0;
}

/*
 * The length of the line without its newline; *raw what it takes in the text. A '\r' within it ends a
 * line that is no line of the text.
 */
static size_t line_length(const char *p, size_t *raw)
{
	size_t n = strcspn(p, "\r\n");

	*raw = n + strspn(p + n, "\r");
	*raw += p[*raw] == '\n';
	return n;
}

/* Bytes below a blank would end the line for every reader behind this. */
static void make_plain(char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' && line[i] != '\t')
			line[i] = ' ';
	line[len < LINES_LEN_MAX ? len : LINES_LEN_MAX] = '\0';
}

static bool is_empty(const char *line)
{
	return *chars__skip_blanks(line) == '\0';
}

/* A page copied from a browser has an empty line behind every other. */
static void drop_double_spacing(struct lines *l)
{
	size_t to = 0;

	if (l->nr < 8)
		return;
	for (size_t i = 0; i + 1 < l->nr; i++)
		if (!is_empty(l->v[i].text) && !is_empty(l->v[i + 1].text))
			return;
	for (size_t i = 0; i < l->nr; i++)
		if (!is_empty(l->v[i].text))
			l->v[to++] = l->v[i];
	l->nr = to;
}

int lines__cut(struct lines *out, char *text, size_t len)
{
	bool encoded = is_encoded(text, len);
	unsigned int number = 1;
	size_t raw;

	if (encoded)
		len = decode(text, len);
	len = plain__make(text, len);
	for (char *p = text, *end = text + len; p < end && !out->cut;) {
		char *line = p += strspn(p, "\r");
		size_t n = line_length(p, &raw), piece = n;
		unsigned int first = number;

		p += raw;
		number += raw && p[-1] == '\n';
		while (p < end && is_soft_break(line + n - piece, piece)) {
			piece = line_length(p, &raw);
			memmove(line + n - 1, p, piece);
			n += piece - 1;
			p += raw;
			number += raw && p[-1] == '\n';
		}
		make_plain(line, n);
		out->cut = out->nr == LINES_MAX;
		if (!out->cut && add(out, skip_quotes(line), first))
			return -ENOMEM;
	}
	drop_double_spacing(out);
	margin__take_off(out);
	return 0;
}

void lines__release(struct lines *lines)
{
	free(lines->v);
	*lines = (struct lines){0};
}
