// SPDX-License-Identifier: GPL-2.0
#include "model/sparse.h"

#include <errno.h>
#include <stdlib.h>

#include "model/sums.h"

int sparse__add(struct sparse *s, uint32_t bucket, uint64_t count)
{
	for (uint32_t i = 0; i < s->nr; i++) {
		if (s->pair[i].bucket != bucket)
			continue;
		s->pair[i].count = sat_add(s->pair[i].count, count);
		return 0;
	}
	if (s->nr == s->room) {
		uint32_t room = s->room ? 2 * s->room : 4;
		struct sparse_pair *grown = realloc(s->pair, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		s->pair = grown;
		s->room = room;
	}
	s->pair[s->nr++] = (struct sparse_pair){bucket, count};
	return 0;
}

int sparse__add_hist(struct sparse *s, const struct hist *h)
{
	int rc = 0;

	for (uint32_t b = 0; !rc && b < HIST_BUCKETS; b++)
		if (h->n[b])
			rc = sparse__add(s, b, h->n[b]);
	return rc;
}

int sparse__merge(struct sparse *s, const struct sparse *from)
{
	int rc = 0;

	for (uint32_t i = 0; !rc && i < from->nr; i++)
		rc = sparse__add(s, from->pair[i].bucket, from->pair[i].count);
	return rc;
}

static int by_bucket(const void *a, const void *b)
{
	const struct sparse_pair *x = a, *y = b;

	return (x->bucket > y->bucket) - (x->bucket < y->bucket);
}

void sparse__sort(struct sparse *s)
{
	if (s->nr)
		qsort(s->pair, s->nr, sizeof(*s->pair), by_bucket);
}

void hist__add_sparse(struct hist *h, const struct sparse *s)
{
	for (uint32_t i = 0; i < s->nr; i++)
		h->n[s->pair[i].bucket] = sat_add(h->n[s->pair[i].bucket], s->pair[i].count);
}

void sparse__free(struct sparse *s)
{
	free(s->pair);
	*s = (struct sparse){0};
}
