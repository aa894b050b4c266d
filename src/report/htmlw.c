// SPDX-License-Identifier: GPL-2.0
#include "report/htmlw.h"

#include <string.h>

#include "base/base.h"

/* Made of html.css and html.js by tools/embed.sh. */
extern const char html_css_text[], html_js_text[];

#define PIECE 256

/*
 * Up to PIECE bytes, without control characters, as a terminal would be given them, whole characters
 * only. What follows them in s. No memory is asked for: a name would be left out where there is none.
 */
static const char *clean(const char *s, char to[4 * PIECE + 1])
{
	size_t n = strnlen(s, PIECE);
	char piece[PIECE + 1];

	for (int i = 0; i < 3 && (s[n] & 0xc0) == 0x80; i++)
		n--;
	memcpy(piece, s, n);
	piece[n] = '\0';
	esc__terminal(piece, to, 4 * PIECE + 1);
	return s + n;
}

void htmlw__text(FILE *out, const char *s)
{
	char text[4 * PIECE + 1];

	for (s = s ? s : ""; *s;) {
		s = clean(s, text);
		esc__html(out, text);
	}
}

static void put_json(FILE *out, const char *text)
{
	for (const char *c = text; *c; c++) {
		/* no text can end the element that it is in */
		if (strchr("<>&'", *c))
			fprintf(out, "\\u%04x", (unsigned char)*c);
		else if (*c == '"' || *c == '\\')
			fprintf(out, "\\%c", *c);
		else
			putc(*c, out);
	}
}

void htmlw__json(FILE *out, const char *s)
{
	char text[4 * PIECE + 1];

	putc('"', out);
	for (s = s ? s : ""; *s;) {
		s = clean(s, text);
		put_json(out, text);
	}
	putc('"', out);
}

const char *htmlw__fs_name(const struct fs_info *fs, char *buf, size_t size)
{
	const char *mount = fs && fs->mount ? fs->mount : "";
	const char *device = fs && fs->device_name ? fs->device_name : "";

	snprintf(buf, size, "%s%s%s%s%s%s", fs && fs->fstype ? fs->fstype : "(unknown)",
		 *mount ? " " : "", mount, *device ? " (" : "", device, *device ? ")" : "");
	if (!*buf)
		snprintf(buf, size, "(unknown)");
	return buf;
}

void htmlw__element(FILE *out, const char *tag, const char *class, const char *text)
{
	fprintf(out, "<%s", tag);
	if (*class)
		fprintf(out, " class=\"%s\"", class);
	putc('>', out);
	htmlw__text(out, text);
	fprintf(out, "</%s>\n", tag);
}

void htmlw__table(FILE *out, const char *caption, const char *heads)
{
	fputs("<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"", out);
	htmlw__text(out, caption);
	fputs("\"><table class=\"sort\"><thead><tr>", out);
	while (*heads) {
		size_t len = strcspn(heads, "|");
		bool is_text = *heads == '*';

		fprintf(out, "<th scope=\"col\"%s>%.*s</th>", is_text ? " class=\"t\"" : "",
			(int)(len - is_text), heads + is_text);
		heads += len + (heads[len] == '|');
	}
	fputs("</tr></thead><tbody>\n", out);
}

void htmlw__table_end(FILE *out)
{
	fputs("</tbody></table></div>\n", out);
}

void htmlw__row(FILE *out)
{
	fputs("<tr>", out);
}

void htmlw__row_end(FILE *out)
{
	fputs("</tr>\n", out);
}

void htmlw__name(FILE *out, const char *s)
{
	fputs("<td class=\"t name\">", out);
	htmlw__text(out, s && *s ? s : "(not known)");
	fputs("</td>", out);
}

void htmlw__count(FILE *out, uint64_t n, bool known)
{
	char text[32];

	if (known)
		fprintf(out, "<td data-v=\"%llu\">%s</td>", (unsigned long long)n,
			fmt__count(n, text, sizeof(text)));
	else
		fputs("<td data-v=\"-1\">?</td>", out);
}

void htmlw__time(FILE *out, uint64_t ns)
{
	char text[32];

	fprintf(out, "<td data-v=\"%llu\">%s</td>", (unsigned long long)ns,
		fmt__duration(ns, text, sizeof(text)));
}

void htmlw__share(FILE *out, double share, bool known)
{
	char text[32];

	if (!known) {
		fputs("<td data-v=\"-1\">?</td>", out);
		return;
	}
	fprintf(out, "<td data-v=\"%.6f\">", share);
	htmlw__text(out, fmt__percent(share, text, sizeof(text)));
	fputs("</td>", out);
}

#define DEFAULT_TOP 50

size_t htmlw__shown(size_t nr, size_t top)
{
	top = top ? top : DEFAULT_TOP;
	return nr < top ? nr : top;
}

void htmlw__rest(FILE *out, size_t nr, size_t shown, const char *what)
{
	char words[64];

	if (nr > shown)
		fprintf(out, "<p class=\"soft\">and %s, which --format json has</p>\n",
			fmt__many(nr - shown, what, words, sizeof(words)));
}

void htmlw__fact(FILE *out, const char *what, const char *s)
{
	if (!s || !*s)
		return;
	fprintf(out, "<dt>%s</dt><dd>", what);
	htmlw__text(out, s);
	fputs("</dd>\n", out);
}

void htmlw__begin(FILE *out, const char *title)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; "
	      "form-action 'none'\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"referrer\" content=\"no-referrer\">\n"
	      "<title>",
	      out);
	htmlw__text(out, title);
	fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<header>\n<h1>",
		html_css_text);
	htmlw__text(out, title);
	fputs("</h1>\n<button class=\"b\" id=\"theme\" type=\"button\" hidden>light or "
	      "dark</button>\n"
	      "</header>\n<main>\n",
	      out);
}

void htmlw__end(FILE *out)
{
	fprintf(out, "</main>\n<script>\n%s</script>\n</body>\n</html>\n", html_js_text);
}
