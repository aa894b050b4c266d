/* SPDX-License-Identifier: GPL-2.0 */
/* What a server that traces for months is asked for: the last minutes, all of it, who sleeps. */
#ifndef AIOSTALL_CMD_LATELY_H
#define AIOSTALL_CMD_LATELY_H

#include "cmd/session.h"
#include "model/labels.h"

struct lately;

/* The session outlives it, and its events go there from now on. NULL with e set. */
struct lately *lately__new(struct session *s, const struct cmd_opts *o, struct err *e);
/* Once in a while; what is there at the time is taken. 0 or -errno with e set. */
int lately__step(struct lately *l, struct err *e);
/* Counters were told of just now: they are in what follows. */
void lately__take(struct lately *l);
/* Nothing comes any more: what there is stays as it is. */
void lately__stop(struct lately *l);
/* Of at least half of --window, or of all since the start. NULL with e set. */
const struct report *lately__report(struct lately *l, bool all, struct err *e);
/* NULL = not asked for. */
struct labels *lately__labels(struct lately *l);
void lately__free(struct lately *l); /* free(NULL) works */

#endif
