/* SPDX-License-Identifier: GPL-2.0 */
/* The lines of a rules file: comments dropped, continuations joined, "key: value" split. */
#ifndef AIOSTALL_CAUSE_RULETEXT_H
#define AIOSTALL_CAUSE_RULETEXT_H

#include <stddef.h>

#define RULETEXT_LINE_MAX 8192
#define RULETEXT_LINES_MAX 8192

enum rule_section {
	SECTION_NONE,
	SECTION_PRIMITIVES,
	SECTION_LOCKS,
	SECTION_BETWEEN,
	SECTION_TRACER,
	SECTION_ENTRY,
	SECTION_SETS,
	SECTION_ALIASES,
	SECTION_CAUSES,
	SECTION_VIA,
	SECTION_ROLES,
	SECTION_WHERE,
	SECTION_PROGRAMS,
	SECTION_MOOT,
};

/* One logical line. In list sections the key is "". */
struct rule_line {
	enum rule_section section;
	const char *file;
	unsigned int line;
	const char *key;
	const char *value;
};

struct rule_lines {
	struct rule_line *v;
	size_t nr, cap;
};

/*
 * Split text[0..len), which is changed, has one more byte behind it and must
 * outlive the lines, and append its lines. 0 or -errno with "file:line: what is wrong" in err.
 */
int ruletext__split(struct rule_lines *out, const char *file, char *text, size_t len, char *err,
		    size_t err_size);
/* Grow *v (elements of size) to hold nr + 1; 0 or -ENOMEM. */
int ruletext__grow(void **v, size_t *cap, size_t nr, size_t size);

#endif
