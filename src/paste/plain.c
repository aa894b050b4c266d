// SPDX-License-Identifier: GPL-2.0
#include "paste/plain.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "paste/chars.h"

/* A spelled-out line break. */
#define BREAK '\r'
#define TAG_MAX 300
#define ESCAPE_MAX 64

/* p[0..left) has a NUL behind it. Each reader takes n bytes there and puts one character, or none ('\0'). */
struct piece {
	size_t n;
	char c;
};

/* UTF-16, which Windows calls Unicode: the low bytes of it. */
static size_t narrow(char *text, size_t len)
{
	bool big = (unsigned char)text[0] == 0xFE && (unsigned char)text[1] == 0xFF;
	size_t to = 0;

	for (size_t i = 2; i + 1 < len; i += 2)
		text[to++] = text[i + !big] ? ' ' : text[i + big];
	text[to] = '\0';
	return to;
}

static bool is_wide(const char *text, size_t len)
{
	const unsigned char *u = (const unsigned char *)text;

	return len > 3 && ((u[0] == 0xFF && u[1] == 0xFE) || (u[0] == 0xFE && u[1] == 0xFF));
}

/* "ESC[1;31m", "ESC]0;title BEL", "ESC(B"; p is behind the ESC. How long it is. */
static size_t escape_length(const char *p, size_t left)
{
	size_t n = 1;

	if (left > ESCAPE_MAX)
		left = ESCAPE_MAX;
	if (!left)
		return 0;
	if (*p == ']') {
		while (n < left && p[n] != '\a' && p[n] != '\n' && p[n] != '\x1b')
			n++;
		return n < left && p[n] == '\a' ? n + 1 : n;
	}
	if (*p != '[')
		return *p == '(' || *p == ')' ? (left > 1 ? 2 : 1) : *p != '\n';
	while (n < left && (chars__digits(p + n) || strchr(";?:=", p[n])) && p[n])
		n++;
	return n < left && isalpha((unsigned char)p[n]) ? n + 1 : n;
}

/* "[32m", "[1;31m", "[0m": a colour whose ESC was lost on the way. */
static size_t bare_colour(const char *p)
{
	size_t n = 1 + strspn(p + 1, "0123456789;");

	return n > 1 && n < 12 && p[n] == 'm' && !isalnum((unsigned char)p[n + 1]) ? n + 1 : 0;
}

/* The colour may touch the word behind it: then only numbers that are colours count. */
static size_t touching_colour(const char *p)
{
	static const char *const colours[] = {"[0m",  "[1m",  "[31m", "[32m",
					      "[33m", "[34m", "[35m", "[36m"};

	for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
		if (chars__starts(p, colours[i]))
			return strlen(colours[i]);
	return bare_colour(p);
}

static struct piece read_colour(const char *p, size_t left)
{
	if (*p == '\x1b')
		return (struct piece){1 + escape_length(p + 1, left - 1), '\0'};
	return (struct piece){*p == '[' ? touching_colour(p) : 0, '\0'};
}

/* What a control character is here. */
static char control(unsigned int c)
{
	return c == '\n' ? BREAK : c == '\t' ? '\t' : c == '\x1b' || c == '\r' ? '\0' : ' ';
}

/* "#011" of rsyslog: a control character in octal. */
static struct piece read_octal(const char *p, size_t left)
{
	unsigned int c;

	(void)left;
	if (p[0] != '#' || p[1] != '0' || p[2] < '0' || p[2] > '3' || p[3] < '0' || p[3] > '7')
		return (struct piece){0, '\0'};
	if (isdigit((unsigned char)p[4]))
		return (struct piece){0, '\0'};
	c = (unsigned int)(p[2] - '0') * 8 + (unsigned int)(p[3] - '0');
	return (struct piece){4, control(c)};
}

/* Of digits hex digits at p; beyond what ASCII has a blank. */
static char coded(const char *p, size_t digits)
{
	unsigned int c = 0;

	for (size_t i = 0; i < digits; i++) {
		int d = p[i] <= '9' ? p[i] - '0' : (p[i] | 0x20) - 'a' + 10;

		c = (c << 4 | (unsigned int)d) & 0xFFFFFF;
	}
	return c < ' ' ? control(c) : c < 0x7F ? (char)c : ' ';
}

/* "\n", "\t", "\"", "\\", "\u003c", "\x1b" */
static struct piece read_backslash(const char *p, size_t left)
{
	const char *at = p[0] == '\\' && left > 1 ? strchr("nntt\"\"//rx", p[1]) : NULL;

	if (p[0] != '\\' || !p[1])
		return (struct piece){0, '\0'};
	if (p[1] == 'u' && chars__hex(p + 2) >= 4)
		return (struct piece){6, coded(p + 2, 4)};
	if (p[1] == 'x' && chars__hex(p + 2) >= 2)
		return (struct piece){4, coded(p + 2, 2)};
	/* Escaped twice: what is behind it is escaped, too. */
	if (p[1] == '\\')
		return (struct piece){1, '\0'};
	if (!at || p[1] == 'x')
		return (struct piece){0, '\0'};
	return (struct piece){2, p[1] == 'n'   ? BREAK
				 : p[1] == 't' ? '\t'
				 : p[1] == 'r' ? '\0'
					       : p[1]};
}

/* "&lt;", "&nbsp;", "&#43;", "&#x2F;" */
static struct piece read_entity(const char *p, size_t left)
{
	static const struct {
		const char *text;
		char c;
	} names[] = {
		{"&lt;", '<'},	  {"&gt;", '>'},   {"&nbsp;", ' '}, {"&quot;", '"'},
		{"&apos;", '\''}, {"&plus;", '+'}, {"&lpar;", '('}, {"&rpar;", ')'},
	};
	bool hex = p[1] == '#' && (p[2] | 0x20) == 'x';
	size_t n;

