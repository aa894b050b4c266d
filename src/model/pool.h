/* SPDX-License-Identifier: GPL-2.0 */
/* Memory that is freed all at once: a report's arrays and strings. */
#ifndef AIOSTALL_MODEL_POOL_H
#define AIOSTALL_MODEL_POOL_H

#include <stdbool.h>
#include <stddef.h>

struct pool_block;
struct pool {
	struct pool_block *blocks;
	bool failed; /* an allocation failed: what was built is not complete */
};

/* n zeroed objects; NULL if n is 0 or memory is short. */
void *pool__array(struct pool *p, size_t n, size_t size);
/* A copy of a string; "" if s is NULL or memory is short. */
const char *pool__str(struct pool *p, const char *s);
/* Free everything and begin anew. */
void pool__clear(struct pool *p);

#endif
