// SPDX-License-Identifier: GPL-2.0
#include "store/codec.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

/* Bits of a blob, the highest of each byte first. */
struct bits {
	const uint8_t *data;
	size_t at, end; /* in bits */
};

static void put_bit(uint8_t *buf, size_t *at, bool bit)
{
	if (!(*at % 8))
		buf[*at / 8] = 0;
	if (bit)
		buf[*at / 8] |= (uint8_t)(0x80 >> *at % 8);
	++*at;
}

/* Elias gamma: as many zeros as v has bits behind its first, then v. v > 0. */
static void put_number(uint8_t *buf, size_t *at, uint64_t v)
{
	int behind = 63 - __builtin_clzll(v);

	for (int i = 0; i < behind; i++)
		put_bit(buf, at, false);
	for (int i = behind; i >= 0; i--)
		put_bit(buf, at, v >> i & 1);
}

/* The bits at b->at and behind: 57 of them or more, zeros behind the end. */
static uint64_t window(const struct bits *b)
{
	size_t byte = b->at / 8, size = b->end / 8;
	uint64_t v = 0;

	for (size_t i = 0; i < 8; i++)
		v = v << 8 | (byte + i < size ? b->data[byte + i] : 0);
	return v << b->at % 8;
}

static bool get_bit(struct bits *b)
{
	bool bit = b->data[b->at / 8] & (0x80 >> b->at % 8);

	b->at++;
	return bit;
}

/* 0 if there is none, or one of more than 64 bits. */
static uint64_t get_long_number(struct bits *b)
{
	size_t behind = 0;
	uint64_t v = 1;

	while (b->at < b->end && !get_bit(b))
		behind++;
	if (behind > 63 || behind > b->end - b->at)
		return 0;
	while (behind--)
		v = v << 1 | get_bit(b);
	return v;
}

static uint64_t get_number(struct bits *b)
{
	uint64_t next = window(b);
	int behind = next ? __builtin_clzll(next) : 64;

	if (behind > 28)
		return get_long_number(b);
	if ((size_t)(2 * behind + 1) > b->end - b->at)
		return 0;
	b->at += (size_t)(2 * behind + 1);
	return next >> (63 - 2 * behind);
}

/* What fills up the last byte: zeros, less than a byte of them. */
static bool is_at_end(const struct bits *b)
{
	return b->at == b->end || (b->end - b->at < 8 && !window(b));
}

size_t codec__put_hist(const struct hist *h, uint8_t buf[CODEC_HIST_MAX])
{
	uint32_t next = 0;
	size_t at = 0;

	for (uint32_t b = 0; b < HIST_BUCKETS; b++) {
		if (!h->n[b])
			continue;
		put_number(buf, &at, b - next + 1);
		put_number(buf, &at, h->n[b]);
		next = b + 1;
	}
	return (at + 7) / 8;
}

int codec__add_hist(const uint8_t *blob, size_t size, struct hist *h)
{
	struct bits bits = {.data = blob, .end = 8 * size};
	uint64_t bucket = 0, distance, count;

	if (size > CODEC_HIST_MAX)
		return -EBADMSG;
	while (!is_at_end(&bits)) {
		distance = get_number(&bits);
		if (!distance || distance > HIST_BUCKETS - bucket)
			return -EBADMSG;
		bucket += distance;
		count = get_number(&bits);
		if (!count)
			return -EBADMSG;
		if (__builtin_add_overflow(h->n[bucket - 1], count, &h->n[bucket - 1]))
			h->n[bucket - 1] = UINT64_MAX;
	}
	return 0;
}

size_t codec__put_sparse(struct sparse *s, uint8_t buf[CODEC_HIST_MAX])
{
	uint32_t next = 0;
	size_t at = 0;

	sparse__sort(s);
	for (uint32_t i = 0; i < s->nr; i++) {
		put_number(buf, &at, s->pair[i].bucket - next + 1);
		put_number(buf, &at, s->pair[i].count);
		next = s->pair[i].bucket + 1;
	}
	return (at + 7) / 8;
}
