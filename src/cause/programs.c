// SPDX-License-Identifier: GPL-2.0
#include "cause/programs.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cause/ruletext.h"

const char *programs__add_line(struct programs *p, const char *key, const char *value)
{
	struct program *last;

	if (!strcmp(key, "program")) {
		if (ruletext__grow((void **)&p->v, &p->cap, p->nr, sizeof(*p->v)))
			return "out of memory";
		p->v[p->nr++] = (struct program){value, "", "", "", ""};
		return NULL;
	}
	if (!p->nr)
		return "a block starts with program";
	last = &p->v[p->nr - 1];
	if (!strcmp(key, "for"))
		last->causes = value;
	else if (!strcmp(key, "setting"))
		last->setting = value;
	else if (!strcmp(key, "why"))
		last->why = value;
	else if (!strcmp(key, "source"))
		last->source = value;
	else
		return "a program has for:, setting:, why: and source: lines";
	return NULL;
}

void programs__release(struct programs *p)
{
	free(p->v);
	*p = (struct programs){0};
}

/* One of "a | b*": the whole word, or how it begins. */
static bool is_listed(const char *list, const char *word)
{
	while (*list) {
		size_t len = strcspn(list, "|"), n = len;

		while (n && list[n - 1] == ' ')
			n--;
		if (n && list[n - 1] == '*' ? !strncmp(list, word, n - 1)
					    : strlen(word) == n && !strncmp(list, word, n))
			return true;
		list += len + (list[len] == '|');
		list += strspn(list, " ");
	}
	return false;
}

const struct program *programs__next(const struct programs *p, const char *comm, const char *cause,
				     size_t *at)
{
	while (*at < p->nr) {
		const struct program *program = &p->v[(*at)++];

		if ((!comm || is_listed(program->names, comm)) && is_listed(program->causes, cause))
			return program;
	}
	return NULL;
}
