// SPDX-License-Identifier: GPL-2.0
#include "cause/frame.h"

#include <ctype.h>
#include <string.h>

/* Longer than any symbol (KSYM_NAME_LEN is 512 since 6.1); what is longer is cut. */
#define NAME_LEN_MAX 511

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$';
}

static const char *skip_space(const char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

/* "0xffffffff81000000" or at least eight hex digits, with blank or end behind. NULL = none. */
static const char *skip_address(const char *p)
{
	bool prefixed = p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
	size_t n;

	if (prefixed)
		p += 2;
	n = strspn(p, "0123456789abcdefABCDEF");
	if (!n || (!prefixed && n < 8) || (p[n] != ' ' && p[n] != '\t' && p[n] != ':'))
		return NULL;
	return p + n + (p[n] == ':');
}

/* "[<0>]", "[  12.345678]", "[ T123]". NULL = none, or nothing behind it. */
static const char *skip_brackets(const char *p)
{
	const char *close;

	if (*p != '[')
		return NULL;
	close = memchr(p, ']', strnlen(p, 64));
	return close ? close + 1 : NULL;
}

/* "#12 " of gdb, crash and drgn. */
static const char *skip_number(const char *p)
{
	size_t n;

	if (*p != '#')
		return NULL;
	n = strspn(p + 1, "0123456789");
	return n ? p + 1 + n : NULL;
}

/* "b'" of old Python tools, "in " of gdb. */
static const char *skip_word(const char *p)
{
	if (!strncmp(p, "b'", 2))
		return p + 2;
	if (!strncmp(p, "in ", 3))
		return p + 3;
	return NULL;
}

static const char *skip_decoration(const char *p)
{
	static const char *(*const skips[])(const char *) = {
		skip_brackets,
		skip_number,
		skip_address,
		skip_word,
	};

	for (;;) {
		const char *next = NULL;

		p = skip_space(p);
		if (p[0] == '?' && p[1] == ' ') {
			p++;
			continue;
		}
		for (size_t i = 0; !next && i < sizeof(skips) / sizeof(skips[0]); i++)
			next = skips[i](p);
		if (!next)
			return p;
		p = next;
	}
}

/*
 * C names hold no dot, so the first one starts a compiler suffix (.isra.0,
 * .cold, ...). "_[k]" is how folded stacks mark kernel frames.
 */
static size_t name_length(const char *p)
{
	size_t n = 0;

	while (n < NAME_LEN_MAX && is_name_char(p[n]))
		n++;
	if (n > 1 && p[n - 1] == '_' && !strncmp(p + n, "[k]", 3))
		n--;
	return n;
}

struct name frame__name(const char *frame)
{
	const char *p = skip_decoration(frame);
	size_t n = name_length(p);

	if (n)
		return (struct name){p, n};
	p = skip_space(frame);
	n = strcspn(p, "\n\r");
	return (struct name){p, n < NAME_LEN_MAX ? n : NAME_LEN_MAX};
}
