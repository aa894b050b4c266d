/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The large hash tables are made whole at once, which takes as long as reading the kernel's types:
 * both go on beside each other.
 */
#ifndef AIOSTALL_LIVE_TABLES_H
#define AIOSTALL_LIVE_TABLES_H

#include "live/state.h"

/* With the object open, and the sizes as they are without a memory limit. */
void tables__begin(struct live *lv);
/* Before loading: those that are made are the object's. What could not be made, libbpf tries again. */
void tables__end(struct live *lv);
/* Instead, when nothing is to be loaded; after tables__end() there is nothing to do. */
void tables__drop(struct live *lv);

#endif
