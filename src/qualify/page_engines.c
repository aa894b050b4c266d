// SPDX-License-Identifier: GPL-2.0
/* One result that has several engines: a table, and a plot of how long each held the submitter. */
#include <math.h>
#include <string.h>

#include "base/base.h"
#include "qualify/page.h"

#define ENGINES_MAX 16
/* What the plot has room for: ten times as long is one step more. */
#define SHORTEST_NS 100.0
#define LONGEST_NS 1e8

static bool has_engines(const struct result *r)
{
	for (size_t i = 1; i < r->nr_cells; i++)
		if (strcmp(r->cells[i].engine, r->cells[0].engine) != 0)
			return true;
	return false;
}

static void print_engine(const struct cell *c, const struct page_form *form, FILE *out)
{
	const struct figures *f = &c->f;
	double seconds = (double)f->wall_ns / (double)NSEC_PER_SEC;
	uint64_t per_second = seconds > 0 ? (uint64_t)((double)f->requests / seconds) : 0;
	uint64_t cpu_ns = f->requests ? f->cpu_ns / f->requests : 0;
	char text[32];
	struct page_td td[7];

	page_td__set(&td[0], c->row, "");
	page_td__set(&td[1], c->engine, "");
	page_td__set(&td[2], verdict__word(c->verdict), verdict__word(c->verdict));
	if (c->verdict == VERDICT_NA) {
		page_td__set(&td[3], c->reason, "");
		for (int i = 4; i < 7; i++)
			page_td__set(&td[i], "", "");
	} else {
		page_td__set(&td[3], fmt__duration(f->held_p50_ns, text, sizeof(text)), "");
		page_td__set(&td[4], fmt__duration(f->done_p50_ns, text, sizeof(text)), "");
		page_td__set(&td[5], fmt__count(per_second, text, sizeof(text)), "");
		page_td__set(&td[6], fmt__duration(cpu_ns, text, sizeof(text)), "");
	}
	form->row(out, td, 7);
}

static double share_of(uint64_t ns)
{
	double steps = log10((double)ns / SHORTEST_NS), all = log10(LONGEST_NS / SHORTEST_NS);

	if (!ns || steps < 0)
		return 0;
	return steps < all ? steps / all : 1;
}

static void plot_row(const struct result *r, const char *row, const struct page_form *form,
		     FILE *out)
{
	struct page_bar bars[ENGINES_MAX];
	size_t nr = 0;

	for (size_t i = 0; i < r->nr_cells && nr < ENGINES_MAX; i++) {
		const struct cell *c = &r->cells[i];
		struct page_bar *bar = &bars[nr];

		if (strcmp(c->row, row) != 0 || c->verdict == VERDICT_NA)
			continue;
		bar->name = c->engine;
		bar->class = verdict__word(c->verdict);
		fmt__duration(c->f.held_p50_ns, bar->value, sizeof(bar->value));
		bar->share = share_of(c->f.held_p50_ns);
		nr++;
	}
	if (nr)
		form->bars(out, row, bars, nr);
}

/* Row by row, so that engines stand below each other. */
void page_engines__print(const struct result *r, const struct page_form *form, FILE *out)
{
	static const char *const names[] = {"row",  "engine", "verdict", "held",
					    "done", "req/s",  "CPU/req"};
	const char *rows[PAGE_ROWS_MAX];
	struct page_td td[ARRAY_SIZE(names)];
	char line[256];
	size_t nr = 0;

	if (!has_engines(r))
		return;
	snprintf(line, sizeof(line), "Engines: %s on %s", r->label, r->kernel);
	form->heading(out, 2, line);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		page_td__set(&td[i], names[i], "");
	form->head(out, td, ARRAY_SIZE(names));
	for (size_t i = 0; i < r->nr_cells; i++)
		page__add_name(rows, &nr, PAGE_ROWS_MAX, r->cells[i].row);
	for (size_t k = 0; k < nr; k++)
		for (size_t i = 0; i < r->nr_cells; i++)
			if (!strcmp(r->cells[i].row, rows[k]))
				print_engine(&r->cells[i], form, out);
	form->end_table(out);
	form->para(out, "held, done: half of the submits held the thread so long at most, half "
			"of the requests were complete so long after it began. CPU/req: of all "
			"threads together.");
	form->para(out, "How long each held the thread (the longer the bar the worse; each sixth "
			"of the width is ten times as long, from 100ns to 100ms):");
	for (size_t k = 0; k < nr; k++)
		plot_row(r, rows[k], form, out);
}
