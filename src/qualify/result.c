// SPDX-License-Identifier: GPL-2.0
#include "qualify/result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct result *result__new(void)
{
	return calloc(1, sizeof(struct result));
}

void result__free(struct result *r)
{
	if (r)
		free(r->cells);
	free(r);
}

void result__add_fact(struct result *r, const char *name, const char *value)
{
	struct fact *f;

	if (r->nr_facts >= RESULT_FACTS_MAX)
		return;
	f = &r->facts[r->nr_facts++];
	snprintf(f->name, sizeof(f->name), "%s", name);
	snprintf(f->value, sizeof(f->value), "%s", value);
}

const char *result__fact(const struct result *r, const char *name)
{
	for (size_t i = 0; i < r->nr_facts; i++)
		if (!strcmp(r->facts[i].name, name))
			return r->facts[i].value;
	return "";
}

struct cell *result__add_cell(struct result *r)
{
	struct cell *cells;

	if (r->nr_cells >= RESULT_CELLS_MAX)
		return NULL;
	cells = realloc(r->cells, (r->nr_cells + 1) * sizeof(*cells));
	if (!cells)
		return NULL;
	r->cells = cells;
	memset(&cells[r->nr_cells], 0, sizeof(*cells));
	return &cells[r->nr_cells++];
}

const struct cell *result__find(const struct result *r, const char *row, const char *engine)
{
	for (size_t i = 0; i < r->nr_cells; i++)
		if (!strcmp(r->cells[i].row, row) && !strcmp(r->cells[i].engine, engine))
			return &r->cells[i];
	return NULL;
}

/*
 * Whether the thread itself did what was done at its return. Of the other engines that is not known: a
 * device or another thread may have been fast.
 */
static bool does_it_itself(const struct cell *c)
{
	return !strcmp(c->engine, "aio") || !strcmp(c->engine, "nowait");
}

void cell__judge(struct cell *c)
{
	struct row row;
	bool known = row__find(c->row, &row);
	bool is_idle = known && row.kind->flags & ROW_NO_DEVICE_IO;

	c->verdict = verdict__judge(&c->f, known && (row.buffered || row.kind->flags & ROW_CACHED),
				    is_idle || !does_it_itself(c));
}
