// SPDX-License-Identifier: GPL-2.0
#include "model/hist.h"

/* The formula of bpf/wire.h: 8 exact buckets, then 8 per power of two. */
uint32_t hist__bucket(uint64_t ns)
{
	uint32_t top, bucket;

	if (ns < 8)
		return (uint32_t)ns;
	top = 63 - (uint32_t)__builtin_clzll(ns);
	bucket = (top - 2) * 8 + (uint32_t)(ns >> (top - 3) & 7);
	return bucket < HIST_BUCKETS ? bucket : HIST_BUCKETS - 1;
}

uint64_t hist__lower(uint32_t bucket)
{
	if (bucket < 8)
		return bucket;
	if (bucket >= HIST_BUCKETS)
		bucket = HIST_BUCKETS - 1;
	return (8ULL + bucket % 8) << (bucket / 8 - 1);
}

uint64_t hist__upper(uint32_t bucket)
{
	if (bucket < 8)
		return bucket + 1;
	if (bucket >= HIST_BUCKETS)
		bucket = HIST_BUCKETS - 1;
	return (9ULL + bucket % 8) << (bucket / 8 - 1);
}

static uint64_t plus(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

void hist__add(struct hist *h, uint64_t ns, uint64_t count)
{
	uint64_t *n = &h->n[hist__bucket(ns)];

	*n = plus(*n, count);
}

void hist__merge(struct hist *to, const struct hist *from)
{
	for (uint32_t b = 0; b < HIST_BUCKETS; b++)
		to->n[b] = plus(to->n[b], from->n[b]);
}

uint64_t hist__count(const struct hist *h)
{
	uint64_t sum = 0;

	for (uint32_t b = 0; b < HIST_BUCKETS; b++)
		sum = plus(sum, h->n[b]);
	return sum;
}

/* Upper edge of a bucket that holds something; the last one ends at the largest value. */
static double edge(uint32_t bucket, uint64_t max_ns)
{
	uint64_t upper = hist__upper(bucket);

	return (double)(bucket == HIST_BUCKETS - 1 && max_ns > upper ? max_ns : upper);
}

uint64_t hist__quantile(const struct hist *h, double q, uint64_t max_ns)
{
	double want, seen = 0, value = 0;

	if (!(q > 0))
		q = 0;
	want = (q < 1 ? q : 1) * (double)hist__count(h);
	for (uint32_t b = 0; b < HIST_BUCKETS; b++) {
		double in = (double)h->n[b], low = (double)hist__lower(b);

		if (!h->n[b])
			continue;
		value = edge(b, max_ns);
		if (seen + in >= want) {
			value = low + (value - low) * (want - seen) / in;
			break;
		}
		seen += in;
	}
	return value < (double)max_ns ? (uint64_t)value : value > 0 ? max_ns : 0;
}
