// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "qualify/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"
#include "qualify/result.h"
#include "work/engine.h"

static int add_words(const char **words, size_t *nr, char *list, struct err *e)
{
	char *word;

	while ((word = strsep(&list, ","))) {
		if (!*word)
			return err__set(e, -EINVAL, "an empty name in a list");
		if (*nr >= PLAN_WORDS_MAX)
			return err__set(e, -E2BIG, "more than %d names", PLAN_WORDS_MAX);
		words[(*nr)++] = word;
	}
	return 0;
}

static bool is_of_any_row(const char *pattern)
{
	size_t nr;
	struct row *rows = row__all(&nr);
	bool found = false;
	char id[ROW_ID_MAX];

	for (size_t i = 0; rows && !found && i < nr; i++)
		found = row__matches(row__id(&rows[i], id, sizeof(id)), pattern);
	free(rows);
	return found;
}

static int no_such_row(const char *word, struct err *e)
{
	struct suggest s;
	const struct row_kind *k;

	err__set(e, -EINVAL, "no row is called \"%s\"", word);
	suggest__init(&s, word);
	for (size_t i = 0; (k = row_kind__at(i)); i++)
		suggest__offer(&s, k->word);
	if (suggest__best(&s))
		err__hint(e, "Did you mean %s? --rows list shows all.", suggest__best(&s));
	else
		err__hint(e, "--rows list shows all.");
	return -EINVAL;
}

int plan_opts__add_rows(struct plan_opts *o, char *list, struct err *e)
{
	size_t from = o->nr_rows;
	int rc = add_words(o->rows, &o->nr_rows, list, e);

	for (size_t i = from; !rc && i < o->nr_rows; i++)
		if (!is_of_any_row(o->rows[i]))
			rc = no_such_row(o->rows[i], e);
	return rc;
}

static int no_such_engine(const char *word, struct err *e)
{
	char names[256] = "";
	const struct engine_ops *ops;
	struct suggest s;

	suggest__init(&s, word);
	for (size_t i = 0; (ops = engine__at(i)); i++) {
		size_t len = strlen(names);

		suggest__offer(&s, ops->name);
		snprintf(names + len, sizeof(names) - len, "%s%s", len ? ", " : "", ops->name);
	}
	err__set(e, -EINVAL, "no engine is called \"%s\"; there are: %s, and all", word, names);
	if (suggest__best(&s))
		err__hint(e, "Did you mean %s?", suggest__best(&s));
	return -EINVAL;
}

int plan_opts__add_engines(struct plan_opts *o, char *list, struct err *e)
{
	size_t from = o->nr_engines;
	int rc = add_words(o->engines, &o->nr_engines, list, e);

	for (size_t i = from; !rc && i < o->nr_engines; i++)
		if (strcmp(o->engines[i], "all") != 0 && !engine__find(o->engines[i]))
			rc = no_such_engine(o->engines[i], e);
	return rc;
}

static bool wants_row(const struct plan_opts *o, size_t i, const struct row *r)
{
	char id[ROW_ID_MAX];

	if (!o->nr_rows)
		return o->full || i < row__nr_standard();
	row__id(r, id, sizeof(id));
	for (size_t k = 0; k < o->nr_rows; k++) {
		/* a word for many rows is of the standard ones, unless all are asked for */
		bool is_many = strcmp(id, o->rows[k]) != 0;

		if (row__matches(id, o->rows[k]) && (!is_many || o->full || i < row__nr_standard()))
			return true;
	}
	return false;
}

static bool wants_engine(const struct plan_opts *o, size_t i, const char *engine,
			 const struct row *r)
{
	if (!o->nr_engines)
		return i == 0 || (!o->nr_rows && row__compares_engines(r));
	for (size_t k = 0; k < o->nr_engines; k++)
		if (!strcmp(o->engines[k], "all") || !strcmp(o->engines[k], engine))
			return true;
	return false;
}

static int add(struct plan *p, const struct row *r, const char *engine)
{
	struct plan_cell *cells = realloc(p->cells, (p->nr + 1) * sizeof(*cells));

	if (!cells)
		return -ENOMEM;
	p->cells = cells;
	cells[p->nr++] = (struct plan_cell){*r, engine};
	return 0;
}

static int add_all(struct plan *p, const struct plan_opts *o)
{
	const struct engine_ops *ops;
	size_t nr;
	struct row *rows = row__all(&nr);
	int rc = rows ? 0 : -ENOMEM;

	for (size_t k = 0; !rc && (ops = engine__at(k)); k++)
		for (size_t i = 0; !rc && i < nr; i++)
			if (wants_row(o, i, &rows[i]) && wants_engine(o, k, ops->name, &rows[i]))
				rc = add(p, &rows[i], ops->name);
	free(rows);
	return rc;
}

int plan__make(struct plan *p, const struct plan_opts *o, struct err *e)
{
	*p = (struct plan){0};
	if (add_all(p, o))
		return err__set(e, -ENOMEM, "out of memory");
	if (p->nr > RESULT_CELLS_MAX)
		return err__set(e, -E2BIG, "%zu cells are too many: %d at most", p->nr,
				RESULT_CELLS_MAX);
	if (!p->nr)
		return err__set(e, -EINVAL,
				"none of the standard rows is one of these; see --full");
	return 0;
}

void plan__free(struct plan *p)
{
	free(p->cells);
	*p = (struct plan){0};
}
