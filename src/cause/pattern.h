/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Function-name patterns. A pattern is a name in which ".*" stands for any
 * text, "(a|b)" for a choice and "(a|b)?" for an optional one. It is expanded
 * to plain globs when the rules are read, so that matching is linear in the
 * name and no pattern can make it slow.
 */
#ifndef AIOSTALL_CAUSE_PATTERN_H
#define AIOSTALL_CAUSE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#define PATTERN_LEN_MAX 128
#define PATTERN_GLOBS_MAX 64
#define PATTERN_STARS_MAX 4

/* A function name within a longer string. */
struct name {
	const char *s;
	size_t len;
};

/* Called per expanded glob, in which '*' is any text. Non-zero ends the expansion and is returned. */
typedef int (*pattern_emit_fn)(void *ctx, const char *glob, size_t len);

/*
 * Expand pattern[0..len). Returns 0, what emit returned, or -EINVAL with
 * *why set to what is wrong with the pattern (a constant string).
 */
int pattern__expand(const char *pattern, size_t len, pattern_emit_fn emit, void *ctx,
		    const char **why);
/* Does the whole name match the glob? */
bool glob__match(const char *glob, size_t glob_len, struct name name);

#endif
