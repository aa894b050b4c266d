// SPDX-License-Identifier: GPL-2.0
/* The report as one page that needs nothing else: headings and tables first, scripts only add to them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cause/causes.h"
#include "model/loss.h"
#include "report/formats.h"
#include "report/html_flame.h"
#include "report/html_time.h"
#include "report/html_who.h"
#include "report/htmlw.h"
#include "report/names.h"
#include "report/print.h"
#include "report/verdict.h"

static size_t shown_of(size_t nr, const struct format_opts *o)
{
	return htmlw__shown(nr, o ? o->top : 0);
}

/* ---- the beginning ---- */

static void put_losses(FILE *out, const struct report *r)
{
	char words[2048];

	if (r->any_loss) {
		fputs(r->incomplete ? "<p class=\"alarm\" role=\"alert\">Incomplete, the figures "
				      "are lower bounds: "
				    : "<p class=\"soft\">Lost, less than --max-loss: ",
		      out);
		htmlw__text(out, loss__words(&r->loss, LOSS_INCOMPLETE, words, sizeof(words)));
		fputs("</p>\n", out);
	}
	if (*loss__words(&r->loss, LOSS_NOTE, words, sizeof(words)))
		htmlw__element(out, "p", "soft", words);
}

static void put_summary(FILE *out, const struct report *r)
{
	const struct capture_info *c = r->capture;
	char time[32], submits[32], requests[32];

	fprintf(out, "<p>Traced for %s", fmt__duration(c->duration_ns, time, sizeof(time)));
	if (!capture__sleeps_only(c))
		fprintf(out, ": %s submit%s of %s request%s",
			fmt__count(r->totals.submits, submits, sizeof(submits)),
			plural(r->totals.submits),
			fmt__count(r->totals.requests, requests, sizeof(requests)),
			plural(r->totals.requests));
	fprintf(out, "; %s sleep%s inside them",
		fmt__count(r->totals.sleeps, submits, sizeof(submits)), plural(r->totals.sleeps));
	fprintf(out, ", %s blocked in total.</p>\n",
		fmt__duration(r->totals.blocked_ns, time, sizeof(time)));
}

static void put_verdicts(FILE *out, const struct report *r, const struct format_opts *o)
{
	size_t shown = shown_of(r->nr_fs, o);
	char verdict[VERDICT_SIZE], name[8192];

	fputs("<section aria-labelledby=\"h-verdict\"><h2 id=\"h-verdict\">Verdict</h2>\n", out);
	if (!shown)
		fputs("<p>No submit was seen.</p>\n", out);
	else
		fputs("<ul>\n", out);
	for (size_t i = 0; i < shown; i++) {
		const struct report_fs *f = &r->fs[i];

		fprintf(out, "<li><strong%s>%s</strong>: <span class=\"name\">",
			f->severity == SEVERITY_HURTS ? " class=\"alarm\"" : "",
			severity__name(f->severity));
		htmlw__text(out, htmlw__fs_name(f->fs, name, sizeof(name)));
		fputs("</span>: ", out);
		htmlw__text(out, verdict__sentence(f, verdict, sizeof(verdict)));
		fputs("</li>\n", out);
	}
	if (shown)
		fputs("</ul>\n", out);
	htmlw__rest(out, r->nr_fs, shown, "more filesystem{|s}");
	if (*verdict__unwatched(r, verdict, sizeof(verdict)))
		htmlw__element(out, "p", "soft", verdict);
	fputs("</section>\n", out);
}

/* ---- tables ---- */

