// SPDX-License-Identifier: GPL-2.0
#include "store/codec.h"

#include <errno.h>
#include <stdlib.h>

static size_t put_number(uint8_t *buf, uint64_t v)
{
	size_t n = 0;

	while (v >= 0x80) {
		buf[n++] = (uint8_t)v | 0x80;
		v >>= 7;
	}
	buf[n++] = (uint8_t)v;
	return n;
}

/* Bytes read, 0 if the number does not end or has more than 64 bits. */
static size_t get_number(const uint8_t *buf, size_t size, uint64_t *v)
{
	*v = 0;
	for (size_t n = 0; n < size && n < 10; n++) {
		uint64_t bits = buf[n] & 0x7f;

		if (n == 9 && bits > 1)
			return 0;
		*v |= bits << (7 * n);
		if (!(buf[n] & 0x80))
			return n + 1;
	}
	return 0;
}

size_t codec__put_hist(const struct hist *h, uint8_t buf[CODEC_HIST_MAX])
{
	uint32_t next = 0;
	size_t n = 0;

	for (uint32_t b = 0; b < HIST_BUCKETS; b++) {
		if (!h->n[b])
			continue;
		n += put_number(buf + n, b - next);
		n += put_number(buf + n, h->n[b]);
		next = b + 1;
	}
	return n;
}

int codec__add_hist(const uint8_t *blob, size_t size, struct hist *h)
{
	uint64_t bucket = 0, skip, count;
	size_t used;

	for (size_t at = 0; at < size; at += used) {
		used = get_number(blob + at, size - at, &skip);
		if (!used || skip >= HIST_BUCKETS - bucket)
			return -EBADMSG;
		at += used;
		bucket += skip;
		used = get_number(blob + at, size - at, &count);
		if (!used)
			return -EBADMSG;
		if (__builtin_add_overflow(h->n[bucket], count, &h->n[bucket]))
			h->n[bucket] = UINT64_MAX;
		bucket++;
	}
	return 0;
}

int sparse__add(struct sparse *s, uint64_t ns)
{
	uint32_t bucket = hist__bucket(ns);

	for (uint32_t i = 0; i < s->nr; i++) {
		if (s->pair[i].bucket != bucket)
			continue;
		s->pair[i].count += s->pair[i].count != UINT32_MAX;
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
	s->pair[s->nr++] = (struct sparse_pair){bucket, 1};
	return 0;
}

static int by_bucket(const void *a, const void *b)
{
	const struct sparse_pair *x = a, *y = b;

	return (x->bucket > y->bucket) - (x->bucket < y->bucket);
}

size_t sparse__put(struct sparse *s, uint8_t buf[CODEC_HIST_MAX])
{
	uint32_t next = 0;
	size_t n = 0;

	if (s->nr)
		qsort(s->pair, s->nr, sizeof(*s->pair), by_bucket);
	for (uint32_t i = 0; i < s->nr; i++) {
		n += put_number(buf + n, s->pair[i].bucket - next);
		n += put_number(buf + n, s->pair[i].count);
		next = s->pair[i].bucket + 1;
	}
	return n;
}

void sparse__free(struct sparse *s)
{
	free(s->pair);
	*s = (struct sparse){0};
}
