/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who submitted, and what failed, while one file was written: a source tells of all since tracing
 * began, and files may follow one another.
 */
#ifndef AIOSTALL_STORE_TALLY_H
#define AIOSTALL_STORE_TALLY_H

#include "store/put.h"

struct tally_process;
struct tally_failure;

struct tally {
	struct tally_process *processes;
	struct tally_failure *failures;
};

/* As of now: everybody is told of, and then all of it is put. 0 or -ENOMEM. */
int tally__process(struct tally *t, const struct ev_process *ev);
int tally__failed(struct tally *t, const struct ev_failed *ev);
/* Rows of what came since the last time. */
void tally__put(struct tally *t, struct put *p);
void tally__free(struct tally *t);

#endif
