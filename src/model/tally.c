// SPDX-License-Identifier: GPL-2.0
#include "model/tally.h"

#include <stdlib.h>
#include <string.h>

bool budget__take(struct budget *b)
{
	if (!b->left) {
		b->evicted = sat_add(b->evicted, 1);
		return false;
	}
	b->left--;
	return true;
}

static struct tally *tally__add_key(struct tally **table, const void *key, size_t len)
{
	struct tally *t = calloc(1, sizeof(*t) + len + 1);

	if (!t)
		return NULL;
	memcpy(t->key, key, len);
	t->key_len = len;
	HASH_ADD(hh, *table, key, len, t);
	if (!t->hh.tbl) {
		free(t);
		return NULL;
	}
	return t;
}

struct tally *tally__get(struct tally **table, const void *key, size_t len, struct budget *b)
{
	struct tally *t;

	HASH_FIND(hh, *table, key, len, t);
	if (t)
		return t;
	if (!budget__take(b)) {
		key = TALLY_OTHER;
		len = strlen(TALLY_OTHER);
		HASH_FIND(hh, *table, key, len, t);
		return t ? t : tally__add_key(table, key, len);
	}
	t = tally__add_key(table, key, len);
	if (!t)
		b->evicted = sat_add(b->evicted, 1);
	return t;
}

struct tally *tally__get_str(struct tally **table, const char *s, struct budget *b)
{
	size_t len = s ? strlen(s) : 0;

	if (len > TALLY_STR_MAX) {
		s += len - TALLY_STR_MAX;
		len = TALLY_STR_MAX;
	}
	return tally__get(table, s ? s : "", len, b);
}

void tally__add(struct tally *t, uint64_t sleeps, uint64_t blocked_ns, uint64_t max_ns)
{
	if (!t)
		return;
	t->sleeps = sat_add(t->sleeps, sleeps);
	t->blocked_ns = sat_add(t->blocked_ns, blocked_ns);
	if (max_ns > t->max_ns)
		t->max_ns = max_ns;
}

const struct tally *tally__top(const struct tally *table)
{
	const struct tally *top = table;

	for (const struct tally *t = table; t; t = t->hh.next) {
		if (t->sleeps > top->sleeps)
			top = t;
	}
	return top;
}

void tally__free(struct tally **table)
{
	struct tally *t, *next;

	HASH_ITER(hh, *table, t, next)
	{
		HASH_DEL(*table, t);
		/* stacks have two tables of their own, and those none */
		if (t->comms)
			tally__free(&t->comms);
		if (t->user_stacks)
			tally__free(&t->user_stacks);
		free(t);
	}
}
