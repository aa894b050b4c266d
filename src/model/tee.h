/* SPDX-License-Identifier: GPL-2.0 */
/* One source, two sinks: each event goes to the first and then to the second. */
#ifndef AIOSTALL_MODEL_TEE_H
#define AIOSTALL_MODEL_TEE_H

#include "model/source.h"

struct tee {
	struct sink sink; /* what the source is given; set by tee__init */
	struct sink to[2];
};

/* Copies both; a function that is NULL in one of them does not want these events. */
void tee__init(struct tee *t, const struct sink *first, const struct sink *second);

#endif
