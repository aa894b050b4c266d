/* SPDX-License-Identifier: GPL-2.0 */
/* Which of the words that are known was meant by one that is not. */
#ifndef AIOSTALL_BASE_SUGGEST_H
#define AIOSTALL_BASE_SUGGEST_H

#include <stddef.h>

struct suggest {
	const char *word, *best;
	size_t distance; /* of best */
};

void suggest__init(struct suggest *s, const char *word);
/* The candidate must live as long as s. */
void suggest__offer(struct suggest *s, const char *candidate);
/* For lists like "a, b, c": the candidate is copied to buf if it is the best so far. */
void suggest__offer_list(struct suggest *s, const char *list, char *buf, size_t size);
/*
 * The nearest of what was offered: another case, a beginning, or so few letters
 * wrong, left out or swapped that it can be meant. NULL if there is none.
 */
const char *suggest__best(const struct suggest *s);

#endif
