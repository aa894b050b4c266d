/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A capture that is taken step by step: the loop is the caller's, and what was seen so far can be
 * looked at whenever it likes.
 */
#ifndef AIOSTALL_MODEL_CAPTURE_H
#define AIOSTALL_MODEL_CAPTURE_H

#include <poll.h>

#include "model/brief.h"
#include "model/view.h"

struct capture;

/* Takes the source over, also if it fails; the ledger stays the caller's. NULL on lack of memory. */
struct capture *capture__new(struct source *source, struct ledger *ledger);
/* Events go there from now on, and to the ledger only by that sink; NULL = to the ledger. */
void capture__set_sink(struct capture *c, const struct sink *to);
/*
 * Take what has come, after waiting for timeout_ms at most: less where the source wants to be asked
 * sooner or one of the extra descriptors is ready (their revents say which). 0, 1 at the end of the
 * source, or -errno; -EINTR if a signal came.
 */
int capture__step(struct capture *c, int timeout_ms, struct pollfd *extra, size_t nr_extra);
/* Counters as of now, into the ledger. 0 or -errno. */
int capture__counters(struct capture *c);
/*
 * Who sleeps now, since when, where: each to the sink's unfinished(), nothing to the ledger. 0 or
 * -errno; -ENOTSUP of a source that cannot tell.
 */
int capture__asleep(struct capture *c, const struct sink *to);
/* Who has submitted so far, and what has failed, as at the end: to the sink. */
void capture__processes(struct capture *c);
/* CPU time that the capture has taken so far; *whole = that in the kernel, too. 0 = not known. */
uint64_t capture__cost_ns(struct capture *c, bool *whole);
/*
 * A window begins now. What was delivered until this returns belongs to the one before, in counters as
 * in events. 0 or -errno.
 */
int capture__mark(struct capture *c, uint64_t now_ns);
/* Totals as they were at the last mark, 0 before the first; *since_ns is its time. */
const struct fs_counts *capture__marked(const struct capture *c, uint64_t *since_ns);
/* All that capture__report would tell of, into the sink: as if tracing ended now. 0 or -errno. */
int capture__refresh(struct capture *c);
/*
 * The report: before capture__stop of what was seen so far, as if tracing ended now; after it the
 * final one; v NULL = all of it. As often as wanted; valid until the next call. NULL on error, with e set.
 */
const struct report *capture__report(struct capture *c, const struct view *v, struct err *e);
/*
 * What was seen so far in brief, and who sleeps now; to be freed with brief__free also on error.
 * 0 or -errno.
 */
int capture__brief(struct capture *c, struct brief *b);
/* Take the probes off and the rest of the events. Once; 0 or -errno. */
int capture__stop(struct capture *c);
/* As of now, or of the whole after capture__stop. The caller may add to it then. */
struct capture_info *capture__info(struct capture *c);
/* Frees the source, too. free(NULL) works. */
void capture__free(struct capture *c);

#endif
