// SPDX-License-Identifier: GPL-2.0
#include "cause/moots.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cause/ruletext.h"

static const char *add_moot(struct moots *m, const char *words)
{
	if (ruletext__grow((void **)&m->v, &m->cap, m->nr, sizeof(*m->v)))
		return "out of memory";
	m->v[m->nr++] = (struct moot){words, "", "", "", "", "", ""};
	return *words ? NULL : "advice has words";
}

const char *moots__add_line(struct moots *m, const char *key, const char *value)
{
	struct moot *last = m->nr ? &m->v[m->nr - 1] : NULL;
	const struct {
		const char *key;
		const char **text;
	} keys[] = {
		{"fact", last ? &last->facts : NULL},
		{"no_fact", last ? &last->no_facts : NULL},
		{"mounted", last ? &last->mounted : NULL},
		{"fstype", last ? &last->fstypes : NULL},
		{"request", last ? &last->request : NULL},
		{"instead", last ? &last->instead : NULL},
	};

	value += strspn(value, " \t");
	if (!strcmp(key, "advice"))
		return add_moot(m, value);
	if (!last)
		return "a block starts with advice";
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(keys[i].key, key) != 0)
			continue;
		*keys[i].text = value;
		return NULL;
	}
	return "advice has fact:, no_fact:, mounted:, fstype:, request: and instead: lines";
}

void moots__release(struct moots *m)
{
	free(m->v);
	*m = (struct moots){0};
}
