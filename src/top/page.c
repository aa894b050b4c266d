// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE /* open_memstream */
#include "top/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/loss.h"
#include "model/sums.h"
#include "report/print.h"
#include "report/text_causes.h"
#include "report/verdict.h"

/* A copy that does no harm to a terminal. */
static const char *safe(struct page *p, const char *s)
{
	size_t size = 4 * strlen(s ? s : "") + 1;
	char *to = pool__array(&p->pool, size, 1);

	if (!to)
		return "";
	esc__terminal(s ? s : "", to, size);
	return to;
}

static const char *joined(struct page *p, const char *a, const char *between, const char *b)
{
	size_t size = strlen(a) + strlen(between) + strlen(b) + 1;
	char *to = pool__array(&p->pool, size, 1);

	if (!to)
		return "";
	snprintf(to, size, "%s%s%s", a, between, b);
	return to;
}

/* "ext4 /data (sda1)" */
static const char *fs_name(struct page *p, const struct fs_info *fs)
{
	const char *device = fs->device_name ? fs->device_name : "";
	const char *name = safe(p, fs->fstype);

	if (fs->mount && *fs->mount)
		name = joined(p, name, " ", safe(p, fs->mount));
	return *device ? joined(p, joined(p, name, " (", safe(p, device)), ")", "") : name;
}

static struct page_figures figures(const struct counters *c, uint64_t p99_ns, bool has_calls)
{
	return (struct page_figures){
		.has_calls = has_calls,
		.submits = c->submits,
		.blocked_submits = c->submits_blocked,
		.sleeps = c->sleeps,
		.blocked_ns = c->blocked_ns,
		.held_up = c->held_up_requests,
		.p99_ns = p99_ns,
		.max_ns = c->max_sleep_ns,
	};
}

/* As the text report has it in full, without the line of the filesystem, which is above already. */
static const char *detail(struct page *p, const struct report_fs *f, size_t i, int width)
{
	struct report_fs one = *f;
	const struct format_opts o = {.width = width, .full = true};
	struct print *print = calloc(1, sizeof(*print));
	char *text = NULL;
	const char *kept;
	size_t size;
	FILE *out = print ? open_memstream(&text, &size) : NULL;

	one.causes = &f->causes[i];
	one.nr_causes = 1;
	if (out) {
		print__init(print, out, &o);
		text_causes__print(print, &one, &o);
		fclose(out);
	}
	free(print);
	kept = pool__str(&p->pool, text);
	free(text);
	return kept;
}

static struct page_row cause_row(struct page *p, const char *id, const char *name)
{
	return (struct page_row){
		.key = safe(p, id),
		.name = *name ? joined(p, safe(p, id), ": ", safe(p, name)) : safe(p, id),
		.detail = "",
	};
}

static void take_causes(struct page *p, struct page_row *row, const struct report_fs *f, int width)
{
	row->causes = pool__array(&p->pool, f->nr_causes, sizeof(*row->causes));
	for (size_t i = 0; row->causes && i < f->nr_causes; i++) {
		const struct report_cause *c = &f->causes[i];
		struct page_row *to = &row->causes[row->nr_causes++];

		*to = cause_row(p, c->id, c->name);
		to->detail = detail(p, f, i, width);
		to->all = to->now = (struct page_figures){
			.sleeps = c->sleeps,
			.blocked_ns = c->blocked_ns,
			.held_up = c->held_up_requests,
			.max_ns = c->max_ns,
		};
	}
}

static void take_filesystems(struct page *p, const struct report *r, int width)
{
	p->rows = pool__array(&p->pool, r->nr_fs, sizeof(*p->rows));
	for (size_t i = 0; p->rows && i < r->nr_fs && i < PAGE_ROWS_MAX; i++) {
		const struct report_fs *f = &r->fs[i];
		struct page_row *row = &p->rows[p->nr_rows++];

		row->name = fs_name(p, f->fs);
		row->key = joined(p, api__name(f->fs->api), " ", row->name);
		row->all = row->now = figures(&f->c, f->sleep.p99, !p->sleeps_only);
		take_causes(p, row, f, width);
	}
	p->rows_left_out = r->nr_fs - p->nr_rows;
}

static void take_groups(struct page *p, const struct report *r)
{
	p->by = pool__str(&p->pool, r->by[0]);
	p->rows = pool__array(&p->pool, r->nr_groups, sizeof(*p->rows));
	for (size_t i = 0; p->rows && i < r->nr_groups && i < PAGE_ROWS_MAX; i++) {
		const struct report_group *g = &r->groups[i];
		struct page_row *row = &p->rows[p->nr_rows++];

		row->key = safe(p, g->values[0]);
		row->name = *row->key ? row->key : "(not known)";
		row->all = row->now = figures(&g->c, g->p99, g->has_submits && !p->sleeps_only);
	}
	p->rows_left_out = r->nr_groups - p->nr_rows;
}

static void take_asleep(struct page *p, const struct report *r)
{
	char who[160], comm[80];

	p->asleep = pool__array(&p->pool, r->nr_unfinished, sizeof(*p->asleep));
	for (size_t i = 0; p->asleep && i < r->nr_unfinished; i++) {
		const struct ev_unfinished *ev = &r->unfinished[i].ev;

		esc__terminal(ev->who.comm ? ev->who.comm : "", comm, sizeof(comm));
		snprintf(who, sizeof(who), "%s/%u", comm, ev->who.tid);
		p->asleep[p->nr_asleep++] = (struct page_asleep){
			.age_ns = ev->age_ns,
			.at_least = ev->before_tracing,
			.who = pool__str(&p->pool, who),
			.cause = safe(p, r->unfinished[i].cause_id),
			.where = ev->fs ? fs_name(p, ev->fs) : "(unknown)",
			.path = safe(p, ev->req.path),
		};
	}
}

