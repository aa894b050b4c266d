/* SPDX-License-Identifier: GPL-2.0 */
/* What tracing itself costs: programs, reader, ring buffer. */
#ifndef AIOSTALL_LIVE_SELF_H
#define AIOSTALL_LIVE_SELF_H

#include "live/state.h"

/* Have the kernel measure programs, if opts.self asks for it. Never fails: what is not measured is 0. */
void self__begin(struct live *lv);
/* All is open: what the process used up to here was for starting. */
void self__started(struct live *lv);
/* Take the figures, with the programs still loaded. */
void self__end(struct live *lv);

/* CPU time of this process and, if they are counted, of the programs; *whole = they are. */
uint64_t self__cost_ns(const struct live *lv, bool *whole);
/* Give back what self__begin and self__started took; once is enough. */
void self__free(struct live *lv);

/* Bytes that wait in the ring buffer; 0 if it cannot be looked at. */
uint64_t self__ring_used(const struct live *lv);

#endif