static void put_filesystems(FILE *out, const struct report *r, const struct format_opts *o)
{
	bool calls = !capture__sleeps_only(r->capture);
	size_t shown = shown_of(r->nr_fs, o);
	char name[8192];

	if (!shown)
		return;
	fputs("<section aria-labelledby=\"h-fs\"><h2 id=\"h-fs\">Filesystems</h2>\n", out);
	htmlw__table(out, "Filesystems",
		     "*filesystem|submits|blocked %|sleeps per request|sleeps|blocked|p50|p99|max|"
		     "held up");
	for (size_t i = 0; i < shown; i++) {
		const struct report_fs *f = &r->fs[i];

		htmlw__row(out);
		htmlw__name(out, htmlw__fs_name(f->fs, name, sizeof(name)));
		htmlw__count(out, f->c.submits, calls);
		htmlw__share(out, f->blocked_share, calls);
		if (calls)
			fprintf(out, "<td data-v=\"%.6f\">%.2f</td>", f->ctxsw_per_io,
				f->ctxsw_per_io);
		else
			fputs("<td data-v=\"-1\">?</td>", out);
		htmlw__count(out, f->c.sleeps, true);
		htmlw__time(out, f->c.blocked_ns);
		htmlw__time(out, f->sleep.p50);
		htmlw__time(out, f->sleep.p99);
		htmlw__time(out, f->sleep.max);
		htmlw__count(out, f->c.held_up_requests, true);
		htmlw__row_end(out);
	}
	htmlw__table_end(out);
	fputs("<p class=\"soft\">blocked %: submits that slept at least once. blocked: time "
	      "asleep, all "
	      "submits together. p50, p99, max: of one sleep. held up: requests that waited behind "
	      "a "
	      "sleeping one of the same call. Sleeps per request below 0.1 are "
	      "good.</p></section>\n",
	      out);
}

static void put_worst(FILE *out, const struct report_cause *c)
{
	char text[8192], max[32];

	if (!c->nr_stacks)
		return;
	snprintf(text, sizeof(text), "%s by %s, pid %u", fmt__duration(c->max_ns, max, sizeof(max)),
		 c->worst_comm ? c->worst_comm : "", c->worst_pid);
	htmlw__fact(out, "worst", text);
	htmlw__fact(out, "its file", c->worst_path);
	if (c->worst_how != HOW_EXACT && c->worst_how != HOW_SCANNED)
		return;
	snprintf(text, sizeof(text), "%llu of %u (%s), %s, offset %llu, length %llu",
		 c->worst_index + 1ULL, c->worst_nr, names__how(c->worst_how),
		 c->worst_op ? c->worst_op : "", (unsigned long long)c->worst_offset,
		 (unsigned long long)c->worst_len_bytes);
	htmlw__fact(out, "its request", text);
}

static void put_wakers(FILE *out, const struct report_cause *c)
{
	char n[32];

	if (!c->nr_wakers)
		return;
	fputs("<dt>woken by</dt><dd>", out);
	for (size_t i = 0; i < c->nr_wakers && i < 6; i++) {
		fputs(i ? ", " : "", out);
		htmlw__text(out, c->wakers[i].comm);
		fprintf(out, " (%s)", fmt__count(c->wakers[i].sleeps, n, sizeof(n)));
	}
	fputs(c->nr_wakers > 6 ? ", ...</dd>\n" : "</dd>\n", out);
}

static void put_holders(FILE *out, const struct report_cause *c)
{
	char n[32];

	if (!c->nr_holders)
		return;
	fputs("<dt>lock held by</dt><dd>", out);
	for (size_t i = 0; i < c->nr_holders && i < 6; i++) {
		fputs(i ? ", " : "", out);
		htmlw__text(out, c->holders[i].comm);
		fprintf(out, " (%s)", fmt__count(c->holders[i].sleeps, n, sizeof(n)));
	}
	fputs(c->nr_holders > 6 ? ", ...</dd>\n" : "</dd>\n", out);
}

static void put_stacks(FILE *out, const struct report_cause *c, const struct format_opts *o)
{
	size_t shown = c->nr_stacks < 5 ? c->nr_stacks : 5;

	if (!shown)
		return;
	htmlw__table(out, "Stacks", "*stack, innermost first|sleeps|blocked|max");
	for (size_t i = 0; i < shown; i++) {
		const struct report_stack *s = &c->stacks[i];

		htmlw__row(out);
		fputs("<td class=\"t name\">", out);
		for (uint32_t k = 0; s->stack && k < s->stack->depth; k++) {
			fputs(k ? " &lt; " : "", out);
			htmlw__text(out, s->stack->frames[k]);
		}
		if (s->doubt) {
			fputs(" (not certain: no rule knows ", out);
			htmlw__text(out, s->doubt);
			fputs(")", out);
		}
		fputs("</td>", out);
		htmlw__count(out, s->sleeps, true);
		htmlw__time(out, s->blocked_ns);
		htmlw__time(out, s->max_ns);
		htmlw__row_end(out);
	}
	htmlw__table_end(out);
	htmlw__rest(out, c->nr_stacks, shown, "more stack{|s}");
	(void)o;
}

