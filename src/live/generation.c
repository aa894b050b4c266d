// SPDX-License-Identifier: GPL-2.0
#include "live/generation.h"

#include <string.h>

#include "host/attached.h"

/* What has neither a UUID of its own nor a device below is what its superblock is. */
static bool has_uuid(const struct wire_fs_key *key)
{
	return key->super >> 32 != 0;
}

/* Anonymous devices (btrfs, overlayfs) have another number with each mount. */
static bool same_place(const struct live_fs *a, const struct live_fs *b)
{
	if (a->key.dev == b->key.dev)
		return true;
	return !a->info.major && !b->info.major && *a->info.mount &&
	       !strcmp(a->info.mount, b->info.mount);
}

/* A copy has the UUID too, but is on another disk, volume or image, or was attached another time. */
static bool same_filesystem(const struct live_fs *a, const struct live_fs *b)
{
	if (a->key.dev == b->key.dev && a->key.super == b->key.super)
		return true;
	return a->key.super >> 32 == b->key.super >> 32 && (has_uuid(&a->key) || a->info.major) &&
	       a->behind && a->behind == b->behind && !strcmp(a->info.fstype, b->info.fstype);
}

#define NO_DEVICE 1

/* Of an anonymous number it is the source that is looked at; some have none (overlayfs). */
static uint64_t behind(struct live *lv, const struct live_fs *f, const struct mount_entry *m)
{
	uint32_t major, minor;

	if (f->info.major)
		return attached__id(lv->aside, NULL, f->info.major, f->info.minor,
				    (uint32_t)f->key.super);
	if (!m)
		return 0;
	if (strncmp(m->source, "/dev/", 5) != 0)
		return NO_DEVICE;
	if (devices__parse(m->source, &major, &minor, NULL))
		return 0;
	return attached__id_now(lv->aside, NULL, major, minor);
}

void generation__set(struct live *lv, struct live_fs *f, const struct mount_entry *m)
{
	uint32_t n = 0;

	f->info.generation = 0;
	f->info.counted = (uint32_t)f->key.super;
	if (f->key.kind != WIRE_FS_SUPER)
		return;
	f->behind = behind(lv, f, m);
	for (const struct live_fs *o = lv->filesystems; o; o = o->hh.next) {
		if (o == f || o->key.kind != WIRE_FS_SUPER || !same_place(o, f))
			continue;
		if (same_filesystem(o, f)) {
			f->info.generation = o->info.generation;
			return;
		}
		if (o->info.generation >= n)
			n = o->info.generation + 1;
	}
	f->info.generation = n;
}
