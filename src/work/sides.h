/* SPDX-License-Identifier: GPL-2.0 */
/* CPU hogs, and threads that disturb a target's file while requests go to it. */
#ifndef AIOSTALL_WORK_SIDES_H
#define AIOSTALL_WORK_SIDES_H

#include "work/target.h"

struct sides;

/* Those of opts. 0, or -errno and *out is NULL. */
int sides__start(struct sides **out, const struct work_opts *opts, const struct target *t);
void sides__stop(struct sides *s);
/* Name of the i-th kind, NULL past the end; what it does is in *help. */
const char *sides__kind(size_t i, const char **help);

#endif
