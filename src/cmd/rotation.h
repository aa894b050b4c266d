/* SPDX-License-Identifier: GPL-2.0 */
/* Recordings that follow one another: how they are called, and which have been kept long enough. */
#ifndef AIOSTALL_CMD_ROTATION_H
#define AIOSTALL_CMD_ROTATION_H

#include "base/base.h"

/* "a/b.db" of a time becomes "a/b-20261126T031500Z.db". 0, or -errno with e set. */
int rotation__path(const char *path, int64_t unix_ns, char *buf, size_t size, struct err *e);
/*
 * Remove recordings of such names that were last written more than keep_ns before unix_ns, and their
 * journals: what is a recording, of this user, and done with. What cannot be removed is said.
 */
void rotation__retire(const char *path, uint64_t keep_ns, int64_t unix_ns);

#endif
