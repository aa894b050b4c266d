/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The last minutes of a ledger that goes on for months: a view of its latest slices. What they add
 * goes to two ledgers of bounded size, of which the younger takes the place of the older when it has
 * half of the span.
 */
#ifndef AIOSTALL_MODEL_WINDOW_H
#define AIOSTALL_MODEL_WINDOW_H

#include "model/view.h"

struct window;

/*
 * Slices of the ledger are taken by this alone; it outlives the window, and so does what opts points
 * to. NULL on lack of memory.
 */
struct window *window__new(struct ledger *of, const struct ledger_opts *opts, uint64_t span_ns,
			   uint64_t now_ns);
/* Events go there, which hands them on to the ledger. */
const struct sink *window__sink(struct window *w);
/* Half of the span is over: counters and events are to be cut and told of, and window__turn called. */
bool window__is_due(const struct window *w, uint64_t now_ns);
/*
 * The present slice is complete: from time to time, so that it stays small, and each time that
 * processes were told of.
 */
void window__take(struct window *w, uint64_t now_ns);
/* The same, and what is older than the span is forgotten. */
void window__turn(struct window *w, const struct capture_info *capture, uint64_t now_ns);
/*
 * What was taken, of at least half of the span unless that is not over yet; the capture is that of the
 * whole. Valid until the next call, and as the ledger's report is. NULL on lack of memory.
 */
const struct report *window__report(struct window *w, const struct view *v,
				    const struct capture_info *capture);
void window__free(struct window *w); /* free(NULL) works */

#endif
