// SPDX-License-Identifier: GPL-2.0
#include "cause/rulematch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIASES_MAX 1024

int rulematch__fail(struct compiler *c, const char *what, struct name detail)
{
	snprintf(c->err, c->err_size, "%s:%u: %s%.*s", c->at->file, c->at->line, what,
		 (int)(detail.len < 64 ? detail.len : 64), detail.s);
	return -EINVAL;
}

int rulematch__fail_plain(struct compiler *c, const char *what)
{
	return rulematch__fail(c, what, (struct name){"", 0});
}

static struct name trim(const char *s, size_t len)
{
	while (len && (*s == ' ' || *s == '\t')) {
		s++;
		len--;
	}
	while (len && (s[len - 1] == ' ' || s[len - 1] == '\t'))
		len--;
	return (struct name){s, len};
}

bool rulematch__next_part(struct name *rest, char separator, struct name *part)
{
	size_t i, depth = 0;

	if (!rest->s)
		return false;
	for (i = 0; i < rest->len; i++) {
		if (rest->s[i] == '(')
			depth++;
		else if (rest->s[i] == ')' && depth)
			depth--;
		else if (rest->s[i] == separator && !depth)
			break;
	}
	*part = trim(rest->s, i);
	*rest = i < rest->len ? (struct name){rest->s + i + 1, rest->len - i - 1}
			      : (struct name){NULL, 0};
	return true;
}

int rulematch__keep_text(struct ruleset *rs, char *text)
{
	if (ruletext__grow((void **)&rs->texts, &rs->cap_texts, rs->nr_texts, sizeof(*rs->texts))) {
		free(text);
		return -ENOMEM;
	}
	rs->texts[rs->nr_texts++] = text;
	return 0;
}

static int add_glob(struct compiler *c, const char *text, size_t len)
{
	struct ruleset *rs = c->rs;
	char *copy;

	if (rs->nr_globs >= RULES_GLOBS_MAX)
		return rulematch__fail_plain(c, "too many names in all rules together");
	if (ruletext__grow((void **)&rs->globs, &rs->cap_globs, rs->nr_globs, sizeof(*rs->globs)))
		return rulematch__fail_plain(c, "out of memory");
	copy = strndup(text, len);
	if (!copy || rulematch__keep_text(rs, copy))
		return rulematch__fail_plain(c, "out of memory");
	rs->globs[rs->nr_globs++] = (struct glob){copy, len};
	return 0;
}

static bool name_equal(struct name a, struct name b)
{
	return a.len == b.len && !memcmp(a.s, b.s, a.len);
}

/* The other names of the same group. */
static int add_group(struct compiler *c, const struct alias *of)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < c->nr_aliases; i++) {
		const struct alias *a = &c->aliases[i];

		if (a->group == of->group && !name_equal(a->name, of->name))
			rc = add_glob(c, a->name.s, a->name.len);
	}
	return rc;
}

/* A name stands for all names of its alias lines. */
static int add_with_aliases(void *ctx, const char *text, size_t len)
{
	struct compiler *c = ctx;
	struct name n = {text, len};
	int rc = add_glob(c, text, len);

	for (size_t i = 0; !rc && i < c->nr_aliases; i++)
		if (name_equal(c->aliases[i].name, n))
			rc = add_group(c, &c->aliases[i]);
	return rc;
}

static int compile_pattern(struct compiler *c, struct name p)
{
	const char *why;
	int rc = pattern__expand(p.s, p.len, add_with_aliases, c, &why);

	if (rc && *why) {
		char what[160];

		snprintf(what, sizeof(what), "%s: ", why);
		return rulematch__fail(c, what, p);
	}
	return rc;
}

/* "a | b(_c)?": patterns, no sets. */
static int compile_patterns(struct compiler *c, struct name list)
{
	struct name p;
	int rc = 0;

	while (!rc && rulematch__next_part(&list, '|', &p))
		rc = compile_pattern(c, p);
	return rc;
}