static void take_capture(struct page *p, const struct report *r)
{
	const struct capture_info *c = r->capture;
	char words[1024], verdict[VERDICT_SIZE] = "";
	struct print *print = calloc(1, sizeof(*print));

	p->host = safe(p, c->host.hostname);
	p->kernel = safe(p, c->host.kernel);
	p->probes = print ? safe(p, print__probes(print, c)) : "";
	free(print);
	p->losses = r->any_loss ? pool__str(&p->pool, loss__words(&r->loss, LOSS_INCOMPLETE, words,
								  sizeof(words)))
				: "";
	if (r->nr_fs)
		verdict__sentence(&r->fs[0], verdict, sizeof(verdict));
	p->verdict = r->nr_fs ? joined(p, fs_name(p, r->fs[0].fs), ": ", safe(p, verdict)) : "";
	p->all_ns = p->elapsed_ns = c->duration_ns;
	p->sleeps_only = capture__sleeps_only(c);
	p->all = p->total = figures(&r->totals, r->sleep.p99, !p->sleeps_only);
}

bool page__make(struct page *p, const struct report *r, int width)
{
	*p = (struct page){.by = view_by__name(BY_FS)};
	take_capture(p, r);
	if (r->nr_by)
		take_groups(p, r);
	else
		take_filesystems(p, r, width);
	take_asleep(p, r);
	return !p->pool.failed;
}

/* Of the filesystem on which it cost most. */
static const char *detail_of(struct page *p, const struct report *r, const char *id,
			     const char **name, int width)
{
	const struct report_fs *worst = NULL;
	size_t at = 0;

	*name = "";
	for (size_t i = 0; i < r->nr_fs; i++) {
		for (size_t k = 0; k < r->fs[i].nr_causes; k++) {
			const struct report_cause *c = &r->fs[i].causes[k];

			if (strcmp(c->id, id) != 0 ||
			    (worst && worst->causes[at].blocked_ns >= c->blocked_ns))
				continue;
			worst = &r->fs[i];
			at = k;
			*name = c->name;
		}
	}
	return worst ? detail(p, worst, at, width) : "";
}

static bool add_cause(struct page *p, struct page_row *row, size_t room, const struct report *r,
		      const struct report_group *g, int width)
{
	const char *name, *text = detail_of(p, r, g->values[1], &name, width);
	struct page_row *to;

	if (!row->causes)
		row->causes = pool__array(&p->pool, room, sizeof(*row->causes));
	if (!row->causes)
		return false;
	to = &row->causes[row->nr_causes++];
	*to = cause_row(p, g->values[1], name);
	to->detail = text;
	to->all = to->now = figures(&g->c, g->p99, false);
	return true;
}

bool page__add_causes(struct page *p, const struct report *r, int width)
{
	const char **keys = pool__array(&p->pool, r->nr_groups, sizeof(*keys));

	for (size_t k = 0; keys && k < r->nr_groups; k++)
		keys[k] = safe(p, r->groups[k].values[0]);
	for (size_t i = 0; keys && i < p->nr_rows; i++) {
		size_t room = 0;

		for (size_t k = 0; k < r->nr_groups; k++)
			room += !strcmp(keys[k], p->rows[i].key);
		for (size_t k = 0; k < r->nr_groups; k++)
			if (!strcmp(keys[k], p->rows[i].key) &&
			    !add_cause(p, &p->rows[i], room, r, &r->groups[k], width))
				return false;
	}
	return !p->pool.failed;
}

static struct page_figures less(const struct page_figures *f, const struct page_figures *e)
{
	struct page_figures d = *f;

	d.submits = sat_sub(f->submits, e->submits);
	d.blocked_submits = sat_sub(f->blocked_submits, e->blocked_submits);
	d.sleeps = sat_sub(f->sleeps, e->sleeps);
	d.blocked_ns = sat_sub(f->blocked_ns, e->blocked_ns);
	d.held_up = sat_sub(f->held_up, e->held_up);
	return d;
}

static void subtract_rows(struct page_row *rows, size_t nr, const struct page_row *earlier,
			  size_t nr_earlier)
{
	for (size_t i = 0; i < nr; i++) {
		size_t k = 0;

		/* their order seldom changes much */
		if (i < nr_earlier && !strcmp(earlier[i].key, rows[i].key))
			k = i;
		else
			while (k < nr_earlier && strcmp(earlier[k].key, rows[i].key) != 0)
				k++;
		if (k == nr_earlier)
			continue;
		rows[i].now = less(&rows[i].all, &earlier[k].all);
		subtract_rows(rows[i].causes, rows[i].nr_causes, earlier[k].causes,
			      earlier[k].nr_causes);
	}
}

void page__subtract(struct page *p, const struct page *earlier)
{
	p->elapsed_ns = sat_sub(p->all_ns, earlier->all_ns);
	p->total = less(&p->all, &earlier->all);
	subtract_rows(p->rows, p->nr_rows, earlier->rows, earlier->nr_rows);
}

void page__free(struct page *p)
{
	pool__clear(&p->pool);
	*p = (struct page){0};
}
