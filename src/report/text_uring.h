/* SPDX-License-Identifier: GPL-2.0 */
/* The part of the text report that is about io_uring. */
#ifndef AIOSTALL_REPORT_TEXT_URING_H
#define AIOSTALL_REPORT_TEXT_URING_H

#include "report/print.h"

/* Did the capture see io_uring_enter at all? */
bool text_uring__seen(const struct report *r);
/* A row for each filesystem, or kind of request, that io_uring handed requests to. */
void text_uring__table(struct print *p, const struct report *r, const struct format_opts *o);

/* Where the threads sleep that were asleep in the end: "io_submit", "io_uring", or both. */
const char *text_uring__asleep_in(const struct report *r);

/* "read 2ms (30), fsync 12ms (4)": how long punted requests waited for a worker on average, and how many; "" = not known. */
const char *text_uring__queued(const struct counters *c, char *buf, size_t size);

#endif
