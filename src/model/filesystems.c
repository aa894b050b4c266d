// SPDX-License-Identifier: GPL-2.0
/*
 * The ledger's filesystems and the devices whose counters they have. When there are more than may be,
 * what is known of the one that was used longest ago is added to "(other)", so that what is in use has
 * its type, device and mount point at any time.
 */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/base.h"
#include "model/state.h"

/* A superblock's device may be used by another type next; a node, or what has no device, is another thing. */
static const char *kind_of(const struct fs_info *info)
{
	const char *type = info->fstype ? info->fstype : "";
	bool superblock = *type != '(' && strcmp(type, "blockdev") && strcmp(type, "chardev");

	return superblock && (info->major || info->minor) ? "" : type;
}

/* NULL = none; on lack of memory, too, if one may be added. */
static struct ledger_device *device_of(struct ledger *l, const struct ledger_origin *origin,
				       const struct fs_info *info, bool may_add)
{
	const char *type = kind_of(info);
	struct ledger_device_key key;
	struct ledger_device *d;

	memset(&key, 0, sizeof(key));
	key.origin = origin ? origin->no : 0;
	key.api = info->api;
	key.major = info->major;
	key.minor = info->minor;
	key.generation = info->generation;
	memcpy(key.fstype, type, strnlen(type, sizeof(key.fstype)));
	HASH_FIND(hh, l->devices, &key, sizeof(key), d);
	if (d || !may_add)
		return d;
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->key = key;
	HASH_ADD(hh, l->devices, key, sizeof(key), d);
	if (!d->hh.tbl) {
		free(d);
		return NULL;
	}
	return d;
}

static void drop_device_without_any(struct ledger *l, struct ledger_device *d)
{
	if (d->all)
		return;
	HASH_DEL(l->devices, d);
	while (d->counted)
		ledger__forget_counted(d, d->counted->of);
	free(d);
}

struct fs_counts *ledger__counted(struct ledger_device *d, uint32_t of)
{
	struct ledger_counted *c;

	LL_SEARCH_SCALAR(d->counted, c, of, of);
	if (c)
		return &c->last;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->of = of;
	LL_PREPEND(d->counted, c);
	return &c->last;
}

void ledger__forget_counted(struct ledger_device *d, uint32_t of)
{
	struct ledger_counted *c;

	LL_SEARCH_SCALAR(d->counted, c, of, of);
	if (!c)
		return;
	LL_DELETE(d->counted, c);
	free(c);
}

static bool may_be_same(const char *known, const char *said)
{
	return !said || !*said || !*known || !strcmp(known, said);
}

/* What is not known of one of them is no difference: a mount may become known later. */
static bool is_same(const struct ledger_fs *fs, const struct fs_info *info)
{
	return !strcmp(fs->info.fstype, info->fstype ? info->fstype : "") &&
	       may_be_same(fs->info.mount, info->mount) &&
	       may_be_same(fs->info.device_name, info->device_name);
}

/* Take over a string that says more or something else. False on lack of memory. */
static bool describe(struct ledger *l, struct ledger_fs *fs, size_t i, const char **at,
		     const char *said)
{
	struct ledger_name *n;

	if (fs->names[i] && (!said || !*said || !strcmp(*at, said)))
		return true;
	n = ledger__name(l, said);
	if (!n)
		return false;
	ledger__put_name(l, fs->names[i]);
	fs->names[i] = n;
	*at = n->text;
	fs->renamed = true;
	return true;
}

static bool describe_all(struct ledger *l, struct ledger_fs *fs, const struct fs_info *info)
{
	return describe(l, fs, 0, &fs->info.fstype, info->fstype) &&
	       describe(l, fs, 1, &fs->info.device_name, info->device_name) &&
	       describe(l, fs, 2, &fs->info.mount, info->mount) &&
	       describe(l, fs, 3, &fs->info.mount_options, info->mount_options);
}

static struct ledger_fs *find_fs(const struct ledger_device *d, const struct fs_info *info)
{
	struct ledger_fs *fs = d ? d->fs : NULL;

	if (fs && is_same(fs, info))
		return fs;
	for (fs = d ? d->all : NULL; fs && !is_same(fs, info);)
		fs = fs->next_on_device;
	return fs;
}

static void free_fs(struct ledger *l, struct ledger_fs *fs)
{
	struct ledger_here *here;

	while ((here = fs->heres)) {
		fs->heres = here->next;
		free(here);
	}
	for (size_t i = 0; i < ARRAY_SIZE(fs->names); i++)
		ledger__put_name(l, fs->names[i]);
	free(fs->slice);
	free(fs);
}

static void drop_fs(struct ledger *l, struct ledger_fs *fs)
{
	struct ledger_device *d = fs->device;

	ledger__gone(l, LEDGER_FILESYSTEMS, fs->no);
	DL_DELETE(l->filesystems, fs);
	DL_DELETE2(l->fs_by_use, fs, older, newer);
	l->nr_filesystems--;
	LL_DELETE2(d->all, fs, next_on_device);
	if (d->fs == fs)
		d->fs = NULL;
	drop_device_without_any(l, d);
	free_fs(l, fs);
}