static void put_files(FILE *out, const struct report_file *files, size_t nr,
		      const struct format_opts *o)
{
	size_t shown = shown_of(nr, o);

	shown = shown < 10 ? shown : 10;
	if (!shown)
		return;
	htmlw__table(out, "Files", "*file|sleeps|blocked|max");
	for (size_t i = 0; i < shown; i++) {
		htmlw__row(out);
		htmlw__name(out, files[i].path);
		htmlw__count(out, files[i].sleeps, true);
		htmlw__time(out, files[i].blocked_ns);
		htmlw__time(out, files[i].max_ns);
		htmlw__row_end(out);
	}
	htmlw__table_end(out);
	htmlw__rest(out, nr, shown, "more file{|s}");
}

static void put_cause(FILE *out, const struct report_cause *c, const struct format_opts *o)
{
	char share[32], sleeps[32], time[32], doubt[512];

	fputs("<details open><summary><span class=\"name\">", out);
	htmlw__text(out, c->id);
	fprintf(out, "</span>%s: ", c->doubt ? " (not certain)" : "");
	htmlw__text(out, c->name);
	fputs(" (", out);
	htmlw__text(out, fmt__percent(c->share, share, sizeof(share)));
	fprintf(out, " of the blocked time, %s sleep%s, %s)</summary>\n<dl>\n",
		fmt__count(c->sleeps, sleeps, sizeof(sleeps)), plural(c->sleeps),
		fmt__duration(c->blocked_ns, time, sizeof(time)));
	if (c->doubt)
		htmlw__fact(out, "doubt", causes__say_doubt(c->doubt, true, doubt, sizeof(doubt)));
	htmlw__fact(out, "what to do", c->advice);
	htmlw__fact(out, "on this host", c->facts);
	htmlw__fact(out, "at", c->telling_frames);
	put_worst(out, c);
	put_wakers(out, c);
	put_holders(out, c);
	fputs("</dl>\n", out);
	put_stacks(out, c, o);
	put_files(out, c->files, c->nr_files, o);
	fputs("</details>\n", out);
}

static void put_causes(FILE *out, const struct report *r, const struct format_opts *o)
{
	char name[8192];

	for (size_t i = 0; i < shown_of(r->nr_fs, o); i++) {
		const struct report_fs *f = &r->fs[i];
		size_t shown = shown_of(f->nr_causes, o);

		if (!shown)
			continue;
		fputs("<section>", out);
		htmlw__element(out, "h2", "", htmlw__fs_name(f->fs, name, sizeof(name)));
		if (f->fs && f->fs->mount_options && *f->fs->mount_options)
			htmlw__element(out, "p", "soft", f->fs->mount_options);
		for (size_t c = 0; c < shown; c++)
			put_cause(out, &f->causes[c], o);
		htmlw__rest(out, f->nr_causes, shown, "more cause{|s}");
		fputs("</section>\n", out);
	}
}

/* First of all: a device that hangs is nowhere else. */
static void put_unfinished(FILE *out, const struct report *r, const struct format_opts *o)
{
	size_t shown = shown_of(r->nr_unfinished, o);
	char name[8192];

	if (!shown)
		return;
	fputs("<section aria-labelledby=\"h-asleep\"><h2 id=\"h-asleep\">Sleeps that had not "
	      "ended</h2>\n",
	      out);
	htmlw__table(out, "Sleeps that had not ended",
		     "age|*program|thread|*filesystem|*cause|*file");
	for (size_t i = 0; i < shown; i++) {
		const struct report_unfinished *u = &r->unfinished[i];

		htmlw__row(out);
		htmlw__time(out, u->ev.age_ns);
		htmlw__name(out, u->ev.who.comm);
		fprintf(out, "<td data-v=\"%u\">%u</td>", u->ev.who.tid, u->ev.who.tid);
		htmlw__name(out, htmlw__fs_name(u->ev.fs, name, sizeof(name)));
		htmlw__name(out, u->cause_id);
		htmlw__name(out, u->ev.req.path);
		htmlw__row_end(out);
	}
	htmlw__table_end(out);
	htmlw__rest(out, r->nr_unfinished, shown, "more sleep{|s}");
	fputs("</section>\n", out);
}

