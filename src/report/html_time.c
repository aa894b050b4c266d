// SPDX-License-Identifier: GPL-2.0
#include "report/html_time.h"

#include <math.h>
#include <string.h>

#include "model/series.h"
#include "report/htmlw.h"

/* The data of all of them is some 200 KB at most: the page stays small enough for a mail. */
#define LANES_MAX 20
#define CAUSES_MAX 60
#define LANE_HEIGHT 24

struct times {
	const struct series *s;
	size_t nr; /* slices that are used */
	uint64_t slice_ns;
};

static bool is_of(const struct series_row *r, const struct fs_info *fs)
{
	return fs && r->api == fs->api && !strcmp(r->fstype, fs->fstype ? fs->fstype : "") &&
	       !strcmp(r->mount, fs->mount ? fs->mount : "") &&
	       !strcmp(r->device, fs->device_name ? fs->device_name : "");
}

/* Of the whole filesystem, NULL = there is none. */
static const struct series_row *lane_of(const struct series *s, const struct fs_info *fs)
{
	for (size_t i = 1; i < s->nr_rows; i++)
		if (!*s->rows[i]->cause && is_of(s->rows[i], fs))
			return s->rows[i];
	return NULL;
}

static bool sleeps(const struct series_row *r)
{
	return r && series_row__sum(r, SERIES_SLEEPS) > 0;
}

static uint64_t blocked_in(const struct series_row *r, size_t k)
{
	return (uint64_t)r->column[SERIES_BLOCKED_NS][k];
}

static size_t worst_of(const struct series_row *r, size_t nr)
{
	size_t worst = 0;

	for (size_t k = 1; k < nr; k++)
		if (blocked_in(r, k) > blocked_in(r, worst))
			worst = k;
	return worst;
}

/* What slept most on the filesystem then; "" = it is not known. */
static const char *cause_then(const struct series *s, const struct fs_info *fs, size_t k)
{
	const char *cause = "";
	uint64_t most = 0;

	for (size_t i = 1; i < s->nr_rows; i++) {
		const struct series_row *r = s->rows[i];

		if (!*r->cause || r->plane != PLANE_SUBMIT || !is_of(r, fs) ||
		    blocked_in(r, k) <= most)
			continue;
		most = blocked_in(r, k);
		cause = r->cause;
	}
	return cause;
}

/* As high as the root of the time: what is short is seen beside what is long. */
static void put_strip(FILE *out, const struct times *t, const struct series_row *r,
		      const char *name)
{
	double most = (double)blocked_in(r, worst_of(r, t->nr));

	fputs("<svg role=\"img\" preserveAspectRatio=\"none\" aria-label=\"", out);
	htmlw__text(out, name);
	fprintf(out, ": blocked time over the capture\" viewBox=\"0 0 %zu %d\"><path d=\"", t->nr,
		LANE_HEIGHT);
	for (size_t k = 0; k < t->nr; k++) {
		double v = (double)blocked_in(r, k);

		if (v > 0)
			fprintf(out, "M%zu %dv-%.1fh1v%.1fz", k, LANE_HEIGHT,
				2 + (LANE_HEIGHT - 2) * sqrt(v / most),
				2 + (LANE_HEIGHT - 2) * sqrt(v / most));
	}
	fputs("\"/></svg>\n", out);
}

static void put_lanes(FILE *out, const struct times *t, const struct report *r)
{
	const struct series_row *row;
	char name[8192];

	fputs("<div id=\"lanes\">\n", out);
	for (size_t i = 0, n = 0; i < r->nr_fs && n < LANES_MAX; i++) {
		row = lane_of(t->s, r->fs[i].fs);
		if (!sleeps(row))
			continue;
		n++;
		htmlw__fs_name(r->fs[i].fs, name, sizeof(name));
		fputs("<div class=\"lane\"><span class=\"name\">", out);
		htmlw__text(out, name);
		fputs("</span>", out);
		put_strip(out, t, row, name);
		fputs("</div>\n", out);
	}
	fputs("</div>\n", out);
}

