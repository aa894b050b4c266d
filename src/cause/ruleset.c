// SPDX-License-Identifier: GPL-2.0
#include "cause/ruleset.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "cause/rulematch.h"

/* causes.rules, through tools/embed.sh. */
extern const char causes_rules_text[];

#define BUILTIN_FILE "built-in rules"
#define TEXT_MAX 1500
#define ID_MAX 48

static bool name_is(struct name n, const char *s)
{
	return strlen(s) == n.len && !memcmp(s, n.s, n.len);
}

/* A role and a place are words of a sentence. */
static int check_id(struct compiler *c)
{
	size_t n = strspn(c->at->value, "abcdefghijklmnopqrstuvwxyz0123456789_.-");

	if (c->at->section != SECTION_CAUSES && c->at->section != SECTION_VIA && *c->at->value)
		return 0;
	if (!n || n > ID_MAX || c->at->value[n])
		return rulematch__fail_plain(c, "an id is 1 to 48 of a-z 0-9 _ . -");
	return 0;
}

static int start_rule(struct compiler *c, struct rule_vec *vec)
{
	int rc = check_id(c);

	if (rc)
		return rc;
	if (vec->nr >= RULES_MAX)
		return rulematch__fail_plain(c, "too many rules");
	if (c->at->section == SECTION_CAUSES && !strcmp(c->at->value, CAUSE_UNKNOWN) &&
	    strcmp(c->at->file, BUILTIN_FILE))
		return rulematch__fail_plain(c,
					     "the id unknown is for stacks that no rule matches");
	if (ruletext__grow((void **)&vec->v, &vec->cap, vec->nr, sizeof(*vec->v)))
		return rulematch__fail_plain(c, "out of memory");
	vec->v[vec->nr++] = (struct rule){
		.cause = {.id = c->at->value,
			  .name = "",
			  .meaning = "",
			  .todo = "",
			  .operator_advice = "",
			  .author_advice = "",
			  .asks = "",
			  .kernels = "",
			  .evidence = "source",
			  .direct_advice = "",
			  .direct_todo = "",
			  .inside = "",
			  .append_name = "",
			  .unaligned_name = "",
			  .unaligned_todo = "",
			  .refs = ""},
		.chains = {(uint32_t)c->rs->nr_chains, 0},
	};
	return 0;
}

static bool is_evidence(const char *s)
{
	return !strcmp(s, "proven") || !strcmp(s, "seen") || !strcmp(s, "source");
}

/* "tags, extents" */
static int check_asks(struct compiler *c, const char *value)
{
	static const char *const known[] = {
#define ASK(name) #name,
#include "cause/asks.def"
#undef ASK
	};
	struct name rest = {value, strlen(value)}, part;

	while (rulematch__next_part(&rest, ',', &part)) {
		size_t i = 0;

		while (i < ARRAY_SIZE(known) && !name_is(part, known[i]))
			i++;
		if (i == ARRAY_SIZE(known))
			return rulematch__fail(c, "nothing that can be asked: ", part);
	}
	return 0;
}

/* "WHO; KERNEL; WHAT; N -> N" */
static int add_tried(struct compiler *c, struct cause *cause, const char *value)
{
	unsigned int parts = 1;

	for (const char *p = value; *p; p++)
		parts += *p == ';';
	if (parts != 4 || !strstr(value, " -> ") ||
	    (strncmp(value, "operator; ", 10) && strncmp(value, "author; ", 8)))
		return rulematch__fail_plain(
			c, "expected \"operator or author; KERNEL; WHAT; N -> N\"");
	if (cause->nr_tried == CAUSE_TRIED_MAX)
		return rulematch__fail_plain(c, "too many remedies tried");
	cause->tried[cause->nr_tried++] = value;
	return 0;
}

