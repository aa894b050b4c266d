// SPDX-License-Identifier: GPL-2.0
/* The comparison as one page: whether it may be made, then what is new, then the figures. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "diff/figures.h"
#include "diff/print_diff.h"
#include "diff/stacks.h"
#include "report/htmlw.h"
#include "report/print.h"

#define STACKS_SHOWN 50

static void put_recording(FILE *out, const char *side, const struct sample *s)
{
	double submits = series_row__sum(s->series->rows[0], SERIES_SUBMITS);
	char count[16], time[16];

	fprintf(out, "<dt>%s</dt><dd><span class=\"name\">", side);
	htmlw__text(out, s->name);
	fprintf(out, "</span>%s: %s submits in %s</dd>\n", figures__apis(s),
		fmt__count(whole_number(submits), count, sizeof(count)),
		fmt__duration(s->duration_ns, time, sizeof(time)));
}

static void put_section(FILE *out, const char *title)
{
	fputs("<section>", out);
	htmlw__element(out, "h2", "", title);
}

/* ---- whether, and what is new ---- */

static void put_warnings(FILE *out, const struct diff *d)
{
	for (size_t i = 0; i < d->nr_warnings; i++) {
		fputs("<p class=\"alarm\" role=\"alert\">Warning: ", out);
		htmlw__text(out, d->warnings[i].text);
		fputs("</p>\n", out);
	}
}

static void put_gate(FILE *out, const struct diff *d, const struct gate *g)
{
	char where[160];

	for (size_t i = 0; i < g->nr; i++) {
		const char *tripped = gate__tripped(g, i, d, where, sizeof(where));

		fprintf(out, "<p%s>%s: <code>", tripped ? " class=\"alarm\"" : "",
			tripped ? "Failed" : "Passed");
		htmlw__text(out, g->clauses[i].text);
		fputs("</code>", out);
		fputs(tripped ? " on " : "", out);
		htmlw__text(out, tripped ? tripped : "");
		fputs("</p>\n", out);
	}
}

static void put_verdict(FILE *out, const struct diff *d, const struct diff_output *o)
{
	char margin[16], level[16];

	put_section(out, "Verdict");
	if (d->nr_different)
		fprintf(out, "<p><strong>%zu of %zu figures are different.</strong></p>\n",
			d->nr_different, d->nr_tests);
	else
		fprintf(out, "<p><strong>No difference in any of %zu figures.</strong></p>\n",
			d->nr_tests);
	put_gate(out, d, o->gate);
	fprintf(out,
		"<p class=\"soft\">Different: by more than %s, with a chance of at most %s that "
		"any "
		"one of these verdicts is wrong. P is corrected for their number, the interval is "
		"that of its row alone. The maximum is not tested.</p></section>\n",
		fmt__percent(d->margin, margin, sizeof(margin)),
		fmt__percent(o->significance, level, sizeof(level)));
}

static const char *news_word(const struct diff *d, const struct diff_group *g)
{
	if (d->across_api)
		return g->appeared ? "only by io_uring" : "only by io_submit";
	return g->appeared ? "appeared" : "vanished";
}

static void put_news(FILE *out, const struct diff *d)
{
	const struct diff_row *stalls, *blocked;
	char name[256], text[1024], count[16], time[16];

	for (size_t i = 0; i < d->nr_groups; i++) {
		const struct diff_group *g = &d->groups[i];

		stalls = group__row(g, measure__find("stalls_per_1k"));
		blocked = group__row(g, measure__find("blocked_per_1k"));
		if ((!g->appeared && !g->vanished) || !stalls || !blocked)
			continue;
		snprintf(text, sizeof(text),
			 "%s%s on %s: %s; %s stalls and %s blocked per 1000 submits", g->cause,
			 group__where(g), group__name(g, name, sizeof(name)), news_word(d, g),
			 figures__value(stalls->measure, g->appeared ? stalls->new : stalls->old,
					count, sizeof(count)),
			 figures__value(blocked->measure, g->appeared ? blocked->new : blocked->old,
					time, sizeof(time)));
		htmlw__element(out, "p", "alarm", text);
	}
}

static void put_facts(FILE *out, const struct diff *d)
{
	size_t shown = htmlw__shown(d->nr_facts, 0);

	put_section(out, "Surroundings");
	if (!d->nr_facts) {
		fputs("<p>The same on both sides.</p></section>\n", out);
		return;
	}
	htmlw__table(out, "Surroundings that differ", "*what|*of|*old|*new");
	for (size_t i = 0; i < shown; i++) {
		const struct diff_fact *f = &d->facts[i];

		htmlw__row(out);
		htmlw__name(out, f->what);
		htmlw__name(out, *f->of ? f->of : "-");
		htmlw__name(out, *f->old ? f->old : "(none)");
		htmlw__name(out, *f->new ? f->new : "(none)");
		htmlw__row_end(out);
	}
	htmlw__table_end(out);
	htmlw__rest(out, d->nr_facts, shown, "more fact{|s}");
	fputs("</section>\n", out);
}

/* ---- figures ---- */

