// SPDX-License-Identifier: GPL-2.0
#include "top/lines.h"

#include "report/jsonw.h"

static void put_figures(struct jsonw *w, json_t *o, const struct page_figures *f)
{
	if (f->has_calls) {
		jsonw__u64(w, o, "submits", f->submits);
		jsonw__u64(w, o, "submits_blocked", f->blocked_submits);
	} else {
		jsonw__null(w, o, "submits");
		jsonw__null(w, o, "submits_blocked");
	}
	jsonw__u64(w, o, "sleeps", f->sleeps);
	jsonw__u64(w, o, "blocked_ns", f->blocked_ns);
	jsonw__u64(w, o, "held_up_requests", f->held_up);
	jsonw__u64(w, o, "max_ns", f->max_ns);
}

static void put_rows(struct jsonw *w, json_t *root, const struct page *p, const struct screen *s)
{
	json_t *list = jsonw__array(w, root, "rows"), *causes;
	struct pool pool = {0};
	size_t nr;
	const struct page_row **rows = screen__rows(&pool, p, s, &nr);

	for (size_t i = 0; i < nr; i++) {
		json_t *o = jsonw__item(w, list);

		jsonw__str(w, o, "name", rows[i]->name);
		put_figures(w, o, &rows[i]->now);
		if (!rows[i]->nr_causes)
			continue;
		causes = jsonw__array(w, o, "causes");
		for (size_t k = 0; k < rows[i]->nr_causes; k++) {
			json_t *c = jsonw__item(w, causes);

			jsonw__str(w, c, "id", rows[i]->causes[k].key);
			jsonw__u64(w, c, "sleeps", rows[i]->causes[k].now.sleeps);
			jsonw__u64(w, c, "blocked_ns", rows[i]->causes[k].now.blocked_ns);
		}
	}
	pool__clear(&pool);
}

int top_lines__print(FILE *out, const struct page *p, const struct screen *s)
{
	json_t *root = json_object(), *list;
	struct jsonw w = {0};

	jsonw__str(&w, root, "schema", "aiostall-top/1");
	jsonw__str(&w, root, "hostname", p->host);
	jsonw__u64(&w, root, "elapsed_ns", p->elapsed_ns);
	jsonw__bool(&w, root, "interval", s->interval);
	jsonw__str(&w, root, "by", p->by);
	put_figures(&w, jsonw__object(&w, root, "totals"), &p->total);
	put_rows(&w, root, p, s);
	list = jsonw__array(&w, root, "asleep");
	for (size_t i = 0; i < p->nr_asleep; i++) {
		json_t *o = jsonw__item(&w, list);

		jsonw__u64(&w, o, "age_ns", p->asleep[i].age_ns);
		jsonw__bool(&w, o, "before_tracing", p->asleep[i].at_least);
		jsonw__str(&w, o, "thread", p->asleep[i].who);
		jsonw__str(&w, o, "cause", p->asleep[i].cause);
		jsonw__str(&w, o, "filesystem", p->asleep[i].where);
		jsonw__str(&w, o, "file", p->asleep[i].path);
	}
	jsonw__str(&w, root, "lost", p->losses);
	return jsonw__finish(&w, root, out, JSON_COMPACT);
}
