/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who submitted, and what failed, since one was asked last: a source tells of all since tracing
 * began.
 */
#ifndef AIOSTALL_MODEL_TALLY_H
#define AIOSTALL_MODEL_TALLY_H

#include "model/failures.h"
#include "model/source.h"

struct tally_process;

struct tally {
	struct tally_process *processes;
	struct failure *failures;
};

/* As of now: everybody is told of, and then what came is asked for. 0 or -ENOMEM. */
int tally__process(struct tally *t, const struct ev_process *ev);
int tally__failed(struct tally *t, const struct ev_failed *ev);
/* What came since the last time, to the sink's process() and failed(). */
void tally__tell(struct tally *t, const struct sink *to);
void tally__free(struct tally *t);

#endif
