/* SPDX-License-Identifier: GPL-2.0 */
/* Samples of what runs inside io_submit; nothing is done without --sample. */
#ifndef AIOSTALL_LIVE_SAMPLE_H
#define AIOSTALL_LIVE_SAMPLE_H

#include "live/state.h"

/* 0 or -errno with e set. */
int sample__attach(struct live *lv, struct err *e);
void sample__detach(struct live *lv);
/* After the rows: they have named the filesystems. */
void sample__deliver(struct live *lv, const struct sink *to);

#endif
