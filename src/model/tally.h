/* SPDX-License-Identifier: GPL-2.0 */
/* Sleeps counted by key, with a bound on the number of keys. */
#ifndef AIOSTALL_MODEL_TALLY_H
#define AIOSTALL_MODEL_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A new entry that does not fit into memory is not added, and the caller told. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(entry) ((entry)->hh.tbl = NULL)
#include <uthash.h>

struct stack;

#define TALLY_OTHER "(other)"

/* How many more keys there may be, and what was folded into "(other)" for want of room. */
struct budget {
	size_t left;
	uint64_t evicted;
};

/* What is counted under one key: a stack, waker, file, thread name. */
struct tally {
	UT_hash_handle hh;
	uint64_t sleeps, blocked_ns, max_ns;
	const struct stack *stack;	   /* of tables of stacks */
	struct tally *comms, *user_stacks; /* who slept there */
	size_t key_len;
	char key[]; /* and a NUL */
};

static inline uint64_t sat_add(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static inline uint64_t sat_sub(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* Whether a key may still be added; takes it from the budget, or counts an eviction. */
bool budget__take(struct budget *b);
/*
 * The entry of a key, made if need be; that of TALLY_OTHER if the budget is
 * used up. NULL only on lack of memory, counted as evicted.
 */
struct tally *tally__get(struct tally **table, const void *key, size_t len, struct budget *b);
/* The same for a string, of which at most the last TALLY_STR_MAX bytes are told apart. */
#define TALLY_STR_MAX 4096
struct tally *tally__get_str(struct tally **table, const char *s, struct budget *b);
/* Count sleeps, the longest of max_ns. t may be NULL. */
void tally__add(struct tally *t, uint64_t sleeps, uint64_t blocked_ns, uint64_t max_ns);
/* The entry with the most sleeps, NULL if there is none. */
const struct tally *tally__top(const struct tally *table);
void tally__free(struct tally **table);

#endif
