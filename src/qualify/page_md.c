// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "base/base.h"
#include "qualify/page.h"

/* What Markdown or HTML in it would take for a sign, and control characters, lose their meaning. */
static void put(FILE *out, const char *text)
{
	char one[ESC_CHAR];

	for (size_t taken; (taken = esc__next_utf8(text, one)); text += taken) {
		if ((unsigned char)one[0] < ' ')
			fputc(' ', out);
		else if (one[0] == '<')
			fputs("&lt;", out);
		else if (one[0] == '&')
			fputs("&amp;", out);
		else
			fprintf(out, "%s%s", strchr("\\|*`[]", one[0]) ? "\\" : "", one);
	}
}

static void begin(FILE *out, const char *title)
{
	fputs("# ", out);
	put(out, title);
	fputs("\n\n", out);
}

static void heading(FILE *out, int level, const char *text)
{
	fprintf(out, "%s ", level == 1 ? "#" : "##");
	put(out, text);
	fputs("\n\n", out);
}

static void para(FILE *out, const char *text)
{
	put(out, text);
	fputs("\n\n", out);
}

static void item(FILE *out, const char *text)
{
	fputs("- ", out);
	put(out, text);
	fputc('\n', out);
}

static void end_line(FILE *out)
{
	fputc('\n', out);
}

static void row(FILE *out, const struct page_td *td, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		char anchor[128];

		fprintf(out, "| %s%s", td[i].changed ? "**" : "", td[i].to_place ? "[" : "");
		put(out, td[i].text);
		if (td[i].to_place)
			fprintf(out, "](#%s)", page__anchor(td[i].text, anchor, sizeof(anchor)));
		fprintf(out, "%s ", td[i].changed ? "**" : "");
	}
	fputs("|\n", out);
}

static void head(FILE *out, const struct page_td *td, size_t nr)
{
	row(out, td, nr);
	for (size_t i = 0; i < nr; i++)
		fputs("|---", out);
	fputs("|\n", out);
}

#define BAR_COLUMNS 42

/* In a block of code a backquote alone has a meaning. */
static void put_plain(FILE *out, const char *text, size_t width)
{
	char one[ESC_CHAR];
	size_t n = 0;

	for (size_t taken; (taken = esc__next_utf8(text, one)); text += taken, n++)
		fputs((unsigned char)one[0] < ' ' ? " " : *one == '`' ? "'" : one, out);
	fprintf(out, "%*s", n < width ? (int)(width - n) : 1, "");
}

static void bars(FILE *out, const char *title, const struct page_bar *bar, size_t nr)
{
	static const char full[BAR_COLUMNS + 1] = "##########################################";

	put(out, title);
	fputs("\n\n```\n", out);
	for (size_t i = 0; i < nr; i++) {
		int columns = (int)(bar[i].share * BAR_COLUMNS + 0.5);

		put_plain(out, bar[i].name, 13);
		fprintf(out, "%.*s%s%s\n", columns, full, columns ? " " : "", bar[i].value);
	}
	fputs("```\n\n", out);
}

static void end(FILE *out)
{
	(void)out;
}

const struct page_form page_md = {
	.name = "md",
	.begin = begin,
	.heading = heading,
	.para = para,
	.item = item,
	.end_items = end_line,
	.head = head,
	.row = row,
	.end_table = end_line,
	.bars = bars,
	.end = end,
};
