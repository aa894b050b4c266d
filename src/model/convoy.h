/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Locks that are held by a thread which itself sleeps: what it sleeps for is the cause behind the wait, and several
 * threads that wait so are a convoy. Sleeps come in the order of their ends, so that those of the holder are known
 * when that of the waiter is.
 */
#ifndef AIOSTALL_MODEL_CONVOY_H
#define AIOSTALL_MODEL_CONVOY_H

#include "model/event.h"

struct convoy;
struct ledger_cause;

/* NULL on lack of memory: then nothing is behind anything. Fixed size. */
struct convoy *convoy__new(void);
void convoy__free(struct convoy *c);

struct convoy_found {
	const struct ledger_cause *behind; /* NULL = not known, or no lock is waited for */
	uint32_t together;		   /* threads of the process that waited so at once */
};
/*
 * What the holder of the stall's lock slept for most of that time; what that in turn stood behind, if it did. Of
 * workers of io_uring alone. The stall itself is remembered as one for `cause`.
 */
struct convoy_found convoy__add(struct convoy *c, const struct ev_stall *ev,
				const struct ledger_cause *cause);

#endif