static void put_slow(FILE *out, const struct report *r)
{
	char name[8192];

	if (!r->nr_slow)
		return;
	fputs("<section aria-labelledby=\"h-slow\"><h2 id=\"h-slow\">Slow, but not blocked</h2>\n",
	      out);
	htmlw__table(out, "Slow submits",
		     "*program|thread|*filesystem|requests|took|on a CPU|run queue|preempted");
	for (size_t i = 0; i < r->nr_slow; i++) {
		const struct report_slow *s = &r->slow[i];

		htmlw__row(out);
		htmlw__name(out, s->who.comm);
		fprintf(out, "<td data-v=\"%u\">%u</td>", s->who.tid, s->who.tid);
		htmlw__name(out, htmlw__fs_name(s->fs, name, sizeof(name)));
		htmlw__count(out, s->nr, true);
		htmlw__time(out, s->wall_ns);
		htmlw__time(out, s->on_cpu_ns);
		htmlw__time(out, s->runqueue_ns);
		htmlw__time(out, s->preempted_ns);
		htmlw__row_end(out);
	}
	htmlw__table_end(out);
	fputs("</section>\n", out);
}

static int put_capture(FILE *out, const struct report *r)
{
	const struct capture_info *c = r->capture;
	struct print *p = calloc(1, sizeof(*p));
	char text[64];

	fputs("<section aria-labelledby=\"h-how\"><h2 id=\"h-how\">Host and capture</h2>\n<dl>\n",
	      out);
	htmlw__fact(out, "host", c->host.hostname);
	htmlw__fact(out, "kernel", c->host.kernel);
	htmlw__fact(out, "architecture", c->host.arch);
	snprintf(text, sizeof(text), "%u", c->host.cpus);
	htmlw__fact(out, "CPUs", text);
	htmlw__fact(out, "command", c->command);
	htmlw__fact(out, "filters", c->filters);
	htmlw__fact(out, "probes", p ? print__probes(p, c) : "");
	htmlw__fact(out, "made by", "aiostall " AIOSTALL_VERSION);
	fputs("</dl></section>\n", out);
	free(p);
	return p ? 0 : -ENOMEM;
}

static void begin(FILE *out, const struct report *r)
{
	char title[256];

	snprintf(title, sizeof(title), "Submits that block on %s", r->capture->host.hostname);
	htmlw__begin(out, title);
	put_losses(out, r);
	put_summary(out, r);
}

int html__print(FILE *out, const struct report *r, const struct format_opts *o)
{
	int rc;

	begin(out, r);
	put_verdicts(out, r, o);
	put_unfinished(out, r, o);
	put_filesystems(out, r, o);
	html_who__print(out, r, o);
	html_time__print(out, r, o);
	rc = html_flame__print(out, r);
	put_causes(out, r, o);
	put_slow(out, r);
	if (!rc)
		rc = put_capture(out, r);
	htmlw__end(out);
	return rc ? rc : print__flush(out);
}

int groups_html__print(FILE *out, const struct report *r, const struct format_opts *o)
{
	size_t shown = shown_of(r->nr_groups, o);
	char heads[512] = "";
	size_t used = 0;
	int rc;

	for (size_t i = 0; i < r->nr_by && used < sizeof(heads); i++)
		used += (size_t)snprintf(heads + used, sizeof(heads) - used, "*%s|", r->by[i]);
	if (used < sizeof(heads))
		snprintf(heads + used, sizeof(heads) - used,
			 "sleeps|blocked|share|p50|p99|held up");
	begin(out, r);
	htmlw__table(out, "Groups", heads);
	for (size_t i = 0; i < shown; i++) {
		const struct report_group *g = &r->groups[i];

		htmlw__row(out);
		for (size_t k = 0; k < r->nr_by; k++)
			htmlw__name(out, g->values[k]);
		htmlw__count(out, g->c.sleeps, true);
		htmlw__time(out, g->c.blocked_ns);
		htmlw__share(out, g->share, true);
		htmlw__time(out, g->p50);
		htmlw__time(out, g->p99);
		htmlw__count(out, g->c.held_up_requests, true);
		htmlw__row_end(out);
	}
	htmlw__table_end(out);
	htmlw__rest(out, r->nr_groups, shown, "more row{|s}");
	rc = put_capture(out, r);
	htmlw__end(out);
	return rc ? rc : print__flush(out);
}
