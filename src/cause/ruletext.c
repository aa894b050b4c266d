// SPDX-License-Identifier: GPL-2.0
#include "cause/ruletext.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	enum rule_section section;
	bool keyed;
} sections[] = {
	{"primitives", SECTION_PRIMITIVES, false},
	{"locks", SECTION_LOCKS, false},
	{"between", SECTION_BETWEEN, false},
	{"tracer", SECTION_TRACER, false},
	{"entry", SECTION_ENTRY, false},
	{"sets", SECTION_SETS, false},
	{"aliases", SECTION_ALIASES, false},
	{"causes", SECTION_CAUSES, true},
	{"via", SECTION_VIA, true},
	{"roles", SECTION_ROLES, true},
	{"where", SECTION_WHERE, true},
	{"programs", SECTION_PROGRAMS, true},
	{"moot", SECTION_MOOT, true},
};

struct splitter {
	struct rule_lines *out;
	const char *file;
	unsigned int line;
	enum rule_section section;
	bool keyed;
	bool open;   /* the last line may be continued */
	char *end;   /* of the value that a continuation extends */
	size_t size; /* of that value */
	char *err;
	size_t err_size;
};

int ruletext__grow(void **v, size_t *cap, size_t nr, size_t size)
{
	size_t want = *cap ? *cap * 2 : 64;
	void *p;

	if (nr < *cap)
		return 0;
	p = reallocarray(*v, want, size);
	if (!p)
		return -ENOMEM;
	*v = p;
	*cap = want;
	return 0;
}

static int fail(struct splitter *s, const char *what, const char *detail)
{
	snprintf(s->err, s->err_size, "%s:%u: %s%.64s", s->file, s->line, what, detail);
	return -EINVAL;
}

/* "[name]" */
static int open_section(struct splitter *s, char *text, size_t len)
{
	if (len < 3 || text[len - 1] != ']')
		return fail(s, "section line without ]", "");
	text[len - 1] = '\0';
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		if (strcmp(sections[i].name, text + 1))
			continue;
		s->section = sections[i].section;
		s->keyed = sections[i].keyed;
		return 0;
	}
	return fail(s, "unknown section: ", text + 1);
}

/* Put the text of a continuation line behind the value it belongs to, one blank between. */
static int continue_value(struct splitter *s, const char *text, size_t len)
{
	if (!s->open)
		return fail(s, "indented line continues nothing", "");
	if (s->size + len + 1 > RULETEXT_LINE_MAX)
		return fail(s, "value too long", "");
	*s->end++ = ' ';
	memmove(s->end, text, len);
	s->end += len;
	s->size += len + 1;
	*s->end = '\0';
	return 0;
}

static int add_line(struct splitter *s, char *text, size_t len)
{
	struct rule_line line = {s->section, s->file, s->line, "", text};
	struct rule_lines *out = s->out;

	if (s->section == SECTION_NONE)
		return fail(s, "text before the first [section]", "");
	if (s->keyed) {
		char *colon = strchr(text, ':');

		if (!colon)
			return fail(s, "expected \"key: value\": ", text);
		*colon = '\0';
		line.key = text;
		line.value = colon + 1 + strspn(colon + 1, " \t");
	}
	if (out->nr >= RULETEXT_LINES_MAX)
		return fail(s, "too many lines", "");
	if (ruletext__grow((void **)&out->v, &out->cap, out->nr, sizeof(*out->v)))
		return fail(s, "out of memory", "");
	out->v[out->nr++] = line;
	s->open = true;
	s->end = text + len;
	s->size = len;
	return 0;
}

/* line[0..len) is followed by a writable byte. */
static int split_line(struct splitter *s, char *line, size_t len)
{
	char *text = line;

	for (size_t i = 0; i < len; i++)
		if (((unsigned char)line[i] < ' ' && line[i] != '\t') || line[i] == 0x7f)
			return fail(s, "control character", "");
	while (len && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	line[len] = '\0';
	text += strspn(line, " \t");
	len -= (size_t)(text - line);
	if (len > RULETEXT_LINE_MAX)
		return fail(s, "line too long", "");
	if (!len) {
		s->open = false;
		return 0;
	}
	if (*text == '#')
		return 0;
	if (text > line)
		return continue_value(s, text, len);
	s->open = false;
	return *text == '[' ? open_section(s, text, len) : add_line(s, text, len);
}

int ruletext__split(struct rule_lines *out, const char *file, char *text, size_t len, char *err,
		    size_t err_size)
{
	struct splitter s = {.out = out, .file = file, .err = err, .err_size = err_size};
	char *end = text + len;

	while (text < end) {
		char *nl = memchr(text, '\n', (size_t)(end - text));
		size_t n;
		int rc;

		s.line++;
		n = (size_t)((nl ? nl : end) - text);
		rc = split_line(&s, text, n && text[n - 1] == '\r' ? n - 1 : n);
		if (rc)
			return rc;
		text += n + 1;
	}
	return 0;
}
