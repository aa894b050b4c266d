// SPDX-License-Identifier: GPL-2.0
#include "report/html_who.h"

#include "base/base.h"
#include "report/htmlw.h"
#include "report/names.h"

static void put_ratio(FILE *out, double ratio, bool known)
{
	if (known)
		fprintf(out, "<td data-v=\"%.6f\">%.2f</td>", ratio, ratio);
	else
		fputs("<td data-v=\"-1\">?</td>", out);
}

static void put_process(FILE *out, const struct report_process *w)
{
	bool on_record = w->cause_id || !w->sleeps;
	char unit[256], name[8192];

	htmlw__row(out);
	snprintf(name, sizeof(name), "%s%s%s", w->host, *w->host ? ": " : "", w->comm);
	htmlw__name(out, name);
	if (w->pid)
		fprintf(out, "<td data-v=\"%u\">%u</td>", w->pid, w->pid);
	else
		fputs("<td data-v=\"-1\">several</td>", out);
	htmlw__name(out, names__unit(w->cgroup, unit, sizeof(unit)));
	htmlw__count(out, w->submits, w->has_submits);
	htmlw__share(out, w->blocked_share, w->has_submits);
	put_ratio(out, w->ctxsw_per_io, w->has_submits);
	htmlw__count(out, w->sleeps, true);
	htmlw__time(out, w->blocked_ns);
	if (on_record)
		htmlw__time(out, w->max_ns);
	else
		fputs("<td data-v=\"-1\">?</td>", out);
	htmlw__name(out, w->cause_id ? w->cause_id : w->sleeps ? "?" : "-");
	htmlw__name(out, w->fs ? htmlw__fs_name(w->fs, name, sizeof(name)) : "-");
	htmlw__row_end(out);
}

static void put_processes(FILE *out, const struct report *r, const struct format_opts *o)
{
	size_t shown = htmlw__shown(r->nr_processes, o ? o->top : 0);

	if (!shown)
		return;
	fputs("<section aria-labelledby=\"h-who\"><h2 id=\"h-who\">Processes</h2>\n", out);
	htmlw__table(out, "Processes",
		     "*process|pid|*unit or cgroup|submits|blocked %|sleeps per request|sleeps|"
		     "blocked|max|*top cause|*mostly on");
	for (size_t i = 0; i < shown; i++)
		put_process(out, &r->processes[i]);
	htmlw__table_end(out);
	htmlw__rest(out, r->nr_processes, shown, "more process{|es}");
	if (o && o->no_submits) {
		fputs("<p>Processes that slept: ", out);
		htmlw__text(out, o->no_submits);
		fputs(".</p>\n", out);
	}
	fputs("</section>\n", out);
}

static void put_failures(FILE *out, const struct report *r)
{
	char name[32], calls[64];

	if (!r->totals.submit_errors)
		return;
	fprintf(out,
		"<section aria-labelledby=\"h-failed\"><h2 id=\"h-failed\">Failed</h2>\n<p>%s:",
		fmt__many(r->totals.submit_errors, "submit{|s} failed", calls, sizeof(calls)));
	for (size_t i = 0; i < r->nr_failures; i++) {
		const struct report_failure *f = &r->failures[i];

		fprintf(out, "%s %llu ", i ? "," : "", (unsigned long long)f->calls);
		htmlw__text(out, f->err ? names__errno(f->err, name, sizeof(name))
					: "with an error that is not known");
	}
	fputs("</p></section>\n", out);
}

void html_who__print(FILE *out, const struct report *r, const struct format_opts *o)
{
	put_processes(out, r, o);
	put_failures(out, r);
}