	(void)left;
	if (*p != '&')
		return (struct piece){0, '\0'};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (chars__starts(p, names[i].text))
			return (struct piece){strlen(names[i].text), names[i].c};
	if (p[1] != '#')
		return (struct piece){0, '\0'};
	n = hex ? chars__hex(p + 3) : chars__digits(p + 2);
	if (!n || n > 6 || p[2 + hex + n] != ';')
		return (struct piece){0, '\0'};
	if (hex)
		return (struct piece){3 + n + 1, coded(p + 3, n)};
	n = strtoul(p + 2, NULL, 10);
	return (struct piece){2 + chars__digits(p + 2) + 1, n < ' '    ? control((unsigned int)n)
							    : n < 0x7F ? (char)n
								       : ' '};
}

/* "<pre>", "</span>", "<br />"; the kernel's own marks have no lower case. */
static struct piece read_tag(const char *p, size_t left)
{
	static const char *const breaks[] = {"br", "p", "div", "tr", "li", "pre", "ul", "table"};
	static const char *const others[] = {"span",	   "code", "a",	   "b",	     "i",
					     "tt",	   "td",   "em",   "font",   "th",
					     "ol",	   "html", "body", "strong", "tbody",
					     "blockquote", "samp", "u",	   "hr",     "img"};
	const char *name = p + 1 + (p[1] == '/'), *end;
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz");

	if (*p != '<' || !n || !strchr(" >/", name[n]))
		return (struct piece){0, '\0'};
	end = memchr(name, '>',
		     left - (size_t)(name - p) < TAG_MAX ? left - (size_t)(name - p) : TAG_MAX);
	if (!end)
		return (struct piece){0, '\0'};
	for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++)
		if (strlen(breaks[i]) == n && !strncmp(name, breaks[i], n))
			return (struct piece){(size_t)(end + 1 - p), BREAK};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strlen(others[i]) == n && !strncmp(name, others[i], n))
			return (struct piece){(size_t)(end + 1 - p), n == 2 ? ' ' : '\0'};
	return (struct piece){0, '\0'};
}

/* Blanks of all widths, box drawing, quotes and arrows. */
static struct piece read_utf8(const char *p, size_t left)
{
	const unsigned char *u = (const unsigned char *)p;

	if (u[0] == 0xC2 && u[1] == 0xA0)
		return (struct piece){2, ' '};
	if (left < 3 || u[0] < 0xE2 || u[1] < 0x80 || u[2] < 0x80)
		return (struct piece){0, '\0'};
	if ((u[0] == 0xEF && u[1] == 0xBB && u[2] == 0xBF) ||
	    (u[0] == 0xE2 && u[1] == 0x80 && u[2] >= 0x8B && u[2] <= 0x8F))
		return (struct piece){3, '\0'};
	if (u[0] != 0xE2)
		return (struct piece){0, '\0'};
	if ((u[1] == 0x80 && (u[2] <= 0x8A || u[2] == 0xAF)) || u[1] == 0x94 || u[1] == 0x95)
		return (struct piece){3, ' '};
	if (u[1] == 0x80 && u[2] >= 0x98 && u[2] <= 0x9F)
		return (struct piece){3, u[2] <= 0x9B ? '\'' : '"'};
	return (struct piece){0, '\0'};
}

/* "->" for an arrow to the right, "<-" for one to the left: two bytes for three. */
static bool is_arrow(const char *p)
{
	return !strncmp(p, "\xE2\x86\x92", 3) || !strncmp(p, "\xE2\x86\x90", 3);
}

static struct piece read_piece(const char *p, size_t left)
{
	static struct piece (*const readers[])(const char *, size_t) = {
		read_colour, read_octal, read_backslash, read_entity, read_tag, read_utf8,
	};
	struct piece piece = {0, '\0'};

	if ((!*p || !strchr("\x1b[#\\&<", *p)) && (unsigned char)*p < 0x80)
		return piece;
	for (size_t i = 0; !piece.n && i < sizeof(readers) / sizeof(readers[0]); i++)
		piece = readers[i](p, left);
	return piece;
}

/* Where every line ends in "\r" alone, that is the line break. */
static void use_returns(char *text, size_t len)
{
	if (memchr(text, '\n', len))
		return;
	for (char *p = text; (p = memchr(p, '\r', len - (size_t)(p - text))); p++)
		*p = '\n';
}

size_t plain__make(char *text, size_t len)
{
	size_t to = 0;

	if (is_wide(text, len))
		len = narrow(text, len);
	use_returns(text, len);
	for (size_t i = 0; i < len;) {
		struct piece piece = read_piece(text + i, len - i);

		if (len - i > 2 && is_arrow(text + i)) {
			bool right = text[i + 2] == '\x92';

			text[to++] = right ? '-' : '<';
			text[to++] = right ? '>' : '-';
			i += 3;
		} else if (len - i > 4 && chars__starts(text + i, "&amp;")) {
			/* Escaped twice. */
			i += 4;
			text[i] = '&';
		} else if (!piece.n) {
			/* A NUL would end the text for every reader behind this. */
			text[to++] = text[i] ? text[i] : ' ';
			i++;
		} else {
			i += piece.n;
			if (piece.c)
				text[to++] = piece.c;
		}
	}
	text[to] = '\0';
	return to;
}
