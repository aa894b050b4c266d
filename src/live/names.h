/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From the numbers of the kernel to names: cached, and what is returned is valid during the call
 * that delivers an event. What a filesystem is called may change while tracing.
 */
#ifndef AIOSTALL_LIVE_NAMES_H
#define AIOSTALL_LIVE_NAMES_H

#include "live/state.h"

const struct stack *live_names__stack(struct live *lv, uint64_t id);
/* A copy of a stack with names of its own, kept like the others; NULL if empty or out of memory. */
const struct stack *live_names__keep_stack(struct live *lv, const struct stack *stack);
const struct fs_info *live_names__fs(struct live *lv, struct wire_fs_key key, uint32_t mnt_id,
				     const char *fstype, uint32_t pid);
const char *live_names__path(struct live *lv, const struct wire_req *req, uint32_t pid);
/* Look whether mounts have changed: then filesystems are described anew. True if so. */
bool live_names__refresh(struct live *lv);
/* How many names of all kinds have made room for others. */
uint64_t live_names__recycled(const struct live *lv);
int live_names__open(struct live *lv, struct err *e);
void live_names__free(struct live *lv);

#endif