static int set_text(struct compiler *c, struct rule *rule)
{
	struct cause *cause = &rule->cause;
	const struct {
		const char *key;
		const char **text;
	} keys[] = {
		{"name", &cause->name},
		{"meaning", &cause->meaning},
		{"do", &cause->todo},
		{"operator", &cause->operator_advice},
		{"author", &cause->author_advice},
		{"ask", &cause->asks},
		{"kernels", &cause->kernels},
		{"evidence", &cause->evidence},
		{"direct", &cause->direct_advice},
		{"do_direct", &cause->direct_todo},
		{"inside", &cause->inside},
		{"name_append", &cause->append_name},
		{"name_unaligned", &cause->unaligned_name},
		{"do_unaligned", &cause->unaligned_todo},
		{"refs", &cause->refs},
	};
	const char *value = c->at->value + strspn(c->at->value, " \t");

	if (strlen(value) > TEXT_MAX)
		return rulematch__fail_plain(c, "text too long");
	if (!strcmp(c->at->key, "evidence") && !is_evidence(value))
		return rulematch__fail_plain(c, "evidence is proven, seen or source");
	if (!strcmp(c->at->key, "ask") && check_asks(c, value))
		return -EINVAL;
	if (!strcmp(c->at->key, "tried"))
		return add_tried(c, cause, value);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i].key, c->at->key))
			continue;
		*keys[i].text = value;
		return 0;
	}
	return rulematch__fail(c, "unknown key: ", (struct name){c->at->key, strlen(c->at->key)});
}

/* A rule is complete when the next one starts; c->at is then its last line. */
static int finish_rule(struct compiler *c, const struct rule *rule, enum rule_section section)
{
	struct name id = {rule->cause.id, strlen(rule->cause.id)};

	if (!rule->chains.count && (section != SECTION_CAUSES || !name_is(id, CAUSE_UNKNOWN)))
		return rulematch__fail(c, "no match: line in ", id);
	if (section == SECTION_CAUSES && !*rule->cause.name)
		return rulematch__fail(c, "no name: line in ", id);
	return 0;
}

static const char *first_key(enum rule_section section)
{
	static const char *const keys[] = {
		[SECTION_VIA] = "tag", [SECTION_ROLES] = "role", [SECTION_WHERE] = "where"};

	return section < ARRAY_SIZE(keys) && keys[section] ? keys[section] : "id";
}

static int compile_rules(struct compiler *c, enum rule_section section, struct rule_vec *vec)
{
	const char *start = first_key(section);
	const struct rule_line *last = NULL;
	int rc = 0;

	for (size_t i = 0; !rc && i < c->lines->nr; i++) {
		const struct rule_line *l = &c->lines->v[i];

		if (l->section != section)
			continue;
		if (!strcmp(l->key, start)) {
			c->at = last;
			rc = vec->nr ? finish_rule(c, &vec->v[vec->nr - 1], section) : 0;
			c->at = l;
			rc = rc ? rc : start_rule(c, vec);
		} else {
			c->at = l;
			if (!vec->nr || strcmp(last->file, l->file))
				rc = rulematch__fail(c, "a block starts with ",
						     (struct name){start, strlen(start)});
			else if (!strcmp(l->key, "match") || !strcmp(l->key, "match_any"))
				rc = rulematch__chain(c, &vec->v[vec->nr - 1]);
			else if (section == SECTION_CAUSES)
				rc = set_text(c, &vec->v[vec->nr - 1]);
			else
				rc = rulematch__fail_plain(c, "here are match: lines only");
		}
		last = l;
	}
	c->at = last;
	return rc || !vec->nr ? rc : finish_rule(c, &vec->v[vec->nr - 1], section);
}

static const char *add_line(struct ruleset *rs, const struct rule_line *l)
{
	if (l->section == SECTION_PROGRAMS)
		return programs__add_line(&rs->programs, l->key, l->value);
	return l->section == SECTION_MOOT ? moots__add_line(&rs->moots, l->key, l->value) : NULL;
}

static int compile_remedies(struct compiler *c)
{
	for (size_t i = 0; i < c->lines->nr; i++) {
		const char *why = add_line(c->rs, &c->lines->v[i]);

		c->at = &c->lines->v[i];
		if (why)
			return rulematch__fail_plain(c, why);
	}
	return 0;
}

