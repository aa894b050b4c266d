/* SPDX-License-Identifier: GPL-2.0 */
/* What there is to say of one filesystem, in one sentence. */
#ifndef AIOSTALL_REPORT_VERDICT_H
#define AIOSTALL_REPORT_VERDICT_H

#include <stddef.h>

#include "model/report.h"

#define VERDICT_SIZE 1536

/*
 * "1 of 3 submits blocks, 5.3ms each, because X: do Y": how bad it is, why for
 * the most part, and what to do. Not escaped: the frames of a stack that no
 * rule knows may be in it. Returns buf.
 */
char *verdict__sentence(const struct report_fs *f, char *buf, size_t size);

#endif
