// SPDX-License-Identifier: GPL-2.0
#include "qualify/result_diff.h"

#include <string.h>

#include "base/base.h"
#include "qualify/changes.h"
#include "qualify/summary.h"
#include "report/print.h"

static void print_summary(struct print *p, const char *lead, const struct result *r)
{
	char line[768];

	print__para(p, PRINT_PLAIN, lead, "kernel %s, %s", print__safe(p, r->kernel),
		    print__safe(p, summary__line(r, line, sizeof(line))));
}

static void print_facts(struct print *p, const struct result *old, const struct result *new)
{
	for (size_t i = 0; i < new->nr_facts; i++) {
		const struct fact *f = &new->facts[i];
		const char *before = result__fact(old, f->name);

		if (strcmp(before, f->value) != 0)
			print__para(p, PRINT_PLAIN, "  ", "%s: %s -> %s", print__safe(p, f->name),
				    *before ? print__safe(p, before) : "not known",
				    print__safe(p, f->value));
	}
}

static void print_change(struct print *p, const struct result *old, const struct result *new,
			 const struct cell *before, const struct cell *c)
{
	const char *why = changes__explain(new->label, c->row, old->kernel, new->kernel,
					   before->verdict, c->verdict);

	print__line(p, c->verdict > before->verdict ? PRINT_ALARM : PRINT_PLAIN,
		    "%-26s %-12s %-11s -> %-11s %5.2f -> %5.2f", print__safe(p, c->row),
		    print__safe(p, c->engine), verdict__word(before->verdict),
		    verdict__word(c->verdict), cell__per_request(before, before->f.sleeps),
		    cell__per_request(c, c->f.sleeps));
	if (why)
		print__para(p, PRINT_PLAIN, "    ", "%s", why);
	if (*c->cause.id)
		print__para(p, PRINT_PLAIN, "    now: ", "%s: %s", print__safe(p, c->cause.id),
			    print__safe(p, c->cause.name));
	else if (*before->cause.id)
		print__para(p, PRINT_PLAIN, "    was: ", "%s: %s", print__safe(p, before->cause.id),
			    print__safe(p, before->cause.name));
}

int result_diff__print(const struct result *old, const struct result *new, FILE *out,
		       const struct format_opts *o)
{
	size_t both = 0, changed = 0;
	struct print p;

	print__init(&p, out, o);
	print_summary(&p, "old: ", old);
	print_summary(&p, "new: ", new);
	print_facts(&p, old, new);
	print__line(&p, PRINT_BOLD, "\n%-26s %-12s %-26s %s", "ROW", "ENGINE", "VERDICT", "CSWIO");
	for (size_t i = 0; i < new->nr_cells; i++) {
		const struct cell *c = &new->cells[i];
		const struct cell *before = result__find(old, c->row, c->engine);

		both += before != NULL;
		if (!before || before->verdict == c->verdict)
			continue;
		changed++;
		print_change(&p, old, new, before, c);
	}
	print__line(&p, PRINT_PLAIN, "%zu of %zu verdicts changed", changed, both);
	return print__finish(&p);
}
