/* SPDX-License-Identifier: GPL-2.0 */
/* Before a sink: some events are taken there, all others go on as they are. */
#ifndef AIOSTALL_MODEL_TAP_H
#define AIOSTALL_MODEL_TAP_H

#include "model/source.h"

struct tap {
	struct sink sink; /* what the source is given; set by tap__init */
	struct sink own;
	const struct sink *to;
};

/* own is copied: where it has a function that is called, and hands on what it will. to outlives it, NULL = nobody. */
void tap__init(struct tap *t, const struct sink *own, const struct sink *to);

#endif
