/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hash tables that survive lack of memory: an entry named by its member hh is
 * then not added, and its hh.tbl is NULL. Included instead of uthash.h, which
 * would call exit().
 */
#ifndef AIOSTALL_BASE_HASH_H
#define AIOSTALL_BASE_HASH_H

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(entry) ((entry)->hh.tbl = NULL)
#include <uthash.h>

#endif