static int compile(struct compiler *c)
{
	struct ruleset *rs = c->rs;
	int rc = rulematch__read_tables(c);

	rc = rc ? rc : rulematch__list(c, SECTION_PRIMITIVES, &rs->primitives);
	rc = rc ? rc : rulematch__list(c, SECTION_LOCKS, &rs->locks);
	rc = rc ? rc : rulematch__list(c, SECTION_BETWEEN, &rs->between);
	rc = rc ? rc : rulematch__list(c, SECTION_TRACER, &rs->tracer);
	rc = rc ? rc : rulematch__list(c, SECTION_ENTRY, &rs->entry);
	rc = rc ? rc : compile_rules(c, SECTION_CAUSES, &rs->causes);
	rc = rc ? rc : compile_rules(c, SECTION_VIA, &rs->tags);
	rc = rc ? rc : compile_rules(c, SECTION_ROLES, &rs->roles);
	rc = rc ? rc : compile_remedies(c);
	return rc ? rc : compile_rules(c, SECTION_WHERE, &rs->places);
}

/* The whole file with a NUL behind it; *text is the caller's. */
static int read_stream(FILE *f, char **text, size_t *len)
{
	char *buf = malloc(RULES_FILE_MAX + 2);

	if (!buf)
		return -ENOMEM;
	*len = fread(buf, 1, RULES_FILE_MAX + 1, f);
	if (ferror(f) || *len > RULES_FILE_MAX) {
		free(buf);
		return ferror(f) ? -EIO : -EFBIG;
	}
	buf[*len] = '\0';
	*text = buf;
	return 0;
}

/* Pipes are fine (--rules <(...)); a directory opens but cannot be read. */
static int read_file(const char *path, char **text, size_t *len)
{
	struct stat st;
	FILE *f;
	int rc;

	if (stat(path, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	f = fopen(path, "re");
	if (!f)
		return -errno;
	rc = read_stream(f, text, len);
	fclose(f);
	return rc;
}

static int split_file(struct compiler *c, struct rule_lines *lines, const char *path)
{
	char *text = NULL;
	size_t len = 0;
	int rc = read_file(path, &text, &len);

	if (!rc)
		rc = rulematch__keep_text(c->rs, text);
	if (rc) {
		snprintf(c->err, c->err_size, "%s: %s", path,
			 rc == -EFBIG ? "larger than 1 MiB" : strerror(-rc));
		return rc;
	}
	return ruletext__split(lines, path, text, len, c->err, c->err_size);
}

static int split_builtin(struct compiler *c, struct rule_lines *lines)
{
	char *text = strdup(causes_rules_text);

	if (!text || rulematch__keep_text(c->rs, text)) {
		snprintf(c->err, c->err_size, "%s: out of memory", BUILTIN_FILE);
		return -ENOMEM;
	}
	return ruletext__split(lines, BUILTIN_FILE, text, strlen(text), c->err, c->err_size);
}

int ruleset__read(struct ruleset *rs, const char *rules_file, char *err, size_t err_size)
{
	struct rule_lines lines = {0};
	struct compiler c = {.rs = rs, .lines = &lines, .err = err, .err_size = err_size};
	int rc = 0;

	*rs = (struct ruleset){0};
	if (rules_file)
		rc = split_file(&c, &lines, rules_file);
	rc = rc ? rc : split_builtin(&c, &lines);
	rc = rc ? rc : compile(&c);
	free(lines.v);
	free(c.aliases);
	return rc;
}

void ruleset__release(struct ruleset *rs)
{
	for (size_t i = 0; i < rs->nr_texts; i++)
		free(rs->texts[i]);
	free(rs->texts);
	free(rs->globs);
	free(rs->chains);
	free(rs->causes.v);
	free(rs->tags.v);
	free(rs->roles.v);
	free(rs->places.v);
	programs__release(&rs->programs);
	moots__release(&rs->moots);
	*rs = (struct ruleset){0};
}
