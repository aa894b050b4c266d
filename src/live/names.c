// SPDX-License-Identifier: GPL-2.0
#include "live/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live/files.h"
#include "live/generation.h"
#include "live/rows.h"
#include "live/stacks.h"

#define STRINGS_MAX (8u << 20)
/* What was asked for longest ago makes room for what is new, and is looked up again if it comes back. */
#define FILESYSTEMS_MAX 4096
#define ASIDE_TIMEOUT_MS 500
#define ASIDE_REST_NS (5 * NSEC_PER_SEC)

bool live_names__refresh(struct live *lv)
{
	bool changed = mounts__refresh(lv->mounts) > 0;

	lv->mounts_changed += changed;
	return changed;
}

/* By id, here or in the caller's namespace, else any of the device. */
const struct mount_entry *live_names__mount(struct live *lv, uint32_t dev, uint32_t mnt_id,
					    uint32_t pid)
{
	uint32_t major = dev_major(dev), minor = dev_minor(dev);
	const struct mount_entry *m = mounts__by_id(lv->mounts, mnt_id, major, minor);
	struct mounts *theirs;

	if (!m && live_names__refresh(lv))
		m = mounts__by_id(lv->mounts, mnt_id, major, minor);
	if (m)
		return m;
	theirs = pid ? mounts__for_pid(lv->mounts, lv->aside, (pid_t)pid) : NULL;
	m = theirs ? mounts__by_id(theirs, mnt_id, major, minor) : NULL;
	if (!m)
		m = mounts__by_dev(lv->mounts, major, minor);
	return m;
}

/* What a description points to, while it is gathered: the tables it comes from may change. */
struct fs_texts {
	const char *fstype, *device;
	char mount[4096], options[2048];
};

static void describe_super(struct live *lv, struct fs_texts *t, uint32_t dev, uint32_t mnt_id,
			   uint32_t pid)
{
	const struct mount_entry *m = live_names__mount(lv, dev, mnt_id, pid);

	t->device = devices__of_super(lv->devices, m, dev_major(dev), dev_minor(dev));
	if (!m)
		return;
	snprintf(t->mount, sizeof(t->mount), "%s", m->mount_point);
	mount_entry__options(m, t->options, sizeof(t->options));
}

static const char *put_text(char **to, const char *s)
{
	size_t size = strlen(s) + 1;
	char *copy = memcpy(*to, s, size);

	*to += size;
	return copy;
}

/* False on lack of memory: then the description is what it was. */
static bool keep_texts(struct live_fs *f, const struct fs_texts *t)
{
	size_t size =
		strlen(t->fstype) + strlen(t->device) + strlen(t->mount) + strlen(t->options) + 4;
	char *texts = malloc(size), *to = texts;

	if (!texts)
		return false;
	f->info.fstype = put_text(&to, t->fstype);
	f->info.device_name = put_text(&to, t->device);
	f->info.mount = put_text(&to, t->mount);
	f->info.mount_options = put_text(&to, t->options);
	free(f->texts);
	f->texts = texts;
	return true;
}

static bool describe_fs(struct live *lv, struct live_fs *f, uint32_t mnt_id, const char *fstype,
			uint32_t pid)
{
	struct fs_texts t = {.fstype = *fstype ? fstype : "(unknown)", .device = ""};
	struct fs_info *info = &f->info;
	char op[40];

	info->api = (enum api)f->key.api;
	info->major = dev_major(f->key.dev);
	info->minor = dev_minor(f->key.dev);
	switch (f->key.kind) {
	case WIRE_FS_SUPER:
		describe_super(lv, &t, f->key.dev, mnt_id, pid);
		break;
	case WIRE_FS_BLKDEV:
		t.device = devices__name(lv->devices, info->major, info->minor);
		break;
	case WIRE_FS_CHRDEV:
		t.device = devices__char_name(lv->devices, info->major, info->minor);
		break;
	case WIRE_FS_BATCH:
		t.fstype = "(several)";
		break;
	case WIRE_FS_OP:
		/* requests without a file go by what they do */
		snprintf(op, sizeof(op), "(%s)",
			 op__name((uint16_t)(OP_URING | (f->key.dev & 0xff))));
		t.fstype = op;
		break;
	case WIRE_FS_RING:
		t.fstype = "(ring)";
		break;
	default:
		t.fstype = "(unknown)";
	}
	return keep_texts(f, &t);
}

