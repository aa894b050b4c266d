// SPDX-License-Identifier: GPL-2.0
#include "qualify/gate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "work/engine.h"

static int refuse(struct err *e, const char *clause, const char *why)
{
	char shown[160];

	esc__terminal(clause, shown, sizeof(shown));
	err__set(e, -EINVAL, "--fail-on '%.120s': %s", shown, why);
	err__hint(e, "for example 'append:blocks', 'any:synchronous', 'uring/overwrite:rare'");
	return -EINVAL;
}

/* False if there is no room. */
static bool copy(char *to, size_t size, const char *from)
{
	size_t len = strlen(from);

	if (len >= size)
		return false;
	memcpy(to, from, len + 1);
	return true;
}

static int parse_one(struct verdict_gate_clause *c, char *text, struct err *e)
{
	char *colon = strchr(text, ':'), *slash;
	int verdict;

	copy(c->text, sizeof(c->text), text);
	if (!colon)
		return refuse(e, c->text, "must be ROW:VERDICT");
	*colon = '\0';
	verdict = verdict__find(colon + 1);
	if (verdict < 0)
		return refuse(e, c->text,
			      "the verdicts are async, rare, blocks, synchronous, refuses, cached "
			      "and n/a");
	/* of the row's side: a verdict has one, too */
	slash = strchr(text, '/');
	if (slash) {
		*slash = '\0';
		if (!copy(c->engine, sizeof(c->engine), text) || !engine__find(text))
			return refuse(e, c->text, "names no engine");
		text = slash + 1;
	}
	if (!*text || !copy(c->row, sizeof(c->row), text))
		return refuse(e, c->text, "names no row; any is all of them");
	c->verdict = (enum verdict)verdict;
	return 0;
}

int verdict_gate__parse(struct verdict_gate *g, const char *list, struct err *e)
{
	int rc = 0;

	while (!rc) {
		size_t len = strcspn(list, ",");
		char text[ROW_ID_MAX + 48];

		if (g->nr >= VERDICT_GATES_MAX)
			return refuse(e, list, "too many conditions");
		if (len >= sizeof(text))
			return refuse(e, list, "too long");
		snprintf(text, sizeof(text), "%.*s", (int)len, list);
		rc = parse_one(&g->clauses[g->nr++], text, e);
		if (!list[len])
			break;
		list += len + 1;
	}
	return rc;
}

static bool will_run(const struct verdict_gate_clause *c, const struct plan *p)
{
	const char *engine = *c->engine ? c->engine : p->nr ? p->cells[0].engine : "";
	char id[ROW_ID_MAX];

	for (size_t i = 0; i < p->nr; i++)
		if (!strcmp(p->cells[i].engine, engine) &&
		    row__matches(row__id(&p->cells[i].row, id, sizeof(id)), c->row))
			return true;
	return false;
}

int verdict_gate__check(const struct verdict_gate *g, const struct plan *p, struct err *e)
{
	for (size_t i = 0; i < g->nr; i++)
		if (!will_run(&g->clauses[i], p))
			return refuse(
				e, g->clauses[i].text,
				"no row of this run has that name on that engine; --rows list "
				"has all, --rows, --engine and --full choose them");
	return 0;
}

static bool is_as_bad(enum verdict is, enum verdict limit)
{
	bool sleeps = is == VERDICT_RARE || is == VERDICT_BLOCKS || is == VERDICT_SYNCHRONOUS;
	bool on_sleeps =
		limit == VERDICT_RARE || limit == VERDICT_BLOCKS || limit == VERDICT_SYNCHRONOUS;

	return sleeps && on_sleeps ? is >= limit : is == limit;
}

const struct cell *verdict_gate__tripped(const struct verdict_gate *g, size_t i,
					 const struct result *r)
{
	const struct verdict_gate_clause *c = &g->clauses[i];
	const char *engine = *c->engine || !r->nr_cells ? c->engine : r->cells[0].engine;

	for (size_t k = 0; k < r->nr_cells; k++) {
		const struct cell *cell = &r->cells[k];

		if (!strcmp(cell->engine, engine) && row__matches(cell->row, c->row) &&
		    is_as_bad(cell->verdict, c->verdict))
			return cell;
	}
	return NULL;
}
