/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of counters in the kernel are few, and where containers come and go so do filesystems: rows
 * that nothing was added to for a while make room for others.
 */
#ifndef AIOSTALL_LIVE_RECYCLE_H
#define AIOSTALL_LIVE_RECYCLE_H

#include "live/state.h"
#include "model/source.h"

/* 0 or -ENOMEM. */
int recycle__open(struct live *lv);
void recycle__close(struct live *lv);

/* What has the row. NULL on lack of memory. */
typedef const struct fs_info *(*recycle_name_fn)(struct live *lv, uint32_t n);
/* While the device is there that it was mounted from: its calls may all be quiet ones. */
void recycle__name_new(struct live *lv, recycle_name_fn name);

/* Once a second: are rows running short? Then all are to be delivered, and recycle__rows called. */
bool recycle__is_due(struct live *lv);

void recycle__rows(struct live *lv, const struct sink *to, recycle_name_fn name);

/* Is it on its way to others? Its key is deleted then, and another row may count for the same filesystem. */
bool recycle__is_leaving(const struct live *lv, uint32_t n);

#endif
