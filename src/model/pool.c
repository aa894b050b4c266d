// SPDX-License-Identifier: GPL-2.0
#include "model/pool.h"

#include <stdlib.h>
#include <string.h>

struct pool_block {
	struct pool_block *next;
	_Alignas(max_align_t) char data[];
};

void *pool__array(struct pool *p, size_t n, size_t size)
{
	struct pool_block *b;
	size_t bytes;

	if (!n)
		return NULL;
	if (__builtin_mul_overflow(n, size, &bytes) ||
	    __builtin_add_overflow(bytes, sizeof(*b), &bytes)) {
		p->failed = true;
		return NULL;
	}
	b = calloc(1, bytes);
	if (!b) {
		p->failed = true;
		return NULL;
	}
	b->next = p->blocks;
	p->blocks = b;
	return b->data;
}

const char *pool__str(struct pool *p, const char *s)
{
	size_t size = s ? strlen(s) + 1 : 1;
	char *copy = size > 1 ? pool__array(p, size, 1) : NULL;

	return copy ? memcpy(copy, s, size) : "";
}

void pool__clear(struct pool *p)
{
	struct pool_block *next;

	for (struct pool_block *b = p->blocks; b; b = next) {
		next = b->next;
		free(b);
	}
	*p = (struct pool){0};
}
