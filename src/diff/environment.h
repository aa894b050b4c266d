/* SPDX-License-Identifier: GPL-2.0 */
/* What surrounded the two recordings, and whether their workloads were alike. */
#ifndef AIOSTALL_DIFF_ENVIRONMENT_H
#define AIOSTALL_DIFF_ENVIRONMENT_H

#include "diff/diff.h"

/* Fill d->facts and d->warnings. 0 or -ENOMEM. */
int environment__compare(struct diff *d);

#endif
