// SPDX-License-Identifier: GPL-2.0
#include "qualify/result_json.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "qualify/print_result.h"
#include "qualify/summary.h"
#include "report/jsonw.h"

struct number {
	const char *name;
	size_t offset;
};

#define NUMBER(field)                                                                              \
	{                                                                                          \
#field, offsetof(struct figures, field)                                            \
	}
static const struct number numbers[] = {
	NUMBER(requests),      NUMBER(submits),	    NUMBER(submits_blocked), NUMBER(sleeps),
	NUMBER(refused),       NUMBER(failed),	    NUMBER(inside),	     NUMBER(bytes),
	NUMBER(request_bytes), NUMBER(held_p50_ns), NUMBER(held_p99_ns),     NUMBER(held_max_ns),
	NUMBER(done_p50_ns),   NUMBER(done_p99_ns), NUMBER(wall_ns),	     NUMBER(cpu_ns),
	NUMBER(residue_bytes), NUMBER(file_bytes),
};

static void put_cause(struct jsonw *w, json_t *o, const struct cell_cause *c)
{
	json_t *cause;

	if (!*c->id)
		return;
	cause = jsonw__object(w, o, "cause");
	jsonw__str(w, cause, "id", c->id);
	jsonw__str(w, cause, "name", c->name);
	jsonw__str(w, cause, "todo", c->todo);
	jsonw__str(w, cause, "frames", c->frames);
	jsonw__real(w, cause, "share", c->share);
	jsonw__u64(w, cause, "traced_sleeps", c->sleeps);
}

static void put_cell(struct jsonw *w, json_t *o, const struct cell *c)
{
	jsonw__str(w, o, "row", c->row);
	jsonw__str(w, o, "engine", c->engine);
	jsonw__str(w, o, "verdict", verdict__word(c->verdict));
	if (c->verdict == VERDICT_NA) {
		jsonw__str(w, o, "reason", c->reason);
		return;
	}
	jsonw__real(w, o, "ctxsw_per_io", cell__per_request(c, c->f.sleeps));
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		jsonw__u64(w, o, numbers[i].name,
			   *(const uint64_t *)((const char *)&c->f + numbers[i].offset));
	put_cause(w, o, &c->cause);
}

int result_json__print(const struct result *r, FILE *out, const struct format_opts *o)
{
	json_t *root = json_object(), *facts, *cells;
	struct jsonw w = {root ? 0 : -ENOMEM};
	char text[768];

	(void)o;
	jsonw__str(&w, root, "schema", RESULT_JSON_SCHEMA);
	jsonw__str(&w, root, "summary", summary__line(r, text, sizeof(text)));
	jsonw__str(&w, root, "place", r->place);
	jsonw__str(&w, root, "label", r->label);
	jsonw__str(&w, root, "kernel", r->kernel);
	jsonw__int(&w, root, "started_unix_ns", r->started_unix_ns);
	jsonw__u64(&w, root, "duration_ns", r->duration_ns);
	jsonw__bool(&w, root, "interrupted", r->interrupted);
	jsonw__bool(&w, root, "traced", r->traced);
	jsonw__str(&w, root, "untraced_why", r->untraced_why);
	facts = jsonw__object(&w, root, "facts");
	for (size_t i = 0; i < r->nr_facts; i++)
		jsonw__str(&w, facts, r->facts[i].name, r->facts[i].value);
	if (*r->warm_up.row)
		put_cell(&w, jsonw__object(&w, root, "warm_up"), &r->warm_up);
	cells = jsonw__array(&w, root, "cells");
	for (size_t i = 0; i < r->nr_cells; i++)
		put_cell(&w, jsonw__item(&w, cells), &r->cells[i]);
	return jsonw__finish(&w, root, out, JSON_INDENT(1));
}

/* A text of an object, "" if there is none; cut to fit. */
static void get_text(const json_t *o, const char *key, char *buf, size_t size)
{
	const char *text = json_string_value(json_object_get(o, key));

	snprintf(buf, size, "%s", text ? text : "");
}

static uint64_t get_number(const json_t *o, const char *key)
{
	json_int_t v = json_integer_value(json_object_get(o, key));

	return v > 0 ? (uint64_t)v : 0;
}

