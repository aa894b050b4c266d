/* SPDX-License-Identifier: GPL-2.0 */
/* A line as words, and what ps prints in them. */
#ifndef AIOSTALL_PASTE_WORDS_H
#define AIOSTALL_PASTE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "paste/heads.h"

/* Words behind are left out. */
#define WORDS_MAX 16

struct word {
	const char *s;
	size_t len;
};

/* How many there are. */
size_t words__split(const char *line, struct word words[WORDS_MAX]);
bool words__equal(struct word w, const char *s);
/* Of at most nine digits, as a pid is. */
bool words__is_number(struct word w);
/* "D", "Dsl+" */
bool words__is_state(struct word w);
/* "/usr/bin/fio" is fio, "[kworker/0:1]" and "(fio)" are what is inside. */
void words__set_program(struct task *t, struct word w);

#endif
