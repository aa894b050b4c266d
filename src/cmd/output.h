/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where results go: stdout, or a file that appears under its name only when
 * it is complete. Errors of writing are noticed and worded.
 */
#ifndef AIOSTALL_CMD_OUTPUT_H
#define AIOSTALL_CMD_OUTPUT_H

#include <stdio.h>

#include "base/base.h"

struct output;

/*
 * path NULL or "-" is stdout; it must outlive the output. A regular file has no name until
 * output__commit; a device or a pipe is written directly. NULL with e set.
 */
struct output *output__open(const char *path, struct err *e);
FILE *output__file(struct output *o);
/* To ask what kind of thing is behind it; writing goes through the stream. */
int output__fd(const struct output *o);
bool output__is_stdout(const struct output *o);
/*
 * From now on a reader at a terminal sees it through a pager, until output__free. False where there
 * is none, or no terminal.
 */
bool output__page(struct output *o);
/* Push out what was printed so far. 0, or -errno with e set: nobody reads it, no room. */
int output__flush(struct output *o, struct err *e);
/* Flush and put the file in its place. 0, or -errno with e set. */
int output__commit(struct output *o, struct err *e);
/* Without a commit before, the file under the name stays as it was. */
void output__free(struct output *o);

/* Flush stdout for verbs that only print there; says what failed. Returns an enum cmd_status. */
int output__finish_stdout(void);

#endif
