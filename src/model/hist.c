// SPDX-License-Identifier: GPL-2.0
#include "model/hist.h"

uint32_t hist__bucket(uint64_t ns)
{
	uint32_t e, b;

	if (ns < 8)
		return (uint32_t)ns;
	e = 63u - (uint32_t)__builtin_clzll(ns);
	b = (e - 2) * 8 + (uint32_t)(ns >> (e - 3) & 7);
	return b < HIST_BUCKETS ? b : HIST_BUCKETS - 1;
}

uint64_t hist__lower(uint32_t bucket)
{
	uint32_t e = bucket / 8 + 2;

	return bucket < 8 ? bucket : (8ULL + bucket % 8) << (e - 3);
}

uint64_t hist__upper(uint32_t bucket)
{
	return hist__lower(bucket + 1);
}

void hist__add(struct hist *h, uint64_t ns, uint64_t count)
{
	h->n[hist__bucket(ns)] += count;
}

void hist__merge(struct hist *to, const struct hist *from)
{
	for (uint32_t i = 0; i < HIST_BUCKETS; i++)
		to->n[i] += from->n[i];
}

uint64_t hist__count(const struct hist *h)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < HIST_BUCKETS; i++)
		n += h->n[i];
	return n;
}

uint64_t hist__quantile(const struct hist *h, double q, uint64_t max_ns)
{
	double want = q * (double)hist__count(h), seen = 0;
	double low, width, v;

	for (uint32_t i = 0; i < HIST_BUCKETS; i++) {
		double n = (double)h->n[i];

		if (n <= 0 || seen + n < want) {
			seen += n;
			continue;
		}
		/* the last bucket has no upper edge of its own */
		if (i == HIST_BUCKETS - 1)
			return max_ns > hist__lower(i) ? max_ns : hist__lower(i);
		low = (double)hist__lower(i);
		width = (double)hist__upper(i) - low;
		v = low + width * (want - seen) / n;
		return v > (double)max_ns ? max_ns : (uint64_t)v;
	}
	return 0;
}
