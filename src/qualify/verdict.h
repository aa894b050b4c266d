/* SPDX-License-Identifier: GPL-2.0 */
/* From what a cell's requests did to one word. */
#ifndef AIOSTALL_QUALIFY_VERDICT_H
#define AIOSTALL_QUALIFY_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In ascending order of harm, which --fail-on compares; nothing is known of the first. */
enum verdict {
	VERDICT_NA,
	VERDICT_ASYNC,
	VERDICT_CACHED,
	VERDICT_RARE,
	VERDICT_REFUSES,
	VERDICT_BLOCKS,
	VERDICT_SYNCHRONOUS,
	VERDICTS
};

/* What the requests of one cell did to the thread that submitted them. */
struct figures {
	uint64_t requests, submits, submits_blocked;
	uint64_t sleeps;  /* voluntary context switches inside the submits */
	uint64_t refused; /* EAGAIN */
	uint64_t failed;  /* with any other error */
	uint64_t inside;  /* done when the submit returned */
	uint64_t bytes;
	uint64_t held_p50_ns, held_p99_ns, held_max_ns; /* of one submit */
	uint64_t done_p50_ns, done_p99_ns;		/* from the submit to the completion */
	uint64_t wall_ns;		    /* from the first submit to the last completion */
	uint64_t cpu_ns;		    /* of all threads of the load */
	uint64_t residue_bytes, file_bytes; /* in the page cache afterwards, of how many */
	uint64_t request_bytes;
	int failed_errno; /* of a request that failed, 0 = none */
};

const char *verdict__word(enum verdict v);
/* -1: there is no such word. */
int verdict__find(const char *word);
/* One line for the word. */
const char *verdict__meaning(enum verdict v);

/*
 * through_cache: the page cache may have answered. no_device_io: being done in the call is how it
 * should be. Of figures without requests nothing can be said: VERDICT_NA.
 */
enum verdict verdict__judge(const struct figures *f, bool through_cache, bool no_device_io);
/* A few sleeps more or less would have made another word of it: more requests would tell. */
bool verdict__is_close(const struct figures *f);

#endif
