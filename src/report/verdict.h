/* SPDX-License-Identifier: GPL-2.0 */
/* What there is to say of one filesystem, in one sentence. */
#ifndef AIOSTALL_REPORT_VERDICT_H
#define AIOSTALL_REPORT_VERDICT_H

#include <stddef.h>

#include "model/report.h"

#define VERDICT_SIZE 1536

/*
 * "1 of 3 submits blocks, 5.3ms each, because X: do Y": how bad it is, the cause of most blocked
 * submits and, if it is another one, that of most blocked time, each with its own figures and what
 * to do; "fine; ..." of what is. Needs what model/judge.h says. Not escaped: the frames of a stack that no
 * rule knows may be in it. Returns buf.
 */
char *verdict__sentence(const struct report_fs *f, char *buf, size_t size);
/*
 * What the figures leave out of the time of the same threads, where that may be more than they
 * tell; "" = nothing that matters. Returns buf.
 */
char *verdict__unwatched(const struct report *r, char *buf, size_t size);

#endif
