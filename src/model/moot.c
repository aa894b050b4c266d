// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE /* strcasestr */
#include "model/moot.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "cause/causes.h"
#include "cause/moots.h"

/* Between what the operator can do and what the program's author can. */
#define IN_THE_PROGRAM " In the program: "
#define TEXT_SIZE 2048
#define WORD_SIZE 128

/* ---- what is known ---- */

/* The next of "a | b" into buf; false when none is left. */
static bool next_of(const char **list, char *buf, size_t size)
{
	size_t len;

	*list += strspn(*list, " |");
	len = strcspn(*list, "|");
	snprintf(buf, size, "%.*s", (int)len, *list);
	*list += len;
	len = strlen(buf);
	while (len && buf[len - 1] == ' ')
		buf[--len] = '\0';
	return len != 0;
}

static bool has_option(const struct fs_info *fs, const char *option, size_t len)
{
	const char *at = fs && fs->mount_options ? fs->mount_options : "";

	for (; *at; at += strcspn(at, ","), at += *at == ',')
		if (strcspn(at, ",") == len && !strncmp(at, option, len))
			return true;
	return false;
}

static bool is_mounted_with(const struct fs_info *fs, const char *list)
{
	char one[WORD_SIZE];

	while (next_of(&list, one, sizeof(one)))
		if (has_option(fs, one, strlen(one)))
			return true;
	return false;
}

static bool is_of_type(const struct fs_info *fs, const char *list)
{
	char one[WORD_SIZE];

	while (fs && fs->fstype && next_of(&list, one, sizeof(one)))
		if (!strcmp(fs->fstype, one))
			return true;
	return false;
}

static bool has_line(const char *facts, const char *pattern)
{
	char line[512];

	while (facts && *facts) {
		size_t len = strcspn(facts, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)len, facts);
		if (!fnmatch(pattern, line, 0))
			return true;
		facts += len + (facts[len] == '\n');
	}
	return false;
}

static bool has_fact(const struct report_cause *c, const char *list)
{
	char one[WORD_SIZE];

	while (next_of(&list, one, sizeof(one)))
		if (has_line(c->facts, one))
			return true;
	return false;
}

static bool is_request_so(uint32_t shape, const char *word)
{
	static const uint32_t unaligned =
		SHAPE_UNALIGNED | SHAPE_UNALIGNED_LB | SHAPE_UNALIGNED_MEM;
	static const struct {
		const char *word;
		uint32_t any_of;
		bool set;
	} words[] = {
		{"direct", SHAPE_DIRECT, true},
		{"buffered", SHAPE_DIRECT, false},
		{"dsync", SHAPE_DSYNC, true},
		{"within", SHAPE_BEYOND_EOF | SHAPE_APPEND, false},
		{"aligned", unaligned, false},
		{"unaligned", SHAPE_UNALIGNED_LB, true},
		{"memory-aligned", SHAPE_UNALIGNED_MEM, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i].word, word))
			return ((shape & words[i].any_of) != 0) == words[i].set;
	return false;
}

/* What is not known of a request is not so. */
static bool is_request(const struct report_cause *c, const char *list)
{
	char one[WORD_SIZE];

	if (c->worst_how != HOW_EXACT && c->worst_how != HOW_SCANNED)
		return false;
	while (next_of(&list, one, sizeof(one)))
		if (!is_request_so(c->worst_shape, one))
			return false;
	return true;
}

/* Whether what is known contradicts the advice. */
static bool holds(const struct moot *m, const struct fs_info *fs, const struct report_cause *c)
{
	return (!*m->facts || has_fact(c, m->facts)) &&
	       (!*m->no_facts || !has_fact(c, m->no_facts)) &&
	       (!*m->mounted || is_mounted_with(fs, m->mounted)) &&
	       (!*m->fstypes || is_of_type(fs, m->fstypes)) &&
	       (!*m->request || is_request(c, m->request));
}

/* A word that ends in $ is the end of the clause, but for its full stop. */
static bool is_in(const char *clause, char *word)
{
	size_t len = strlen(word);
	bool last = len && word[len - 1] == '$';

	if (last)
		word[--len] = '\0';
	for (const char *at = clause; (at = strcasestr(at, word)); at++)
		if (!last || !at[len] || at[len] == '.')
			return true;
	return false;
}

bool moot__names(const struct moot *m, const char *text)
{
	const char *list = m->words;
	char one[WORD_SIZE];

	while (next_of(&list, one, sizeof(one)))
		if (is_in(text, one))
			return true;
	return false;
}

