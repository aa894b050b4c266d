/* SPDX-License-Identifier: GPL-2.0 */
/* The capture behind qualify: which cause each cell's sleeps have. */
#ifndef AIOSTALL_CMD_QUALIFY_TRACE_H
#define AIOSTALL_CMD_QUALIFY_TRACE_H

#include <sys/types.h>

#include "base/base.h"
#include "qualify/result.h"

struct qualify_trace;

/* Trace this process and its threads. NULL with e set: there are verdicts without it, but no causes. */
struct qualify_trace *qualify_trace__new(pid_t pid, struct err *e);
/* Until fd is readable. 0 or -errno, -EINTR at a signal. */
int qualify_trace__wait(struct qualify_trace *t, int fd);
/* All its requests are done: what was seen since the last one is the cell's. 0 or -errno. */
int qualify_trace__end_cell(struct qualify_trace *t, struct cell *c);
void qualify_trace__free(struct qualify_trace *t); /* free(NULL) works */

#endif
