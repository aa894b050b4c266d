/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Log-linear histogram of nanoseconds, 8 buckets per power of two (12.5 % wide),
 * the same buckets as WIRE_HIST_BUCKETS in bpf/wire.h.
 */
#ifndef AIOSTALL_MODEL_HIST_H
#define AIOSTALL_MODEL_HIST_H

#include <stdint.h>

#define HIST_BUCKETS 280

struct hist {
	uint64_t n[HIST_BUCKETS];
};

/* Bucket of a value in ns; the last bucket takes everything above 2^37. */
uint32_t hist__bucket(uint64_t ns);
/* Exclusive upper edge of a bucket in ns. */
uint64_t hist__upper(uint32_t bucket);
/* Inclusive lower edge of a bucket in ns. */
uint64_t hist__lower(uint32_t bucket);
void hist__add(struct hist *h, uint64_t ns, uint64_t count);
void hist__merge(struct hist *to, const struct hist *from);
uint64_t hist__count(const struct hist *h);
/*
 * The value below which a share q (0..1) lies, linear within its bucket; 0 if
 * empty. Never more than max_ns, the largest value seen.
 */
uint64_t hist__quantile(const struct hist *h, double q, uint64_t max_ns);

#endif
