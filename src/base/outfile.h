/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file to write that appears under its name only when it is complete, with
 * mode 0600 or that of the file it replaces. Until then it has no name: whatever ends
 * the program, nothing is left behind.
 */
#ifndef AIOSTALL_BASE_OUTFILE_H
#define AIOSTALL_BASE_OUTFILE_H

#include "base/base.h"

struct outfile;

/*
 * A device or a pipe is written directly, and so is a descriptor of our own ("/dev/stdout",
 * "/dev/fd/3"). place.h says which paths are refused. NULL with e set.
 */
struct outfile *outfile__open(const char *path, struct err *e);
/* To write to; -1 after outfile__commit. */
int outfile__fd(const struct outfile *o);
/* Put it in its place. 0, or -errno with e set: what had the name still has it. */
int outfile__commit(struct outfile *o, struct err *e);
void outfile__free(struct outfile *o); /* free(NULL) works */

#endif
