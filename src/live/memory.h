/* SPDX-License-Identifier: GPL-2.0 */
/* The memory limit of the cgroup that traces: the kernel kills who goes over it, and says nothing. */
#ifndef AIOSTALL_LIVE_MEMORY_H
#define AIOSTALL_LIVE_MEMORY_H

#include "base/base.h"

struct live;

/* Before anything large is read: 0, or -ENOMEM with e set if not even the least has room. */
int memory__check(struct err *e);

/*
 * Before the maps are made, with their sizes set: leaves them as they are, makes those smaller that
 * may be, or says in e that they have no room. 0 or -ENOMEM.
 */
int memory__fit(struct live *lv, struct err *e);

/* Long before: all have room as they are, and the kernel's types and the other rest as well. */
bool memory__has_room(const struct live *lv);

#endif
