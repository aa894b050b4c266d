/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a stack to the resource waited for: ordered rules, first match wins.
 * Rules are data (causes.rules, compiled in; --rules FILE goes before them).
 */
#ifndef AIOSTALL_CAUSE_CAUSES_H
#define AIOSTALL_CAUSE_CAUSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The id of a stack that no rule matches. */
#define CAUSE_UNKNOWN "unknown"
#define CAUSE_NO_STACK "no_stack" /* of a sleep whose stack was lost */

#define CAUSE_TRIED_MAX 6 /* remedies of one cause */

struct causes;
struct moot;
struct program;

struct cause {
	const char *id;	     /* "ext4.dio_sync" */
	const char *name;    /* one line */
	const char *meaning; /* what happens */
	const char *todo;    /* the advice as one clause that reads on after a colon, "" = none */
	const char *operator_advice;
	const char *author_advice; /* "" = none beyond the operator's */
	const char *asks; /* what to look up on the host at a stall, of asks.def: "tags, extents" */
	const char *kernels;	   /* where it holds, "" = all */
	const char *evidence;	   /* "proven", "seen" or "source" */
	const char *direct_advice; /* the author's, where O_DIRECT is used already; "" = the same */
	const char *direct_todo;   /* the clause, the same */
	/* names where all requests lie behind the end of their file, or are not aligned; "" = the same */
	const char *append_name, *unaligned_name;
	const char *inside; /* "yes": the request is complete when the sleep ends; "" = not */
	const char *unaligned_todo; /* the clause for the latter; "" = the same */
	/* "author; 6.18; what was done; 1000 -> 0": stalls per 1000 submits without and with it */
	const char *tried[CAUSE_TRIED_MAX];
	size_t nr_tried;
	const char *refs; /* where to read more: commits, kernel documents; "" = none */
};

/*
 * Load the compiled-in rules and, before them, those of rules_file if not
 * NULL. On error returns NULL and writes a message that names file, line and
 * fault into err.
 */
struct causes *causes__new(const char *rules_file, char *err, size_t err_size);
void causes__free(struct causes *c);
/*
 * The cause of a stack given as function names, innermost first. Compiler
 * suffixes, offsets and module tags are tolerated. Never NULL: the last
 * resort is the cause with id "unknown". Thread-safe; owned by c.
 */
const struct cause *causes__match(const struct causes *c, const char *const *frames, size_t depth);
/*
 * Innermost frames that are not wait primitives, up to max, as "a < b < c",
 * suffix-stripped. Writes into buf, returns buf.
 */
char *causes__telling(const struct causes *c, const char *const *frames, size_t depth, size_t max,
		      char *buf, size_t buf_size);
/*
 * Via tags of a stack (user_buffer, dio_flush, block_map, sync, time_update,
 * end_io, reclaim, writeback, overlay ...), comma separated, "" = none.
 */
char *causes__via(const struct causes *c, const char *const *frames, size_t depth, char *buf,
		  size_t buf_size);
/* Is the stack inside io_submit, as far as its frames say? */
bool causes__entered(const struct causes *c, const char *const *frames, size_t depth);
/*
 * What the task of a stack is about, if others may have to wait for it:
 * "freezes a filesystem", "commits the journal"; NULL = nothing known. Owned by c.
 */
const char *causes__role(const struct causes *c, const char *const *frames, size_t depth);
/* The part of the kernel below which the task waits ("ZFS"), for what no rule knows; NULL. Owned by c. */
const char *causes__where(const struct causes *c, const char *const *frames, size_t depth);
/* Index of the innermost frame that is not just a way to wait; depth if there is none. */
size_t causes__waiter(const struct causes *c, const char *const *frames, size_t depth);
/*
 * One of the frames, inward of all that the cause with this id was told from and in no rule: what the
 * task waits for there may be something else. NULL if there is none, and the cause is sure.
 */
const char *causes__doubt(const struct causes *c, const char *id, const char *const *frames,
			  size_t depth);
/*
 * What to say of a cause of which a function of that name makes doubt, and whether there would be
 * advice. Writes into buf, returns buf.
 */
char *causes__say_doubt(const char *name, bool advice, char *buf, size_t buf_size);
/*
 * The next setting against the cause, of the program with this comm, or of any if comm is NULL; *at
 * begins with 0. NULL: none is left. Owned by c.
 */
const struct program *causes__program(const struct causes *c, const char *comm, const char *id,
				      size_t *at);
/* The i-th advice that facts may contradict, NULL past the end. Owned by c. */
const struct moot *causes__moot(const struct causes *c, size_t i);
/* Iterate: the i-th cause in match order, NULL past the end. */
const struct cause *causes__at(const struct causes *c, size_t i);
const struct cause *causes__find(const struct causes *c, const char *id);

#endif
