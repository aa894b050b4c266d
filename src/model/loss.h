/* SPDX-License-Identifier: GPL-2.0 */
/* The figures of struct loss as a table: what each is called and what it means. */
#ifndef AIOSTALL_MODEL_LOSS_H
#define AIOSTALL_MODEL_LOSS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/event.h"

/* Nothing to tell people; nothing is missing, but they should know; figures are lower bounds. */
enum loss_weight { LOSS_FIGURE, LOSS_NOTE, LOSS_INCOMPLETE };

struct loss_kind {
	const char *name;
	const char *words; /* they follow the number */
	size_t offset;	   /* of the uint64_t in struct loss */
	enum loss_weight weight;
};

/* The i-th figure, NULL past the end. */
const struct loss_kind *loss__kind(size_t i);
uint64_t loss__value(const struct loss *l, const struct loss_kind *kind);
/* Is anything lost, so that the figures are lower bounds? */
bool loss__any(const struct loss *l);
/*
 * How much of what was looked at is missing, 0..1: the largest share of its kind, calls of the calls,
 * requests of the requests, and details of sleeps of the sleeps.
 */
double loss__share(const struct loss *l, const struct counters *totals);
/* "26 events lost (ring buffer full), 4 stacks not available": all of this weight; buf, cut if it must be. */
const char *loss__words(const struct loss *l, enum loss_weight weight, char *buf, size_t size);

#endif
