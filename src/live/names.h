/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From the numbers of the kernel to names of filesystems: cached, and what is returned is valid during the call
 * that delivers an event. What a filesystem is called may change while tracing.
 */
#ifndef AIOSTALL_LIVE_NAMES_H
#define AIOSTALL_LIVE_NAMES_H

#include "live/state.h"

/* As the kernel keeps it (MKDEV()). */
static inline uint32_t dev_major(uint32_t dev)
{
	return dev >> 20;
}

static inline uint32_t dev_minor(uint32_t dev)
{
	return dev & 0xfffff;
}

const struct fs_info *live_names__fs(struct live *lv, struct wire_fs_key key, uint32_t mnt_id,
				     const char *fstype, uint32_t pid);
/* The mount that a request came through; NULL if it is not known. */
const struct mount_entry *live_names__mount(struct live *lv, uint32_t dev, uint32_t mnt_id,
					    uint32_t pid);
/* Look whether mounts have changed: then filesystems are described anew. True if so. */
bool live_names__refresh(struct live *lv);
/* How many names of all kinds have made room for others. */
uint64_t live_names__recycled(const struct live *lv);
int live_names__open(struct live *lv, struct err *e);
void live_names__free(struct live *lv);

#endif
