/* SPDX-License-Identifier: GPL-2.0 */
/* Which superblocks are one filesystem, and the how many-th of its device or place one is. */
#ifndef AIOSTALL_LIVE_GENERATION_H
#define AIOSTALL_LIVE_GENERATION_H

#include "live/state.h"

struct live_fs {
	struct wire_fs_key key;
	struct fs_info info;
	char *texts;	 /* what the description points to */
	uint32_t mnt_id; /* of the mount that the description is of; 0 = none */
	uint32_t mounts; /* of lv->mounts_changed, when that was so */
	uint64_t behind; /* what its device is, see host/attached.h; 0 = not known */
	UT_hash_handle hh;
};

/* For one that is new and described otherwise. m = its mount, NULL = not known. */
void generation__set(struct live *lv, struct live_fs *f, const struct mount_entry *m);

#endif