/* NULL on lack of memory. */
static struct ledger_fs *add_fs(struct ledger *l, const struct ledger_origin *origin,
				const struct fs_info *info)
{
	struct ledger_fs *fs = calloc(1, sizeof(*fs));
	struct ledger_device *d = fs ? device_of(l, origin, info, true) : NULL;

	if (!d) {
		free(fs);
		return NULL;
	}
	fs->info.major = info->major;
	fs->info.minor = info->minor;
	fs->info.api = info->api;
	fs->info.generation = info->generation;
	if (!describe_all(l, fs, info)) {
		free_fs(l, fs);
		drop_device_without_any(l, d);
		return NULL;
	}
	fs->id = ++l->last_fs_id;
	fs->device = d;
	fs->origin = origin;
	LL_PREPEND2(d->all, fs, next_on_device);
	DL_APPEND(l->filesystems, fs);
	DL_APPEND2(l->fs_by_use, fs, older, newer);
	l->nr_filesystems++;
	return fs;
}

/* ---- room ---- */

static bool is_other(const struct fs_info *info)
{
	return info->fstype && !strcmp(info->fstype, LEDGER_OTHER) && !info->major &&
	       !info->minor && !info->generation && !(info->mount && *info->mount) &&
	       !(info->device_name && *info->device_name);
}

static struct ledger_fs *other_fs(struct ledger *l, const struct ledger_origin *origin,
				  enum api api)
{
	struct fs_info info = pseudo_fs_other;
	struct ledger_fs *fs;

	info.api = api;
	fs = find_fs(device_of(l, origin, &info, false), &info);
	return fs ? fs : add_fs(l, origin, &info);
}

/*
 * What cumulative counters are still told of would count once more when it comes back; what an event
 * was kept of is pointed to.
 */
static bool must_stay(const struct ledger_fs *fs)
{
	return fs->pins || (fs->device->counted && fs->device->fs == fs) || is_other(&fs->info);
}

/* This slice, or one that is kept in the file, uses it. */
static bool is_in_use(const struct ledger *l, const struct ledger_fs *fs)
{
	return l->slice.taken &&
	       (fs->last_slice == l->slice.no || (fs->no && ledger__is_kept(l, fs->last_slice)));
}

/* The sums of both are those of the other from now on. False on lack of memory. */
static bool fold(struct ledger *l, struct ledger_fs *fs)
{
	struct ledger_fs *other = other_fs(l, fs->origin, fs->info.api);

	if (!other || !rows__fold_fs(l, fs, other))
		return false;
	fs_counts__add(&other->counts, &fs->counts);
	other->has_folded = true;
	l->evicted = sat_add(l->evicted, 1);
	drop_fs(l, fs);
	return true;
}

static bool make_room(struct ledger *l)
{
	struct ledger_fs *fs = l->fs_by_use;

	while (fs && must_stay(fs))
		fs = fs->newer;
	return fs && !is_in_use(l, fs) && fold(l, fs);
}

static struct ledger_fs *new_fs(struct ledger *l, const struct fs_info *info)
{
	if (is_other(info) || l->nr_filesystems < l->max_filesystems || make_room(l))
		return add_fs(l, l->origin, info);
	l->evicted = sat_add(l->evicted, 1);
	return other_fs(l, l->origin, info->api);
}

static void use(struct ledger *l, struct ledger_fs *fs)
{
	fs->device->fs = fs;
	fs->last_slice = l->slice.no;
	if (!fs->newer)
		return;
	DL_DELETE2(l->fs_by_use, fs, older, newer);
	DL_APPEND2(l->fs_by_use, fs, older, newer);
}

struct ledger_fs *ledger__find_fs(struct ledger *l, const struct fs_info *info)
{
	return find_fs(device_of(l, l->origin, info, false), info);
}

struct ledger_fs *ledger__fs(struct ledger *l, const struct fs_info *info)
{
	struct ledger_fs *fs;

	info = info ? info : &pseudo_fs_unknown;
	fs = ledger__find_fs(l, info);
	if (!fs)
		fs = new_fs(l, info);
	else if (!describe_all(l, fs, info))
		l->evicted = sat_add(l->evicted, 1);
	if (fs)
		use(l, fs);
	return fs;
}

/* ---- expiry and end ---- */

void filesystems__expire(struct ledger *l, uint32_t before)
{
	struct ledger_fs *fs;

	DL_FOREACH(l->filesystems, fs)
	{
		if (!fs->no || fs->last_slice >= before)
			continue;
		ledger__gone(l, LEDGER_FILESYSTEMS, fs->no);
		fs->no = 0;
		fs->in_file = false;
	}
}

void filesystems__free(struct ledger *l)
{
	struct ledger_fs *fs, *next;

	DL_FOREACH_SAFE(l->filesystems, fs, next)
	{
		drop_fs(l, fs);
	}
}
