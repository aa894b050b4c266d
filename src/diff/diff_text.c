// SPDX-License-Identifier: GPL-2.0
/* The comparison for people: whether it may be made, then what is new, then the figures. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "diff/figures.h"
#include "diff/print_diff.h"
#include "diff/stacks.h"
#include "report/print.h"

#define FRAMES_SHOWN 12
#define NAME_WIDTH 25
#define FACTS_SHOWN 40
#define CAUSES_SHOWN 8

static void print_recording(struct print *p, const char *lead, const struct sample *s)
{
	double submits = series_row__sum(s->series->rows[0], SERIES_SUBMITS);
	char count[16], time[16];

	print__para(p, PRINT_PLAIN, lead, "%s%s: %s submits in %s", print__safe(p, s->name),
		    figures__apis(s), fmt__count(whole_number(submits), count, sizeof(count)),
		    fmt__duration(s->duration_ns, time, sizeof(time)));
}

static void print_warnings(struct print *p, const struct diff *d)
{
	for (size_t i = 0; i < d->nr_warnings; i++)
		print__para(p, PRINT_ALARM, "WARNING: ", "%s", print__safe(p, d->warnings[i].text));
}

static void print_fact(struct print *p, const struct diff_fact *f)
{
	print__para(p, PRINT_PLAIN, "  ", "%s%s%s: %s -> %s", print__safe(p, f->what),
		    *f->of ? " of " : "", print__safe(p, f->of),
		    *f->old ? print__safe(p, f->old) : "(none)",
		    *f->new ? print__safe(p, f->new) : "(none)");
}

static void print_environment(struct print *p, const struct diff *d)
{
	if (!d->nr_facts) {
		print__line(p, PRINT_PLAIN, "surroundings: the same on both sides");
		return;
	}
	print__line(p, PRINT_BOLD, "surroundings that differ:");
	for (size_t i = 0; i < d->nr_facts && i < FACTS_SHOWN; i++)
		print_fact(p, &d->facts[i]);
	if (d->nr_facts > FACTS_SHOWN)
		print__line(p, PRINT_PLAIN, "  and %zu more (--format json has them all)",
			    d->nr_facts - FACTS_SHOWN);
}

static void print_row(struct print *p, const struct diff_row *row)
{
	const struct measure *m = row->measure;
	char old[16], new[16], change[16], interval[40], value[16];

	if (!isfinite(row->old) && !isfinite(row->new))
		return;
	figures__value(m, row->old, old, sizeof(old));
	figures__value(m, row->new, new, sizeof(new));
	figures__interval(&row->c, interval, sizeof(interval));
	figures__p(row, value, sizeof(value));
	print__line(p, row->different ? PRINT_BOLD : PRINT_PLAIN, "%c %-*s %8s %8s %8s %18s %6s",
		    row->different ? '*' : ' ', NAME_WIDTH, m->text, old, new,
		    figures__change(row->c.ratio, change, sizeof(change)), interval, value);
}

static void print_header(struct print *p, const char *name)
{
	int pad = NAME_WIDTH + 2 - print__columns(name);

	if (pad < 0) {
		print__line(p, PRINT_BOLD, "%s", name);
		name = "";
		pad = NAME_WIDTH + 2;
	}
	print__line(p, PRINT_BOLD, "%s%*s %8s %8s %8s %18s %6s", name, pad, "", "OLD", "NEW",
		    "CHANGE", "95% INTERVAL", "P");
}

static void print_group(struct print *p, const struct diff_group *g)
{
	char name[256], text[512];

	group__name(g, name, sizeof(name));
	snprintf(text, sizeof(text), "%s",
		 *g->cause ? print__safe(p, g->cause) : print__safe(p, name));
	print__line(p, PRINT_PLAIN, "%s", "");
	if (*g->cause)
		print__line(p, PRINT_PLAIN, "%s%s, on %s", text, group__where(g),
			    print__safe(p, name));
	else
		print_header(p, text);
	for (size_t i = 0; i < g->nr_rows; i++)
		print_row(p, &g->rows[i]);
}

static const char *news_lead(const struct diff *d, const struct diff_group *g)
{
	if (d->across_api)
		return g->appeared ? "ONLY BY IO_URING: " : "ONLY BY IO_SUBMIT: ";
	return g->appeared ? "APPEARED: " : "VANISHED: ";
}

static void print_news(struct print *p, const struct diff *d)
{
	const struct measure *stalls = measure__find("stalls_per_1k");
	const struct measure *blocked = measure__find("blocked_per_1k");
	size_t printed = 0;

	for (size_t i = 0; i < d->nr_groups; i++) {
		const struct diff_group *g = &d->groups[i];
		const struct diff_row *s = group__row(g, stalls), *b = group__row(g, blocked);
		char name[256], count[16], time[16];

		if ((!g->appeared && !g->vanished) || !s || !b)
			continue;
		if (!printed++)
			print__line(p, PRINT_PLAIN, "%s", "");
		figures__value(stalls, g->appeared ? s->new : s->old, count, sizeof(count));
		figures__value(blocked, g->appeared ? b->new : b->old, time, sizeof(time));
		print__para(p, PRINT_ALARM, news_lead(d, g),
			    "%s%s on %s: %s stalls and %s blocked per 1000 submits",
			    print__safe(p, g->cause), group__where(g),
			    print__safe(p, group__name(g, name, sizeof(name))), count, time);
	}
}

static bool is_only_one_side(const struct diff_group *g)
{
	return !*g->cause && g->presence != PRESENT_BOTH;
}

static void print_groups(struct print *p, const struct diff *d, size_t most)
{
	size_t filesystems = 0, causes = 0, hidden = 0;

	for (size_t i = 0; i < d->nr_groups; i++)
		filesystems += !d->groups[i].whole && !*d->groups[i].cause;
	for (size_t i = 0; i < d->nr_groups; i++) {
		const struct diff_group *g = &d->groups[i];
		char name[256];

		causes = *g->cause ? causes + 1 : 0;
		if (g->whole && filesystems == 1)
			continue;
		if (causes > most)
			hidden++;
		else if (is_only_one_side(g))
			print__para(p, PRINT_BOLD, "", "%s is only in %s",
				    print__safe(p, group__name(g, name, sizeof(name))),
				    g->presence == PRESENT_NEW ? "NEW" : "OLD");
		else if (g->old_fs && g->new_fs)
			print_group(p, g);
	}
	if (hidden)
		print__line(p, PRINT_PLAIN, "and %zu more cause%s (--top)", hidden, plural(hidden));
}

static void print_stack(struct print *p, const struct diff_stack *st)
{
	const struct sample_stack *of = st->new ? st->new : st->old;
	char frames[FRAMES_SHOWN * 68] = "", share[16];
	size_t used = 0;

	for (uint32_t i = 0; i < of->depth && i < FRAMES_SHOWN; i++)
		used += (size_t)snprintf(frames + used, sizeof(frames) - used, "%s%.64s",
					 i ? " < " : "", of->frames[i]);
	fmt__percent(st->new ? st->new_share : st->old_share, share, sizeof(share));
	print__para(p, PRINT_PLAIN, "  ", "only in %s, %s of its blocked time there: %s",
		    st->new ? "NEW" : "OLD", share, print__safe(p, frames));
}

/* Stacks that both have need no line: their cause's figures tell. */
static void print_stacks(struct print *p, const struct diff *d)
{
	const char *cause = "";
	size_t of_cause = 0;

	for (size_t i = 0; i < d->nr_stacks; i++) {
		const struct diff_stack *st = &d->stacks[i];
		bool first = strcmp(cause, st->cause) != 0;

		if (st->old && st->new)
			continue;
		of_cause = first ? 1 : of_cause + 1;
		cause = st->cause;
		if (of_cause > 2 * STACKS_PER_CAUSE)
			continue;
		if (first) {
			print__line(p, PRINT_PLAIN, "%s", "");
			print__line(p, PRINT_BOLD, "stacks of %s", print__safe(p, cause));
		}
		print_stack(p, st);
	}
}