static void put_table(FILE *out, const struct times *t, const struct report *r)
{
	size_t lanes = 0, shown;
	char name[8192];

	for (size_t i = 0; i < r->nr_fs; i++)
		lanes += sleeps(lane_of(t->s, r->fs[i].fs));
	shown = lanes < LANES_MAX ? lanes : LANES_MAX;
	htmlw__table(out, "When most was blocked",
		     "*filesystem|blocked|worst, after|blocked then|*mostly by then");
	for (size_t i = 0, n = 0; i < r->nr_fs && n < shown; i++) {
		const struct series_row *row = lane_of(t->s, r->fs[i].fs);
		size_t worst;

		if (!sleeps(row))
			continue;
		n++;
		worst = worst_of(row, t->nr);
		htmlw__row(out);
		htmlw__name(out, htmlw__fs_name(r->fs[i].fs, name, sizeof(name)));
		htmlw__time(out, row->sum.c.blocked_ns);
		htmlw__time(out, worst * t->slice_ns);
		htmlw__time(out, blocked_in(row, worst));
		htmlw__name(out, cause_then(t->s, r->fs[i].fs, worst));
		htmlw__row_end(out);
	}
	htmlw__table_end(out);
	htmlw__rest(out, lanes, shown, "more filesystem{|s}");
}

/* ---- for the script ---- */

static void put_tools(FILE *out, const struct times *t)
{
	fprintf(out,
		"<div id=\"time-tools\" hidden><div class=\"tools\"><label>from <input id=\"from\" "
		"type=\"range\" min=\"0\" max=\"%zu\" value=\"0\"></label> <label>to <input "
		"id=\"to\" type=\"range\" min=\"1\" max=\"%zu\" value=\"%zu\"></label> <button "
		"class=\"b\" id=\"all-time\" type=\"button\">all of it</button></div>\n<p "
		"id=\"time-note\" aria-live=\"polite\"></p>\n",
		t->nr - 1, t->nr, t->nr);
	htmlw__table(out, "In the chosen time", "*filesystem|*cause|sleeps|blocked");
	htmlw__table_end(out);
	fputs("</div>\n", out);
}

static void put_cells(FILE *out, const struct times *t, const struct series_row *r)
{
	bool any = false;

	for (size_t k = 0; k < t->nr; k++) {
		if (r->column[SERIES_SLEEPS][k] <= 0)
			continue;
		fprintf(out, "%s[%zu,%.0f,%llu]", any ? "," : "", k, r->column[SERIES_SLEEPS][k],
			(unsigned long long)blocked_in(r, k));
		any = true;
	}
}

/* Causes of the submitter itself: those of planes are no part of its time. */
static void put_data(FILE *out, const struct times *t, const struct report *r)
{
	size_t n = 0;

	fprintf(out,
		"<script type=\"application/json\" id=\"times\">{\"slices\":%zu,\"slice_ns\":%llu,"
		"\"rows\":[",
		t->nr, (unsigned long long)t->slice_ns);
	for (size_t i = 0; i < r->nr_fs; i++) {
		for (size_t k = 1; k < t->s->nr_rows && n < CAUSES_MAX; k++) {
			const struct series_row *row = t->s->rows[k];

			if (!*row->cause || row->plane != PLANE_SUBMIT || !is_of(row, r->fs[i].fs))
				continue;
			fprintf(out, "%s[%zu,", n++ ? ",\n" : "", i);
			htmlw__json(out, row->cause);
			fputs(",[", out);
			put_cells(out, t, row);
			fputs("]]", out);
		}
	}
	fputs("]}\n</script>\n", out);
}

void html_time__print(FILE *out, const struct report *r, const struct format_opts *o)
{
	/* of a part of it nobody would know which */
	const struct series *s = o && o->series && !o->series->err ? o->series : NULL;
	struct times t = {s, s ? series__used(s) : 0, 0};
	bool any = false;
	char each[32];

	for (size_t i = 0; s && i < r->nr_fs; i++)
		any |= sleeps(lane_of(s, r->fs[i].fs));
	if (!any || t.nr < 2)
		return;
	t.slice_ns =
		(uint64_t)((double)r->capture->duration_ns * (double)s->merged / (double)s->seen);
	fputs("<section aria-labelledby=\"h-time\"><h2 id=\"h-time\">When</h2>\n", out);
	put_lanes(out, &t, r);
	fprintf(out,
		"<p class=\"soft\">From the start of the capture to its end, %s a step; as high as "
		"the root of the time blocked in it.%s</p>\n",
		fmt__duration(t.slice_ns, each, sizeof(each)),
		s->left_out ? " Some causes or filesystems are not among them." : "");
	put_table(out, &t, r);
	put_tools(out, &t);
	put_data(out, &t, r);
	fputs("</section>\n", out);
}