/* "mount with OPTION", which it is mounted with. */
static bool is_mounted_so(const struct fs_info *fs, const char *clause)
{
	const char *at = strcasestr(clause, "mount with ");

	if (!at || strcasestr(clause, "not mount with"))
		return false;
	at += strlen("mount with ");
	return has_option(fs, at, strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_"));
}

/* ---- texts ---- */

struct editing {
	const struct causes *causes;
	const struct fs_info *fs;
	const struct report_cause *cause;
	const char *instead;
	bool cut; /* something was taken out */
};

static bool is_moot(struct editing *e, const char *clause)
{
	const struct moot *m;

	for (size_t i = 0; (m = causes__moot(e->causes, i)); i++) {
		if (!moot__names(m, clause) || !holds(m, e->fs, e->cause))
			continue;
		e->instead = *m->instead ? m->instead : e->instead;
		return true;
	}
	return is_mounted_so(e->fs, clause);
}

static const char *const ends[] = {". ", "; ", ", or ", ", and "};

/* Where the clause ends; *len of what stands between it and the next one. */
static size_t clause_len(const char *s, size_t *between)
{
	for (size_t i = 0; s[i]; i++) {
		for (size_t e = 0; e < sizeof(ends) / sizeof(*ends); e++) {
			*between = strlen(ends[e]);
			if (!strncmp(s + i, ends[e], *between))
				return i;
		}
	}
	*between = 0;
	return strlen(s);
}

static void append(char *buf, const char *text, size_t len)
{
	size_t used = strlen(buf);

	snprintf(buf + used, TEXT_SIZE - used, "%.*s", (int)len, text);
}

/* One more clause that holds; between: what stood before it, in a sentence that has lost its beginning or not. */
static void keep(char *buf, const char *clause, size_t len, const char *between, size_t between_len,
		 bool has_begun, bool capitals)
{
	size_t used = strlen(buf);

	if (used && (has_begun || !capitals))
		append(buf, between, between_len);
	else if (used)
		append(buf, ". ", 2);
	used = strlen(buf);
	append(buf, clause, len);
	if (!has_begun && capitals)
		buf[used] = (char)toupper((unsigned char)buf[used]);
}

/* The clauses that hold, into buf; a sentence of a text with capitals keeps its capital. */
static void edit(struct editing *e, const char *text, char *buf)
{
	bool capitals = isupper((unsigned char)*text), has_begun = false;
	size_t len, between, before_len = 0, whole = strlen(text);
	const char *at = text, *before = "";
	char clause[TEXT_SIZE];

	buf[0] = '\0';
	for (; *at; before = at + len, before_len = between, at += len + between) {
		len = clause_len(at, &between);
		if (*before == '.')
			has_begun = false;
		snprintf(clause, sizeof(clause), "%.*s", (int)len, at);
		if (is_moot(e, clause)) {
			e->cut = true;
			continue;
		}
		keep(buf, at, len, before, before_len, has_begun, capitals);
		has_begun = true;
	}
	len = strlen(buf);
	if (len && whole && text[whole - 1] == '.' && buf[len - 1] != '.')
		append(buf, ".", 1);
}

/* What the operator can do, what the author can, and what to do instead of what is moot. */
static const char *edit_advice(struct pool *p, struct editing *e, const char *advice)
{
	const char *author = strstr(advice, IN_THE_PROGRAM);
	char host[TEXT_SIZE], operator_text[TEXT_SIZE], program[TEXT_SIZE] = "", all[3 * TEXT_SIZE];

	snprintf(host, sizeof(host), "%.*s",
		 (int)(author ? (size_t)(author - advice) : strlen(advice)), advice);
	edit(e, host, operator_text);
	if (author)
		edit(e, author + strlen(IN_THE_PROGRAM), program);
	if (!e->cut)
		return advice;
	snprintf(all, sizeof(all), "%s%s%s", operator_text,
		 !*program	  ? ""
		 : *operator_text ? IN_THE_PROGRAM
				  : &IN_THE_PROGRAM[1],
		 program);
	if (e->instead) {
		size_t used = strlen(all);

		snprintf(all + used, sizeof(all) - used, "%s%c%s.", used ? " " : "",
			 toupper((unsigned char)*e->instead), e->instead + 1);
	}
	return pool__str(p, all);
}

static const char *edit_todo(struct pool *p, struct editing *e, const char *todo)
{
	char text[TEXT_SIZE];

	e->cut = false;
	e->instead = NULL;
	edit(e, todo, text);
	if (!e->cut)
		return todo;
	return *text ? pool__str(p, text) : e->instead ? e->instead : "";
}

/* What was measured of a remedy speaks for it, too. */
static void leave_out_tried(struct pool *p, struct editing *e, struct report_cause *c)
{
	const char **kept = pool__array(p, c->nr_tried, sizeof(*kept));
	size_t n = 0;

	for (size_t i = 0; kept && i < c->nr_tried; i++)
		if (!is_moot(e, c->tried[i]))
			kept[n++] = c->tried[i];
	if (kept && n < c->nr_tried) {
		c->tried = kept;
		c->nr_tried = n;
	}
}

/* So does a setting of the program that would do what is done already. */
static void leave_out_settings(struct editing *e, struct report_cause *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->nr_settings; i++)
		if (!is_moot(e, c->settings[i].setting))
			c->settings[n++] = c->settings[i];
	c->nr_settings = n;
}

void moot__apply(struct pool *p, const struct causes *causes, const struct fs_info *fs,
		 struct report_cause *c)
{
	const struct report_cause known = *c;
	struct editing e = {.causes = causes, .fs = fs, .cause = &known};

	if (!causes || !c->advice || !c->todo)
		return;
	c->advice = edit_advice(p, &e, c->advice);
	c->todo = edit_todo(p, &e, c->todo);
	leave_out_tried(p, &e, c);
	leave_out_settings(&e, c);
}
