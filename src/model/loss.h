/* SPDX-License-Identifier: GPL-2.0 */
/* The figures of struct loss as a table: what each is called and what it means. */
#ifndef AIOSTALL_MODEL_LOSS_H
#define AIOSTALL_MODEL_LOSS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/event.h"

struct loss_kind {
	const char *name;
	const char *words; /* they follow the number */
	size_t offset;	   /* of the uint64_t in struct loss */
	bool incomplete;   /* a report with it is incomplete */
};

/* The i-th figure, NULL past the end. */
const struct loss_kind *loss__kind(size_t i);
uint64_t loss__value(const struct loss *l, const struct loss_kind *kind);
/* The words that follow a number of this figure, "" if there is none of that name. */
const char *loss__words_of(const char *name);
/* Is anything lost, so that the figures are lower bounds? */
bool loss__any(const struct loss *l);
/* "26 events lost (ring buffer full), 4 stacks not available": what is lost; buf, cut if it must be. */
const char *loss__words(const struct loss *l, char *buf, size_t size);

#endif
