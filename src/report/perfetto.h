/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A timeline in the trace-event format that ui.perfetto.dev and
 * chrome://tracing read: one track per thread, on it the calls, in them the
 * sleeps. Nothing on one track overlaps but what nests, whatever is fed in.
 */
#ifndef AIOSTALL_REPORT_PERFETTO_H
#define AIOSTALL_REPORT_PERFETTO_H

#include "model/source.h"

/* Spans kept at most; more are counted and said in the output. */
#define TIMELINE_SPANS_MAX 1000000

struct timeline;

/* NULL on lack of memory. */
struct timeline *timeline__new(void);
void timeline__free(struct timeline *t);
/* What is added from now on is of this recording; strings are copied. 0 or -ENOMEM. */
int timeline__recording(struct timeline *t, const struct capture_info *capture);
/* cause_id "" = not known. Strings are copied, the stack must stay. 0 or -ENOMEM. */
int timeline__stall(struct timeline *t, const struct ev_stall *ev, const char *cause_id);
int timeline__submit(struct timeline *t, const struct ev_submit *ev);
#endif
