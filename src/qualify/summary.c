// SPDX-License-Identifier: GPL-2.0
#include "qualify/summary.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"

struct text {
	char *buf;
	size_t size, used;
};

static void __attribute__((format(printf, 2, 3))) add(struct text *t, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(t->buf + t->used, t->size - t->used, fmt, args);
	va_end(args);
	if (n > 0)
		t->used = t->used + (size_t)n < t->size ? t->used + (size_t)n : t->size - 1;
}

/* Direct requests without flags of whole blocks, by the first engine: what most programs do. */
static bool is_plain(const struct result *r, const struct cell *c, struct row *row)
{
	return !strcmp(c->engine, r->cells[0].engine) && row__find(c->row, row) &&
	       row->size != SIZE_LBA && !row->buffered && !row->dsync && !row->nowait;
}

/* The worst of the plain cells of a kind, NULL if there is none. */
static const struct cell *worst(const struct result *r, const char *word)
{
	const struct cell *found = NULL;
	struct row row;

	for (size_t i = 0; i < r->nr_cells; i++) {
		const struct cell *c = &r->cells[i];

		if (is_plain(r, c, &row) && !strcmp(row.kind->word, word) &&
		    (!found || c->verdict > found->verdict))
			found = c;
	}
	return found;
}

static bool is_harmful(const struct cell *c)
{
	return c && (c->verdict == VERDICT_BLOCKS || c->verdict == VERDICT_SYNCHRONOUS);
}

static bool is_async(const struct result *r, const char *row, const char *engine)
{
	const struct cell *c = result__find(r, row, engine);

	return c && (c->verdict == VERDICT_ASYNC || c->verdict == VERDICT_RARE);
}

static const char *does(const struct cell *c)
{
	return c->verdict == VERDICT_BLOCKS ? "block" : "are synchronous";
}

/* What to do about writes that allocate: only what was seen to help, or was not tried. */
static void advise_growing(struct text *t, const struct result *r)
{
	bool no_uring = result__find(r, "append-d4", "uring-async") &&
			!is_async(r, "append-d4", "uring-async");

	add(t, " (use fallocate and write zeros before%s)",
	    no_uring ? "" : ", or io_uring with IOSQE_ASYNC");
}

static void list_harmful(struct text *t, const struct result *r, const char *const *words,
			 size_t nr, bool advise)
{
	bool any = false;

	for (size_t i = 0; i < nr; i++) {
		const struct cell *c = worst(r, words[i]);
		struct row row;

		if (!is_harmful(c) || !row__find(c->row, &row))
			continue;
		add(t, "%s%s %s", any ? ", " : "", row.kind->plural, does(c));
		any = true;
	}
	if (any && advise)
		advise_growing(t, r);
}

static const struct cell *any_harmful(const struct result *r, const char *const *words, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (is_harmful(worst(r, words[i])))
			return worst(r, words[i]);
	return NULL;
}

/* Nobody can act on a verdict of the first requests: why is what counts. */
static void say_cause(struct text *t, const struct cell *c)
{
	if (*c->cause.todo)
		add(t, ": %s", c->cause.todo);
	else if (*c->cause.name)
		add(t, ": %s", c->cause.name);
}

static void add_refusals(struct text *t, const struct result *r)
{
	const struct cell *c =
		r->nr_cells ? result__find(r, "overwrite-nowait", r->cells[0].engine) : NULL;

	if (c && c->verdict == VERDICT_REFUSES)
		add(t, "; RWF_NOWAIT refuses overwrites");
}

char *summary__line(const struct result *r, char *buf, size_t size)
{
	static const char *const growing[] = {"append", "fill-hole", "fill-unwritten"};
	static const char *const settled[] = {"overwrite", "read"};
	struct text t = {buf, size, 0};
	const struct cell *o = worst(r, "overwrite"), *rd = worst(r, "read"), *bad;

	*buf = '\0';
	add(&t, "%s: ", *r->place ? r->place : "nowhere");
	bad = any_harmful(r, settled, ARRAY_SIZE(settled));
	if ((!o || o->verdict == VERDICT_NA) && (!rd || rd->verdict == VERDICT_NA)) {
		add(&t, o || rd ? "not fit for aio: %s" : "neither overwrites nor reads were run%s",
		    o	 ? o->reason
		    : rd ? rd->reason
			 : "");
		return buf;
	}
	if (bad) {
		add(&t, "not fit for aio: ");
		list_harmful(&t, r, settled, ARRAY_SIZE(settled), false);
		say_cause(&t, bad);
	} else if (any_harmful(r, growing, ARRAY_SIZE(growing))) {
		add(&t, "fit for aio if files are written once before use; ");
		list_harmful(&t, r, growing, ARRAY_SIZE(growing), true);
	} else {
		add(&t,
		    "fit for aio: what was run of appends, fills, overwrites and reads does not "
		    "block");
	}
	add_refusals(&t, r);
	return buf;
}