/* What is no number sorts below all that is. */
static void put_number(FILE *out, double v, const char *text)
{
	fprintf(out, "<td data-v=\"%.9g\">", isfinite(v) ? v : -1.0);
	htmlw__text(out, text);
	fputs("</td>", out);
}

static void put_row(FILE *out, const struct diff_row *row)
{
	const struct measure *m = row->measure;
	char text[64];

	if (!isfinite(row->old) && !isfinite(row->new))
		return;
	htmlw__row(out);
	fprintf(out, "<td class=\"t\">%s%s%s</td>", row->different ? "<strong>" : "", m->text,
		row->different ? "</strong>" : "");
	put_number(out, row->old, figures__value(m, row->old, text, sizeof(text)));
	put_number(out, row->new, figures__value(m, row->new, text, sizeof(text)));
	put_number(out, row->c.ratio, figures__change(row->c.ratio, text, sizeof(text)));
	fprintf(out, "<td class=\"t\">%s</td>", figures__interval(&row->c, text, sizeof(text)));
	put_number(out, row->c.tested ? row->p : NAN, figures__p(row, text, sizeof(text)));
	fprintf(out, "<td class=\"t\">%s</td>", row->different ? "different" : "");
	htmlw__row_end(out);
}

static void put_group(FILE *out, const struct diff_group *g, const char *name)
{
	char title[512];

	if (*g->cause)
		snprintf(title, sizeof(title), "%s%s", g->cause, group__where(g));
	else
		snprintf(title, sizeof(title), "%s", name);
	htmlw__element(out, *g->cause ? "h3" : "h2", "", title);
	htmlw__table(out, title, "*figure|old|new|change|*95% interval|p|*verdict");
	for (size_t i = 0; i < g->nr_rows; i++)
		put_row(out, &g->rows[i]);
	htmlw__table_end(out);
}

static bool is_only_one_side(const struct diff_group *g)
{
	return !*g->cause && g->presence != PRESENT_BOTH;
}

static void put_groups(FILE *out, const struct diff *d, size_t top)
{
	size_t causes = 0, filesystems = 0, most = htmlw__shown(SIZE_MAX, top);
	char name[256], text[320];

	for (size_t i = 0; i < d->nr_groups; i++)
		filesystems += !d->groups[i].whole && !*d->groups[i].cause;
	for (size_t i = 0; i < d->nr_groups; i++) {
		const struct diff_group *g = &d->groups[i];

		causes = *g->cause ? causes + 1 : 0;
		if ((g->whole && filesystems == 1) || causes > most)
			continue;
		group__name(g, name, sizeof(name));
		if (is_only_one_side(g)) {
			snprintf(text, sizeof(text), "%s is only in %s", name,
				 g->presence == PRESENT_NEW ? "NEW" : "OLD");
			htmlw__element(out, "p", "", text);
		} else if (g->old_fs && g->new_fs) {
			put_group(out, g, name);
		}
	}
}

/* Stacks that both have need no line: their cause's figures tell. */
static void put_stacks(FILE *out, const struct diff *d)
{
	size_t shown = 0, nr = 0;

	for (size_t i = 0; i < d->nr_stacks; i++)
		nr += !(d->stacks[i].old && d->stacks[i].new);
	if (!nr)
		return;
	put_section(out, "Stacks of one side only");
	htmlw__table(out, "Stacks of one side only",
		     "*cause|*only in|share of its blocked time|*stack, innermost first");
	for (size_t i = 0; i < d->nr_stacks && shown < STACKS_SHOWN; i++) {
		const struct diff_stack *st = &d->stacks[i];
		const struct sample_stack *of = st->new ? st->new : st->old;

		if (st->old && st->new)
			continue;
		shown++;
		htmlw__row(out);
		htmlw__name(out, st->cause);
		htmlw__name(out, st->new ? "NEW" : "OLD");
		htmlw__share(out, st->new ? st->new_share : st->old_share, true);
		fputs("<td class=\"t name\">", out);
		for (uint32_t k = 0; k < of->depth; k++) {
			fputs(k ? " &lt; " : "", out);
			htmlw__text(out, of->frames[k]);
		}
		fputs("</td>", out);
		htmlw__row_end(out);
	}
	htmlw__table_end(out);
	htmlw__rest(out, nr, shown, "more stack{|s}");
	fputs("</section>\n", out);
}

static void put_diff(FILE *out, const struct diff *d, const struct diff_output *o,
		     const struct format_opts *f)
{
	put_warnings(out, d);
	fputs("<dl>\n", out);
	put_recording(out, "OLD", d->old);
	put_recording(out, "NEW", d->new);
	fputs("</dl>\n", out);
	put_verdict(out, d, o);
	put_news(out, d);
	put_facts(out, d);
	put_groups(out, d, f ? f->top : 0);
	put_stacks(out, d);
}

int diff_html__print(FILE *out, const struct diff_output *o, const struct format_opts *f)
{
	htmlw__begin(out, "Recordings compared");
	for (size_t i = 0; i < o->nr; i++)
		put_diff(out, o->diffs[i], o, f);
	htmlw__end(out);
	return print__flush(out);
}
