/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's symbols, read while the programs are loaded. */
#ifndef AIOSTALL_LIVE_SYMBOLS_H
#define AIOSTALL_LIVE_SYMBOLS_H

#include "live/state.h"

/* With the probes chosen. */
void symbols__begin(struct live *lv);
/* With the probes attached: has lv->ksyms, and tells the programs. 0 or -errno with e set. */
int symbols__open(struct live *lv, struct err *e);

#endif
