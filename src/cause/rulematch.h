/* SPDX-License-Identifier: GPL-2.0 */
/* What the matches of rules are compiled from: names with their aliases, sets of patterns, chains of steps. */
#ifndef AIOSTALL_CAUSE_RULEMATCH_H
#define AIOSTALL_CAUSE_RULEMATCH_H

#include "cause/ruleset.h"
#include "cause/ruletext.h"

/* One name of an [aliases] line; names of one line share the group. */
struct alias {
	struct name name;
	unsigned int group;
};

struct compiler {
	struct ruleset *rs;
	const struct rule_lines *lines;
	struct alias *aliases;
	size_t nr_aliases, cap_aliases;
	const struct rule_line *at; /* what is being compiled: for messages */
	char *err;
	size_t err_size;
};

/* -EINVAL, with the line and these words in err. */
int rulematch__fail(struct compiler *c, const char *what, struct name detail);
int rulematch__fail_plain(struct compiler *c, const char *what);
/*
 * Cut the next part off rest at a separator outside parentheses. False when
 * nothing is left.
 */
bool rulematch__next_part(struct name *rest, char separator, struct name *part);
/* Takes text over; it lives as long as the rules. */
int rulematch__keep_text(struct ruleset *rs, char *text);
/* Aliases are needed by all that follows. Sets are read where they are used: their form is checked. */
int rulematch__read_tables(struct compiler *c);
/* All patterns of a section. */
int rulematch__list(struct compiler *c, enum rule_section section, struct range *range);
/* The value of a "match" line, which is at c->at. */
int rulematch__chain(struct compiler *c, struct rule *rule);

#endif
