// SPDX-License-Identifier: GPL-2.0
#include "qualify/print_result.h"

#include <string.h>

#include "base/base.h"
#include "qualify/summary.h"
#include "report/htmlw.h"
#include "report/print.h"

static void put_heading(FILE *out, const char *title)
{
	fputs("<section>", out);
	htmlw__element(out, "h2", "", title);
}

static void put_summary(FILE *out, const struct result *r)
{
	char line[768], took[16];

	if (r->interrupted)
		fputs("<p class=\"alarm\" role=\"alert\">Interrupted: the rest was not run.</p>\n",
		      out);
	fputs("<p><strong>", out);
	htmlw__text(out, summary__line(r, line, sizeof(line)));
	fprintf(out, "</strong></p>\n<p>%zu cells in %s.</p>\n", r->nr_cells,
		fmt__duration(r->duration_ns, took, sizeof(took)));
	if (r->traced)
		return;
	fputs("<p class=\"soft\">Verdicts by getrusage alone, without causes: ", out);
	htmlw__text(out, r->untraced_why);
	fputs("</p>\n", out);
}

static void put_share(FILE *out, uint64_t part, uint64_t of)
{
	htmlw__share(out, of ? (double)part / (double)of : 0, of);
}

static void put_verdict(FILE *out, const struct cell *c)
{
	const char *word = verdict__word(c->verdict);

	if (c->verdict >= VERDICT_BLOCKS)
		fprintf(out, "<td class=\"t alarm\">%s</td>", word);
	else
		fprintf(out, "<td class=\"t\">%s</td>", word);
}

static void put_cell(FILE *out, const struct cell *c)
{
	const struct figures *f = &c->f;
	double rate =
		f->wall_ns ? (double)f->requests * (double)NSEC_PER_SEC / (double)f->wall_ns : 0;
	bool known = c->verdict != VERDICT_NA;

	htmlw__row(out);
	htmlw__name(out, c->row);
	htmlw__name(out, c->engine);
	put_verdict(out, c);
	htmlw__name(out, known ? *c->cause.id ? c->cause.id : "-" : c->reason);
	htmlw__count(out, f->requests, known);
	fprintf(out, "<td data-v=\"%.6f\">%.2f</td>", cell__per_request(c, f->sleeps),
		cell__per_request(c, f->sleeps));
	put_share(out, f->submits_blocked, f->submits);
	htmlw__time(out, f->held_p50_ns);
	htmlw__time(out, f->held_max_ns);
	put_share(out, f->refused, f->requests);
	put_share(out, f->inside, f->requests);
	htmlw__time(out, f->done_p50_ns);
	htmlw__count(out, (uint64_t)rate, known);
	htmlw__row_end(out);
}

static void put_cells(FILE *out, const struct result *r)
{
	put_heading(out, "Rows");
	htmlw__table(
		out, "Rows",
		"*row|*engine|*verdict|*why|requests|sleeps per request|blocked %|held, half|held, "
		"longest|refused|done in submit|to completion, half|requests a second");
	for (size_t i = 0; i < r->nr_cells; i++)
		put_cell(out, &r->cells[i]);
	htmlw__table_end(out);
	fputs("<p class=\"soft\">Rows are direct writes or reads of one block, one at a time, "
	      "unless their name says else: -lba logical block, -64k, -1m, -dN so many in flight. "
	      "Sleeps per request below 0.1 are good. blocked %: submits that slept. held: how "
	      "long a submit held the thread.</p>\n<dl>\n",
	      out);
	for (int v = VERDICT_ASYNC; v < VERDICTS; v++)
		htmlw__fact(out, verdict__word((enum verdict)v), verdict__meaning((enum verdict)v));
	fputs("</dl></section>\n", out);
}

/* The first of the cells with this cause. */
static bool is_first_of_cause(const struct result *r, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(r->cells[k].cause.id, r->cells[i].cause.id))
			return false;
	return *r->cells[i].cause.id;
}

static void put_cause(FILE *out, const struct cell_cause *c)
{
	fputs("<details open><summary><span class=\"name\">", out);
	htmlw__text(out, c->id);
	fputs("</span>: ", out);
	htmlw__text(out, c->name);
	fputs("</summary>\n<dl>\n", out);
	htmlw__fact(out, "what to do", c->todo);
	htmlw__fact(out, "at", c->frames);
	fputs("</dl></details>\n", out);
}

static void put_causes(FILE *out, const struct result *r)
{
	bool any = false;

	for (size_t i = 0; i < r->nr_cells; i++) {
		if (!is_first_of_cause(r, i))
			continue;
		if (!any)
			put_heading(out, "Why, where most of the time asleep went");
		any = true;
		put_cause(out, &r->cells[i].cause);
	}
	fputs(any ? "</section>\n" : "", out);
}

static void put_fact(FILE *out, const char *name, const char *value)
{
	htmlw__row(out);
	htmlw__name(out, name);
	htmlw__name(out, *value ? value : "-");
	htmlw__row_end(out);
}

static void put_facts(FILE *out, const struct result *r)
{
	put_heading(out, "Place");
	htmlw__table(out, "Place", "*what|*is");
	put_fact(out, "label", r->label);
	put_fact(out, "kernel", r->kernel);
	for (size_t i = 0; i < r->nr_facts; i++)
		put_fact(out, r->facts[i].name, r->facts[i].value);
	htmlw__table_end(out);
	fputs("</section>\n", out);
}

int result_html__print(const struct result *r, FILE *out, const struct format_opts *o)
{
	char title[320];

	(void)o;
	snprintf(title, sizeof(title), "What blocks on %s", r->place);
	htmlw__begin(out, title);
	put_summary(out, r);
	put_cells(out, r);
	put_causes(out, r);
	put_facts(out, r);
	htmlw__end(out);
	return print__flush(out);
}