/* "@name" in a match: the patterns of "@name = ..." of all files. */
static int compile_set(struct compiler *c, struct name set)
{
	const struct rule_line *l = c->lines->v;
	bool found = false;

	for (size_t i = 0; i < c->lines->nr; i++, l++) {
		const char *eq = strchr(l->value, '=');
		struct name name = trim(l->value, eq ? (size_t)(eq - l->value) : 0);
		int rc;

		if (l->section != SECTION_SETS || !eq || name.len != set.len ||
		    memcmp(name.s, set.s, set.len))
			continue;
		found = true;
		rc = compile_patterns(c, (struct name){eq + 1, strlen(eq + 1)});
		if (rc)
			return rc;
	}
	return found ? 0 : rulematch__fail(c, "unknown set: ", set);
}

static int compile_step(struct compiler *c, struct name text, struct step *step)
{
	struct name part;
	int rc = 0;

	step->tight = text.len && *text.s == '^';
	if (step->tight)
		text = trim(text.s + 1, text.len - 1);
	step->globs.first = (uint32_t)c->rs->nr_globs;
	while (!rc && rulematch__next_part(&text, '|', &part)) {
		if (part.len && *part.s == '@')
			rc = compile_set(c, part);
		else
			rc = compile_pattern(c, part);
	}
	step->globs.count = (uint32_t)c->rs->nr_globs - step->globs.first;
	return rc;
}

int rulematch__chain(struct compiler *c, struct rule *rule)
{
	struct ruleset *rs = c->rs;
	struct name rest = {c->at->value, strlen(c->at->value)}, part;
	struct chain *chain;

	if (ruletext__grow((void **)&rs->chains, &rs->cap_chains, rs->nr_chains,
			   sizeof(*rs->chains)))
		return rulematch__fail_plain(c, "out of memory");
	chain = &rs->chains[rs->nr_chains++];
	*chain = (struct chain){.past_locks = c->at->section != SECTION_CAUSES ||
					      !strcmp(c->at->key, "match_any")};
	rule->chains.count++;
	while (rulematch__next_part(&rest, '<', &part)) {
		int rc;

		if (chain->nr_steps == RULES_STEPS_MAX)
			return rulematch__fail_plain(c, "more than eight steps in a match");
		rc = compile_step(c, part, &chain->steps[chain->nr_steps++]);
		if (rc)
			return rc;
	}
	return 0;
}

int rulematch__list(struct compiler *c, enum rule_section section, struct range *range)
{
	int rc = 0;

	range->first = (uint32_t)c->rs->nr_globs;
	for (size_t i = 0; !rc && i < c->lines->nr; i++) {
		c->at = &c->lines->v[i];
		if (c->at->section == section)
			rc = compile_patterns(c, (struct name){c->at->value, strlen(c->at->value)});
	}
	range->count = (uint32_t)c->rs->nr_globs - range->first;
	return rc;
}

static int read_alias(struct compiler *c, struct name n, unsigned int group)
{
	static const char allowed[] =
		"_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

	if (!n.len || n.len > PATTERN_LEN_MAX)
		return rulematch__fail_plain(c, "an alias is empty or too long");
	for (size_t i = 0; i < n.len; i++)
		if (!strchr(allowed, n.s[i]))
			return rulematch__fail(c, "an alias is a plain name: ", n);
	if (c->nr_aliases >= ALIASES_MAX)
		return rulematch__fail_plain(c, "too many aliases");
	if (ruletext__grow((void **)&c->aliases, &c->cap_aliases, c->nr_aliases,
			   sizeof(*c->aliases)))
		return rulematch__fail_plain(c, "out of memory");
	c->aliases[c->nr_aliases++] = (struct alias){n, group};
	return 0;
}

int rulematch__read_tables(struct compiler *c)
{
	for (size_t i = 0; i < c->lines->nr; i++) {
		const struct rule_line *l = c->at = &c->lines->v[i];
		struct name rest = {l->value, strlen(l->value)}, part;
		int rc = 0;

		if (l->section == SECTION_SETS && (*l->value != '@' || !strchr(l->value, '=')))
			return rulematch__fail_plain(c, "expected \"@set = name | name\"");
		if (l->section != SECTION_ALIASES)
			continue;
		if (!strchr(l->value, '='))
			return rulematch__fail_plain(c, "expected \"name = other name\"");
		while (!rc && rulematch__next_part(&rest, '=', &part))
			rc = read_alias(c, part, (unsigned int)i);
		if (rc)
			return rc;
	}
	return 0;
}
