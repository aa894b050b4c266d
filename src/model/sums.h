/* SPDX-License-Identifier: GPL-2.0 */
/* Sums that saturate: what is fed may be hostile, and no sum wraps around. */
#ifndef AIOSTALL_MODEL_SUMS_H
#define AIOSTALL_MODEL_SUMS_H

#include "model/event.h"

static inline uint64_t sat_add(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static inline uint64_t sat_sub(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* One stall as a sum. */
struct sleep_sum sleep_sum__of(const struct ev_stall *ev);
void sleep_sum__add(struct sleep_sum *to, const struct sleep_sum *from);
/* In any plane. */
bool counters__any_sleeps(const struct counters *c);
uint64_t counters__sleeps_in(const struct counters *c, enum plane plane);
/* Of the time blocked in a plane, in which each is a whole of its own. */
uint64_t counters__blocked_in(const struct counters *c, enum plane plane);
/* What these sleeps add to the counters of their filesystem; hist NULL = only the longest is known by itself. */
void fs_counts__add_sleeps(struct fs_counts *to, enum plane plane, const struct sleep_sum *sum,
			   const struct hist *hist);
/*
 * Add what a slice says. In a slice a maximum (counters.def) is the new
 * one since tracing began if it grew in that slice, else 0: the sum of all
 * slices has the true one, that of some of them may have one that is too low.
 */
void fs_counts__add(struct fs_counts *to, const struct fs_counts *delta);
/* Where a maximum is too low, the upper edge of the histogram's last bucket is taken. */
void fs_counts__fix_max(struct fs_counts *c);
/* delta = now - last, last = now; what went down (a reset) adds nothing. */
void fs_counts__take_delta(struct fs_counts *delta, const struct fs_counts *now,
			   struct fs_counts *last);
void loss__add(struct loss *to, const struct loss *delta);
void loss__take_delta(struct loss *delta, const struct loss *now, struct loss *last);

#endif
