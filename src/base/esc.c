// SPDX-License-Identifier: GPL-2.0
#include "base/base.h"

#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/*
 * Length of the UTF-8 character at s and its code point; 0 if the bytes are
 * not one. A NUL is never a continuation byte, so reading stops in the string.
 */
static size_t utf8__char(const unsigned char *s, uint32_t *cp)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = s[0] < 0x80   ? 1
		     : s[0] < 0xc2 ? 0
		     : s[0] < 0xe0 ? 2
		     : s[0] < 0xf0 ? 3
		     : s[0] < 0xf5 ? 4
				   : 0;

	if (len < 2) {
		*cp = s[0];
		return len;
	}
	*cp = s[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (s[i] & 0x3f);
	}
	if (*cp < least[len] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp <= 0xdfff))
		return 0;
	return len;
}

/* Controls, and what reorders or breaks the line around it (bidi marks, separators, BOM). */
static bool is_unsafe(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x61c ||
	       (cp >= 0x200b && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202e) ||
	       (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff;
}

/* One byte as \xNN; 4 columns. */
static void put_hex(unsigned char byte, char *dst)
{
	static const char hex[] = "0123456789abcdef";

	dst[0] = '\\';
	dst[1] = 'x';
	dst[2] = hex[byte >> 4];
	dst[3] = hex[byte & 0xf];
}

size_t esc__terminal(const char *src, char *dst, size_t dst_size)
{
	const unsigned char *s = (const unsigned char *)src;
	size_t used = 0, columns = 0;

	if (!dst_size)
		return 0;
	while (*s) {
		char out[16];
		uint32_t cp;
		size_t len = utf8__char(s, &cp), n, cols = 1;

		if (*s == '\\') {
			n = cols = 2;
			memcpy(out, "\\\\", 2);
		} else if (!len || is_unsafe(cp)) {
			len = len ? len : 1;
			for (size_t i = 0; i < len; i++)
				put_hex(s[i], out + 4 * i);
			n = cols = 4 * len;
		} else {
			n = len;
			memcpy(out, s, len);
		}
		if (used + n >= dst_size)
			break;
		memcpy(dst + used, out, n);
		used += n;
		columns += cols;
		s += len;
	}
	dst[used] = '\0';
	return columns;
}

size_t esc__next_utf8(const char *src, char one[ESC_CHAR])
{
	uint32_t cp;
	size_t len;

	if (!*src)
		return 0;
	len = utf8__char((const unsigned char *)src, &cp);
	snprintf(one, ESC_CHAR, "%.*s", len ? (int)len : (int)strlen(REPLACEMENT),
		 len ? src : REPLACEMENT);
	return len ? len : 1;
}

char *esc__utf8(const char *src, char *dst, size_t dst_size)
{
	char one[ESC_CHAR];
	size_t used = 0, taken;

	if (!dst_size)
		return dst;
	while ((taken = esc__next_utf8(src, one)) && used + strlen(one) < dst_size) {
		used += (size_t)snprintf(dst + used, dst_size - used, "%s", one);
		src += taken;
	}
	dst[used] = '\0';
	return dst;
}

/* Bytes and columns of what must not be torn in an escaped text: \xNN, \\, a character. */
static size_t unit_at(const char *s, size_t *columns)
{
	uint32_t cp;
	size_t len;

	if (s[0] == '\\' && (s[1] == 'x' || s[1] == '\\')) {
		len = strnlen(s, s[1] == 'x' ? 4 : 2);
		*columns = len;
		return len;
	}
	*columns = 1;
	len = utf8__char((const unsigned char *)s, &cp);
	return len ? len : 1;
}

static size_t columns_of(const char *s)
{
	size_t sum = 0, cols;

	while (*s) {
		s += unit_at(s, &cols);
		sum += cols;
	}
	return sum;
}

char *esc__tail(const char *escaped, size_t columns, char *dst, size_t dst_size)
{
	static const char dots[] = "...";
	size_t left = columns_of(escaped), bytes = strlen(escaped), cols, lead = sizeof(dots) - 1;

	if (!dst_size)
		return dst;
	if (left <= columns && bytes < dst_size) {
		memcpy(dst, escaped, bytes + 1);
		return dst;
	}
	if (lead > columns)
		lead = columns;
	if (lead >= dst_size)
		lead = dst_size - 1;
	while (*escaped && (left > columns - lead || bytes + lead >= dst_size)) {
		size_t len = unit_at(escaped, &cols);

		escaped += len;
		bytes -= len;
		left -= cols;
	}
	memcpy(dst, dots, lead);
	memcpy(dst + lead, escaped, bytes + 1);
	return dst;
}

void esc__html(FILE *out, const char *s)
{
	for (const char *c = s; *c; c++) {
		if (*c == '&')
			fputs("&amp;", out);
		else if (*c == '<')
			fputs("&lt;", out);
		else if (*c == '>')
			fputs("&gt;", out);
		else if (*c == '"')
			fputs("&quot;", out);
		else if (*c == '\'')
			fputs("&#39;", out);
		else
			putc(*c, out);
	}
}
