// SPDX-License-Identifier: GPL-2.0
/* Schema aiostall-diff/1, described in docs/diff.md. */
#include <math.h>
#include <stdio.h>

#include "diff/print_diff.h"
#include "report/jsonw.h"

/* JSON has neither NaN nor infinity: null. */
static void number(struct jsonw *w, json_t *o, const char *key, double v)
{
	if (isfinite(v))
		jsonw__real(w, o, key, v);
	else
		jsonw__null(w, o, key);
}

static void write_recording(struct jsonw *w, json_t *o, const char *key, const struct sample *s)
{
	json_t *rec = jsonw__object(w, o, key);

	jsonw__str(w, rec, "file", s->name);
	if (s->series->apis)
		jsonw__str(w, rec, "api",
			   api__name(s->series->apis == API_BIT(API_AIO) ? API_AIO : API_URING));
	jsonw__u64(w, rec, "slices", s->series->nr_slices);
	jsonw__u64(w, rec, "duration_ns", s->duration_ns);
	jsonw__u64(w, rec, "submits",
		   whole_number(series_row__sum(s->series->rows[0], SERIES_SUBMITS)));
	jsonw__u64(w, rec, "requests",
		   whole_number(series_row__sum(s->series->rows[0], SERIES_REQUESTS)));
	jsonw__bool(w, rec, "any_loss", s->series->any_loss);
	jsonw__bool(w, rec, "left_out", s->left_out);
}

static void write_environment(struct jsonw *w, json_t *o, const struct diff *d)
{
	json_t *warnings = jsonw__array(w, o, "warnings");
	json_t *facts = jsonw__array(w, o, "environment");

	for (size_t i = 0; i < d->nr_warnings; i++)
		jsonw__add_str(w, warnings, d->warnings[i].text);
	for (size_t i = 0; i < d->nr_facts; i++) {
		json_t *f = jsonw__item(w, facts);

		jsonw__str(w, f, "what", d->facts[i].what);
		jsonw__str(w, f, "of", d->facts[i].of);
		jsonw__str(w, f, "old", d->facts[i].old);
		jsonw__str(w, f, "new", d->facts[i].new);
	}
}

static void write_row(struct jsonw *w, json_t *rows, const struct diff_row *r)
{
	json_t *o = jsonw__item(w, rows);

	jsonw__str(w, o, "measure", r->measure->id);
	number(w, o, "old", r->old);
	number(w, o, "new", r->new);
	number(w, o, "ratio", r->c.ratio);
	jsonw__bool(w, o, "tested", r->c.tested);
	number(w, o, "ratio_low", r->c.tested ? r->c.low : NAN);
	number(w, o, "ratio_high", r->c.tested ? r->c.high : NAN);
	number(w, o, "p", r->c.tested ? r->c.p : NAN);
	number(w, o, "p_family", r->c.tested ? r->p : NAN);
	jsonw__bool(w, o, "different", r->different);
}

static void write_group(struct jsonw *w, json_t *groups, const struct diff_group *g)
{
	static const char *const presence[] = {
		[PRESENT_BOTH] = "both",
		[PRESENT_NEW] = "new",
		[PRESENT_OLD] = "old",
		[PRESENT_NONE] = "none",
	};
	const struct series_row *fs = g->new_fs ? g->new_fs : g->old_fs;
	json_t *o = jsonw__item(w, groups), *rows;

	jsonw__str(w, o, "scope", g->whole ? "all" : *g->cause ? "cause" : "filesystem");
	jsonw__str(w, o, "fstype", fs->fstype);
	jsonw__str(w, o, "mount", fs->mount);
	jsonw__str(w, o, "device_name", fs->device);
	if (!g->whole)
		jsonw__str(w, o, "api", api__name(fs->api));
	jsonw__str(w, o, "cause", g->cause);
	if (*g->cause)
		jsonw__str(w, o, "plane", plane__name(g->plane));
	jsonw__str(w, o, "present", presence[g->presence]);
	jsonw__bool(w, o, "appeared", g->appeared);
	jsonw__bool(w, o, "vanished", g->vanished);
	rows = jsonw__array(w, o, "measures");
	for (size_t i = 0; i < g->nr_rows; i++)
		write_row(w, rows, &g->rows[i]);
}

static void write_frames(struct jsonw *w, json_t *o, const struct sample_stack *st)
{
	json_t *frames = jsonw__array(w, o, "frames");

	for (uint32_t i = 0; i < st->depth; i++)
		jsonw__add_str(w, frames, st->frames[i]);
}

static void write_stack(struct jsonw *w, json_t *stacks, const struct diff_stack *st)
{
	json_t *o = jsonw__item(w, stacks);

	jsonw__str(w, o, "cause", st->cause);
	jsonw__str(w, o, "present", st->old && st->new ? "both" : st->new ? "new" : "old");
	number(w, o, "old_share", st->old_share);
	number(w, o, "new_share", st->new_share);
	write_frames(w, o, st->new ? st->new : st->old);
}

static void write_gate(struct jsonw *w, json_t *o, const struct gate *g, const struct diff *d)
{
	json_t *list = jsonw__array(w, o, "fail_on");
	char where[160];

	for (size_t i = 0; i < g->nr; i++) {
		const char *tripped = gate__tripped(g, i, d, where, sizeof(where));
		json_t *c = jsonw__item(w, list);

		jsonw__str(w, c, "condition", g->clauses[i].text);
		jsonw__bool(w, c, "failed", tripped != NULL);
		jsonw__str(w, c, "where", tripped);
	}
}

static void write_diff(struct jsonw *w, json_t *list, const struct diff *d, const struct gate *gate)
{
	json_t *o = jsonw__item(w, list), *groups, *stacks;

	jsonw__bool(w, o, "across_api", d->across_api);
	write_recording(w, o, "old", d->old);
	write_recording(w, o, "new", d->new);
	write_environment(w, o, d);
	jsonw__u64(w, o, "tests", d->nr_tests);
	jsonw__u64(w, o, "different", d->nr_different);
	groups = jsonw__array(w, o, "groups");
	for (size_t i = 0; i < d->nr_groups; i++)
		write_group(w, groups, &d->groups[i]);
	stacks = jsonw__array(w, o, "stacks");
	for (size_t i = 0; i < d->nr_stacks; i++)
		write_stack(w, stacks, &d->stacks[i]);
	write_gate(w, o, gate, d);
}

int diff_json__print(FILE *out, const struct diff_output *o, const struct format_opts *f)
{
	struct jsonw w = {0};
	json_t *root = json_object(), *list;

	(void)f;
	jsonw__str(&w, root, "schema", "aiostall-diff/1");
	jsonw__real(&w, root, "significance", o->significance);
	jsonw__real(&w, root, "margin", o->nr ? o->diffs[0]->margin : 0);
	list = jsonw__array(&w, root, "diffs");
	for (size_t i = 0; i < o->nr; i++)
		write_diff(&w, list, o->diffs[i], o->gate);
	return jsonw__finish(&w, root, out, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
}