/* The same filesystem may be mounted elsewhere meanwhile. */
static bool is_described(const struct live *lv, struct live_fs *f, const char *fstype)
{
	const struct mount_entry *m;

	if (*fstype && f->key.kind == WIRE_FS_SUPER && strcmp(f->info.fstype, fstype) != 0)
		return false;
	if (f->mounts == lv->mounts_changed || f->key.kind != WIRE_FS_SUPER)
		return true;
	m = mounts__by_id(lv->mounts, f->mnt_id, f->info.major, f->info.minor);
	if (!m || strcmp(m->mount_point, f->info.mount) != 0)
		return false;
	f->mounts = lv->mounts_changed;
	return true;
}

static void drop_fs(struct live *lv, struct live_fs *f)
{
	HASH_DEL(lv->filesystems, f);
	free(f->texts);
	free(f);
}

/* As the one that was used last. */
static struct live_fs *use_fs(struct live *lv, struct live_fs *f)
{
	if (!f->hh.next)
		return f;
	HASH_DEL(lv->filesystems, f);
	HASH_ADD(hh, lv->filesystems, key, sizeof(f->key), f);
	if (f->hh.tbl)
		return f;
	free(f->texts);
	free(f);
	return NULL;
}

static struct live_fs *add_fs(struct live *lv, struct wire_fs_key key)
{
	struct live_fs *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->key = key;
	if (HASH_COUNT(lv->filesystems) >= FILESYSTEMS_MAX) {
		drop_fs(lv, lv->filesystems);
		lv->recycled++;
	}
	HASH_ADD(hh, lv->filesystems, key, sizeof(key), f);
	if (f->hh.tbl)
		return f;
	free(f);
	return NULL;
}

/* Rows come in the order of their filesystems: what no event has spoken of yet is named first. */
static void name_earlier(struct live *lv, const struct wire_fs_key *key)
{
	struct wire_fs_key other;
	struct wire_fs value;
	struct live_fs *f;

	for (uint32_t n = 0; lv->rows && n < lv->nr_rows; n++) {
		if (!live_rows__key(lv, n, &other) || other.kind != WIRE_FS_SUPER)
			continue;
		if (!memcmp(key, &other, sizeof(other)))
			return;
		HASH_FIND(hh, lv->filesystems, &other, sizeof(other), f);
		value = live_rows__named(lv, n);
		if (!f && value.fstype[0])
			live_names__fs(lv, other, value.mnt_id, value.fstype, value.pid);
	}
}

const struct fs_info *live_names__fs(struct live *lv, struct wire_fs_key key, uint32_t mnt_id,
				     const char *fstype, uint32_t pid)
{
	char type[WIRE_FSTYPE_LEN + 1] = "";
	struct live_fs *f;
	bool is_new;

	memcpy(type, fstype, WIRE_FSTYPE_LEN);
	HASH_FIND(hh, lv->filesystems, &key, sizeof(key), f);
	is_new = !f;
	if (is_new && key.kind == WIRE_FS_SUPER)
		name_earlier(lv, &key);
	f = f ? use_fs(lv, f) : add_fs(lv, key);
	if (!f)
		return NULL;
	if (!is_new && is_described(lv, f, type))
		return &f->info;
	if (!describe_fs(lv, f, mnt_id, type, pid) && !f->texts) {
		drop_fs(lv, f);
		return NULL;
	}
	if (is_new)
		generation__set(lv, f, live_names__mount(lv, key.dev, mnt_id, pid));
	f->mnt_id = mnt_id;
	f->mounts = lv->mounts_changed;
	return &f->info;
}

uint64_t live_names__recycled(const struct live *lv)
{
	return lv->recycled + lv->files.recycled + lv->gone.recycled +
	       mounts__recycled(lv->mounts) + mounts__dropped(lv->mounts) +
	       cgroups__recycled(lv->cgroups) + usyms__recycled(lv->usyms);
}

int live_names__open(struct live *lv, struct err *e)
{
	lv->mounts = mounts__new(NULL, e);
	if (!lv->mounts)
		return -EIO;
	lv->devices = devices__new(NULL);
	lv->cgroups = cgroups__new();
	lv->aside = aside__new(ASIDE_TIMEOUT_MS, ASIDE_REST_NS);
	lv->usyms = usyms__new(lv->aside);
	lv->strings = intern__new(STRINGS_MAX);
	if (!lv->devices || !lv->cgroups || !lv->aside || !lv->usyms || !lv->strings)
		return err__set(e, -ENOMEM, "out of memory");
	return 0;
}

void live_names__free(struct live *lv)
{
	struct live_fs *f, *f2;

	live_stacks__free(lv);
	HASH_ITER(hh, lv->filesystems, f, f2)
	{
		drop_fs(lv, f);
	}
	filenames__release(&lv->files);
	ksyms__free(lv->ksyms);
	usyms__free(lv->usyms);
	aside__free(lv->aside);
	mounts__free(lv->mounts);
	devices__free(lv->devices);
	cgroups__free(lv->cgroups);
	intern__free(lv->strings);
}