static double get_share(const json_t *o, const char *key)
{
	double v = json_number_value(json_object_get(o, key));

	return v >= 0 && v <= 1 ? v : 0;
}

static void get_cause(const json_t *o, struct cell_cause *c)
{
	if (!json_is_object(o))
		return;
	get_text(o, "id", c->id, sizeof(c->id));
	get_text(o, "name", c->name, sizeof(c->name));
	get_text(o, "todo", c->todo, sizeof(c->todo));
	get_text(o, "frames", c->frames, sizeof(c->frames));
	c->share = get_share(o, "share");
	c->sleeps = get_number(o, "traced_sleeps");
}

static bool get_cell(const json_t *o, struct cell *c)
{
	const char *word = json_string_value(json_object_get(o, "verdict"));
	int verdict = word ? verdict__find(word) : -1;

	get_text(o, "row", c->row, sizeof(c->row));
	get_text(o, "engine", c->engine, sizeof(c->engine));
	get_text(o, "reason", c->reason, sizeof(c->reason));
	if (verdict < 0 || !*c->row || !*c->engine)
		return false;
	c->verdict = (enum verdict)verdict;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		*(uint64_t *)((char *)&c->f + numbers[i].offset) = get_number(o, numbers[i].name);
	get_cause(json_object_get(o, "cause"), &c->cause);
	return true;
}

static void get_head(const json_t *root, struct result *r)
{
	const json_t *value;
	const char *key;

	get_text(root, "place", r->place, sizeof(r->place));
	get_text(root, "label", r->label, sizeof(r->label));
	get_text(root, "kernel", r->kernel, sizeof(r->kernel));
	get_text(root, "untraced_why", r->untraced_why, sizeof(r->untraced_why));
	r->started_unix_ns = (int64_t)get_number(root, "started_unix_ns");
	r->duration_ns = get_number(root, "duration_ns");
	r->traced = json_is_true(json_object_get(root, "traced"));
	r->interrupted = json_is_true(json_object_get(root, "interrupted"));
	json_object_foreach(json_object_get(root, "facts"), key, value) if (json_is_string(value))
		result__add_fact(r, key, json_string_value(value));
	if (!get_cell(json_object_get(root, "warm_up"), &r->warm_up))
		r->warm_up = (struct cell){0};
}

static int get_all(const json_t *root, struct result *r, const char *name, struct err *e)
{
	const char *schema = json_string_value(json_object_get(root, "schema"));
	const json_t *item;
	size_t i;

	if (!schema || strcmp(schema, RESULT_JSON_SCHEMA))
		return err__set(e, -EINVAL, "%s is no result of aiostall qualify --format json",
				name);
	get_head(root, r);
	json_array_foreach(json_object_get(root, "cells"), i, item)
	{
		struct cell *c = result__add_cell(r);

		if (!c)
			return err__set(e, -E2BIG, "%s: too many cells", name);
		if (!get_cell(item, c))
			return err__set(e, -EINVAL, "%s: cell %zu is damaged", name, i);
	}
	return 0;
}

/* The whole text, NUL-terminated; NULL if it is too long or cannot be read. */
static char *read_all(FILE *in, size_t *len)
{
	char *text = malloc(RESULT_JSON_MAX_BYTES + 1);

	if (!text)
		return NULL;
	*len = fread(text, 1, RESULT_JSON_MAX_BYTES + 1, in);
	if (ferror(in) || *len > RESULT_JSON_MAX_BYTES) {
		free(text);
		return NULL;
	}
	return text;
}

struct result *result_json__read(FILE *in, const char *name, struct err *e)
{
	size_t len = 0;
	char *text = read_all(in, &len);
	json_error_t why;
	json_t *root = text ? json_loadb(text, len, 0, &why) : NULL;
	struct result *r = NULL;

	if (!text)
		err__set(e, -EIO, "cannot read %s, or it has more than %u bytes", name,
			 RESULT_JSON_MAX_BYTES);
	else if (!root)
		err__set(e, -EINVAL, "%s is no JSON: line %d: %s", name, why.line, why.text);
	else if (!(r = result__new()))
		err__set(e, -ENOMEM, "out of memory");
	else if (get_all(root, r, name, e)) {
		result__free(r);
		r = NULL;
	}
	json_decref(root);
	free(text);
	return r;
}
