// SPDX-License-Identifier: GPL-2.0
#include "model/most.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/brief.h"
#include "model/sums.h"

/* The ledger's strings may go before the next call. */
static struct most_entry entry_of(const struct brief_fs *f, const struct brief_cause *c)
{
	struct most_entry e = {.api = f->api, .plane = c->plane, .blocked_ns = c->blocked_ns};

	snprintf(e.fstype, sizeof(e.fstype), "%s", f->fstype);
	snprintf(e.where, sizeof(e.where), "%s", *f->mount ? f->mount : f->device);
	snprintf(e.cause, sizeof(e.cause), "%s", c->id);
	return e;
}

static bool is_same(const struct most_entry *a, const struct most_entry *b)
{
	return a->api == b->api && a->plane == b->plane && !strcmp(a->cause, b->cause) &&
	       !strcmp(a->fstype, b->fstype) && !strcmp(a->where, b->where);
}

static uint64_t blocked_before(const struct most *m, const struct most_entry *e)
{
	for (size_t i = 0; i < m->nr; i++)
		if (is_same(&m->before[i], e))
			return m->before[i].blocked_ns;
	return 0;
}

static size_t nr_causes(const struct brief *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->nr_fs; i++)
		n += b->fs[i].nr_causes;
	return n;
}

static uint64_t take(struct most *m, const struct brief *b, struct most_entry *after)
{
	uint64_t most_ns = 0;
	size_t n = 0;

	for (size_t i = 0; i < b->nr_fs; i++) {
		for (size_t k = 0; k < b->fs[i].nr_causes; k++) {
			struct most_entry *e = &after[n++];
			uint64_t grown;

			*e = entry_of(&b->fs[i], &b->fs[i].causes[k]);
			grown = sat_sub(e->blocked_ns, blocked_before(m, e));
			if (grown <= most_ns)
				continue;
			most_ns = grown;
			m->now = *e;
			m->now.blocked_ns = grown;
		}
	}
	return most_ns;
}

const struct most_entry *most__step(struct most *m, struct ledger *l)
{
	struct most_entry *after = NULL;
	uint64_t most_ns = 0;
	struct brief b;

	if (brief__make(&b, l) && nr_causes(&b))
		after = calloc(nr_causes(&b), sizeof(*after));
	if (after) {
		most_ns = take(m, &b, after);
		free(m->before);
		m->before = after;
		m->nr = nr_causes(&b);
	}
	brief__free(&b);
	return most_ns ? &m->now : NULL;
}

void most__release(struct most *m)
{
	free(m->before);
	*m = (struct most){0};
}
