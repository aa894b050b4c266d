/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rules as read from their text: causes and tags with their compiled
 * matches, the name lists, and the memory behind them.
 */
#ifndef AIOSTALL_CAUSE_RULESET_H
#define AIOSTALL_CAUSE_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cause/causes.h"
#include "cause/moots.h"
#include "cause/pattern.h"
#include "cause/programs.h"

/* A rule file beyond these is refused: it bounds memory and the time of a match. */
#define RULES_FILE_MAX (1 << 20)
#define RULES_MAX 1024
#define RULES_GLOBS_MAX 16384
#define RULES_STEPS_MAX 8

struct glob {
	const char *text;
	size_t len;
};

/* Indexes into ruleset.globs. */
struct range {
	uint32_t first, count;
};

struct step {
	struct range globs;
	bool tight; /* "^": only wait primitives between this and the step inward */
};

/* One "match" line: steps from the innermost outward. */
struct chain {
	struct step steps[RULES_STEPS_MAX];
	uint32_t nr_steps;
	bool past_locks; /* "match_any": it may begin outward of a lock that another function takes */
};

struct rule {
	struct cause cause; /* of a tag, role or place only the id is set */
	struct range chains;
};

struct rule_vec {
	struct rule *v;
	size_t nr, cap;
};

struct ruleset {
	struct rule_vec causes;
	struct rule_vec tags;
	struct rule_vec roles;
	struct rule_vec places;
	struct programs programs;
	struct moots moots;
	struct range primitives, locks, between, tracer, entry;
	struct glob *globs;
	size_t nr_globs, cap_globs;
	struct chain *chains;
	size_t nr_chains, cap_chains;
	char **texts; /* what the strings above point into */
	size_t nr_texts, cap_texts;
};

/*
 * Read rules_file (NULL = none) and then the compiled-in text. 0 or -errno
 * with "file:line: what is wrong" in err; rs is to be released either way.
 */
int ruleset__read(struct ruleset *rs, const char *rules_file, char *err, size_t err_size);
void ruleset__release(struct ruleset *rs);

#endif