static void print_verdict(struct print *p, const struct diff *d, const struct diff_output *o)
{
	char margin[16], level[16];

	fmt__percent(d->margin, margin, sizeof(margin));
	fmt__percent(o->significance, level, sizeof(level));
	print__line(p, PRINT_PLAIN, "%s", "");
	if (d->nr_different)
		print__para(p, PRINT_BOLD, "", "%zu of %zu figures are different (*).",
			    d->nr_different, d->nr_tests);
	else
		print__para(p, PRINT_BOLD, "", "No difference in any of %zu figures.", d->nr_tests);
	print__para(p, PRINT_PLAIN, "  ",
		    "Different: by more than %s, with a chance of at most %s that any one of these "
		    "verdicts is wrong. P is corrected for their number, the interval is that of "
		    "its row alone. The maximum is not tested.",
		    margin, level);
}

static void print_gate(struct print *p, const struct diff *d, const struct gate *g)
{
	char where[160];

	for (size_t i = 0; i < g->nr; i++) {
		const char *tripped = gate__tripped(g, i, d, where, sizeof(where));

		print__line(p, tripped ? PRINT_ALARM : PRINT_PLAIN, "%s: %s%s%s",
			    tripped ? "FAILED" : "passed", print__safe(p, g->clauses[i].text),
			    tripped ? " on " : "", tripped ? print__safe(p, tripped) : "");
	}
}

static void print_diff(struct print *p, const struct diff *d, const struct diff_output *o,
		       const struct format_opts *f)
{
	print_recording(p, "OLD ", d->old);
	print_recording(p, "NEW ", d->new);
	print_warnings(p, d);
	print_environment(p, d);
	print_news(p, d);
	print_groups(p, d, f && f->top ? f->top : CAUSES_SHOWN);
	print_stacks(p, d);
	print_verdict(p, d, o);
	print_gate(p, d, o->gate);
}

int diff_text__print(FILE *out, const struct diff_output *o, const struct format_opts *f)
{
	struct print *p = malloc(sizeof(*p));
	int rc;

	if (!p)
		return -ENOMEM;
	print__init(p, out, f);
	for (size_t i = 0; i < o->nr; i++) {
		if (i)
			print__line(p, PRINT_PLAIN, "%s", "");
		print_diff(p, o->diffs[i], o, f);
	}
	rc = print__finish(p);
	free(p);
	return rc;
}
