/* SPDX-License-Identifier: GPL-2.0 */
/* Walking through a NUL-terminated line of a paste. */
#ifndef AIOSTALL_PASTE_CHARS_H
#define AIOSTALL_PASTE_CHARS_H

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static inline bool chars__is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$';
}

static inline bool chars__is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline const char *chars__skip_blanks(const char *p)
{
	while (chars__is_blank(*p))
		p++;
	return p;
}

/* How many digits, hexadecimal digits, name letters stand here. */
static inline size_t chars__digits(const char *p)
{
	return strspn(p, "0123456789");
}

static inline size_t chars__hex(const char *p)
{
	return strspn(p, "0123456789abcdefABCDEF");
}

static inline size_t chars__name(const char *p)
{
	size_t n = 0;

	while (chars__is_name(p[n]))
		n++;
	return n;
}

static inline bool chars__starts(const char *p, const char *with)
{
	return !strncmp(p, with, strlen(with));
}

#endif
