// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "base/base.h"
#include "qualify/page.h"

static const char style[] =
	"body{font:15px/1.45 system-ui,sans-serif;max-width:90em;margin:2em auto;padding:0 1em;"
	"color:#222;background:#fff}table{border-collapse:collapse;margin:1em 0}"
	"th,td{border:1px solid #ccc;padding:.2em .5em;text-align:left;font-size:13px}"
	"th{background:#eee;position:sticky;top:0}td.changed{outline:2px solid "
	"#222;font-weight:bold}"
	".async,.cached{background:#e3f4e3}.rare{background:#fdf6d3}.refuses{background:#e1e9fa}"
	".blocks{background:#fbdfc8}.synchronous{background:#f6c9c9}"
	"@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}th{background:#333}"
	"th,td{border-color:#555}td.changed{outline-color:#ddd}.async,.cached{background:#1d3a1d}"
	".rare{background:#4a421a}.refuses{background:#1f2d52}.blocks{background:#5a3414}"
	".synchronous{background:#5a1d1d}}"
	".wide{overflow-x:auto}td:first-child{white-space:nowrap}a{color:inherit}.plot{width:100%;"
	"max-width:50em}.plot "
	"caption{text-align:left;font-weight:bold}"
	".plot td,.plot th{border:0;padding:.1em .5em}.plot "
	"th{background:none;position:static;width:8em;"
	"font-weight:normal}.plot "
	"td:last-child{width:6em}.bar{display:block;height:1em;min-width:1px;"
	"border:1px solid #777}";

static void put(FILE *out, const char *text)
{
	char one[ESC_CHAR];

	for (size_t taken; (taken = esc__next_utf8(text, one)); text += taken)
		esc__html(out, (unsigned char)one[0] < ' ' ? " " : one);
}

static void element(FILE *out, const char *tag, const char *text)
{
	fprintf(out, "<%s>", tag);
	put(out, text);
	fprintf(out, "</%s>\n", tag);
}

static void begin(FILE *out, const char *title)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width\">\n",
	      out);
	element(out, "title", title);
	fprintf(out, "<style>%s</style></head><body>\n", style);
	element(out, "h1", title);
}

static void heading(FILE *out, int level, const char *text)
{
	char anchor[128];

	fprintf(out, "<h%d id=\"%s\">", level == 1 ? 1 : 2,
		page__anchor(text, anchor, sizeof(anchor)));
	put(out, text);
	fprintf(out, "</h%d>\n", level == 1 ? 1 : 2);
}

static void para(FILE *out, const char *text)
{
	element(out, "p", text);
}

/* Items need no list around them to be shown as such, nor do they get one. */
static void item(FILE *out, const char *text)
{
	element(out, "li", text);
}

static void end_items(FILE *out)
{
	(void)out;
}

static void head(FILE *out, const struct page_td *td, size_t nr)
{
	fputs("<div class=\"wide\" tabindex=\"0\"><table><thead><tr>", out);
	for (size_t i = 0; i < nr; i++)
		element(out, "th", td[i].text);
	fputs("</tr></thead><tbody>\n", out);
}

static void put_cell(FILE *out, const struct page_td *td)
{
	char anchor[128];

	if (td->to_place)
		fprintf(out, "<a href=\"#%s\">", page__anchor(td->text, anchor, sizeof(anchor)));
	put(out, td->text);
	if (td->to_place)
		fputs("</a>", out);
}

/* The classes are verdicts' words or empty: nothing from outside. */
static void row(FILE *out, const struct page_td *td, size_t nr)
{
	fputs("<tr>", out);
	for (size_t i = 0; i < nr; i++) {
		const char *class = strcmp(td[i].class, "n/a") != 0 ? td[i].class : "";

		fprintf(out, "<td class=\"%s%s\">", class, td[i].changed ? " changed" : "");
		put_cell(out, &td[i]);
		fputs("</td>", out);
	}
	fputs("</tr>\n", out);
}

static void end_table(FILE *out)
{
	fputs("</tbody></table></div>\n", out);
}

static void bars(FILE *out, const char *title, const struct page_bar *bar, size_t nr)
{
	fputs("<table class=\"plot\"><caption>", out);
	put(out, title);
	fputs("</caption><tbody>\n", out);
	for (size_t i = 0; i < nr; i++) {
		fputs("<tr><th scope=\"row\">", out);
		put(out, bar[i].name);
		fprintf(out,
			"</th><td><span class=\"bar %s\" style=\"width:%.1f%%\"></span></td><td>",
			bar[i].class, bar[i].share * 100);
		put(out, bar[i].value);
		fputs("</td></tr>\n", out);
	}
	fputs("</tbody></table>\n", out);
}

static void end(FILE *out)
{
	fputs("</body></html>\n", out);
}

const struct page_form page_html = {
	.name = "html",
	.begin = begin,
	.heading = heading,
	.para = para,
	.item = item,
	.end_items = end_items,
	.head = head,
	.row = row,
	.end_table = end_table,
	.bars = bars,
	.end = end,
};
