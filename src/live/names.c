// SPDX-License-Identifier: GPL-2.0
#include "live/names.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aiostall.skel.h"
#include "host/paths.h"

/*
 * What was asked for longest ago makes room for what is new, and is looked up again if it comes
 * back. 16384 stacks are about 10 MB if they are deep.
 */
#define STACKS_MAX 16384
#define FILES_MAX 65536

struct live_stack {
	uint64_t id;
	struct stack stack;
	UT_hash_handle hh;
};

struct live_fs {
	struct wire_fs_key key;
	struct fs_info info;
	uint32_t mnt_id; /* of the mount that the description is of; 0 = none */
	uint32_t mounts; /* of lv->mounts_changed, when that was so */
	UT_hash_handle hh;
};

struct live_file {
	UT_hash_handle hh;
	uint64_t id;
	char path[];
};

/* ---- stacks ---- */

static bool read_stack(struct live *lv, uint64_t id, struct wire_stack *st)
{
	return !bpf_map_lookup_elem(bpf_map__fd(lv->skel->maps.stacks), &id, st) &&
	       st->depth <= WIRE_STACK_DEPTH;
}

static void drop_stack(struct live *lv, struct live_stack *s)
{
	HASH_DEL(lv->stacks, s);
	free(s->stack.frames);
	free(s);
}

/* In the table's own order the one that was asked for longest ago is first. */
static const struct stack *use_stack(struct live *lv, struct live_stack *s)
{
	if (!s->hh.next)
		return &s->stack;
	HASH_DEL(lv->stacks, s);
	HASH_ADD(hh, lv->stacks, id, sizeof(s->id), s);
	if (s->hh.tbl)
		return &s->stack;
	free(s->stack.frames);
	free(s);
	return NULL;
}

/* Takes over names' strings, which live as long as the source. */
static const struct stack *add_stack(struct live *lv, uint64_t id, const char **names, size_t n)
{
	struct live_stack *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->stack.frames = calloc(n ? n : 1, sizeof(*names));
	if (!s->stack.frames) {
		free(s);
		return NULL;
	}
	memcpy(s->stack.frames, names, n * sizeof(*names));
	s->id = s->stack.id = id;
	s->stack.depth = (uint32_t)n;
	if (HASH_COUNT(lv->stacks) >= STACKS_MAX)
		drop_stack(lv, lv->stacks);
	HASH_ADD(hh, lv->stacks, id, sizeof(id), s);
	if (s->hh.tbl)
		return &s->stack;
	free(s->stack.frames);
	free(s);
	return NULL;
}

const struct stack *live_names__keep_stack(struct live *lv, const struct stack *stack)
{
	const char *names[WIRE_STACK_DEPTH];
	uint64_t id = 0xcbf29ce484222325ULL;
	struct live_stack *s;
	uint32_t i;

	for (i = 0; i < stack->depth && i < WIRE_STACK_DEPTH; i++) {
		names[i] = intern__str(lv->strings, stack->frames[i]);
		id = (id ^ (uintptr_t)names[i]) * 0x9e3779b97f4a7c15ULL;
	}
	if (!i)
		return NULL;
	HASH_FIND(hh, lv->stacks, &id, sizeof(id), s);
	return s ? use_stack(lv, s) : add_stack(lv, id, names, i);
}

const struct stack *live_names__stack(struct live *lv, uint64_t id)
{
	const char *names[WIRE_STACK_DEPTH];
	struct live_stack *s;
	struct wire_stack st;
	uint64_t ip[WIRE_STACK_DEPTH];
	size_t n;

	if (!id)
		return NULL;
	HASH_FIND(hh, lv->stacks, &id, sizeof(id), s);
	if (s)
		return use_stack(lv, s);
	/* evicted by the kernel before it was read */
	if (!read_stack(lv, id, &st)) {
		lv->stacks_lost++;
		return NULL;
	}
	for (uint32_t i = 0; i < st.depth; i++)
		ip[i] = st.ip[i];
	n = st.user ? usyms__frames(lv->usyms, (pid_t)st.pid, ip, st.depth, names)
		    : ksyms__frames(lv->ksyms, ip, st.depth, names);
	return add_stack(lv, id, names, n);
}

/* ---- filesystems ---- */

static uint32_t dev_major(uint32_t dev)
{
	return dev >> 20;
}

static uint32_t dev_minor(uint32_t dev)
{
	return dev & 0xfffff;
}

bool live_names__refresh(struct live *lv)
{
	bool changed = mounts__refresh(lv->mounts) > 0;

	lv->mounts_changed += changed;
	return changed;
}

/* The mount that a request came through: by id, here or in the caller's namespace, else any of the device. */
static const struct mount_entry *find_mount(struct live *lv, uint32_t dev, uint32_t mnt_id,
					    uint32_t pid)
{
	uint32_t major = dev_major(dev), minor = dev_minor(dev);
	const struct mount_entry *m = mounts__by_id(lv->mounts, mnt_id, major, minor);
	struct mounts *theirs;

	if (!m && live_names__refresh(lv))
		m = mounts__by_id(lv->mounts, mnt_id, major, minor);
	if (m)
		return m;
	theirs = pid ? mounts__for_pid(lv->mounts, (pid_t)pid) : NULL;
	m = theirs ? mounts__by_id(theirs, mnt_id, major, minor) : NULL;
	if (!m)
		m = mounts__by_dev(lv->mounts, major, minor);
	return m;
}

static const char *join_options(struct live *lv, const struct mount_entry *m)
{
	char text[2048];

	return intern__str(lv->strings, mount_entry__options(m, text, sizeof(text)));
}

static void describe_super(struct live *lv, struct fs_info *info, uint32_t dev, uint32_t mnt_id,
			   uint32_t pid)
{
	const struct mount_entry *m = find_mount(lv, dev, mnt_id, pid);

	info->device_name = devices__of_super(lv->devices, m, dev_major(dev), dev_minor(dev));
	if (!m)
		return;
	info->mount = m->mount_point;
	info->mount_options = join_options(lv, m);
}

static void describe_fs(struct live *lv, struct fs_info *info, struct wire_fs_key key,
			uint32_t mnt_id, const char *fstype, uint32_t pid)
{
	info->major = dev_major(key.dev);
	info->minor = dev_minor(key.dev);
	info->fstype = intern__str(lv->strings, *fstype ? fstype : "(unknown)");
	info->device_name = info->mount = info->mount_options = "";
	switch (key.kind) {
	case WIRE_FS_SUPER:
		describe_super(lv, info, key.dev, mnt_id, pid);
		break;
	case WIRE_FS_BLKDEV:
		info->device_name = devices__name(lv->devices, info->major, info->minor);
		break;
	case WIRE_FS_CHRDEV:
		info->device_name = devices__char_name(lv->devices, info->major, info->minor);
		break;
	case WIRE_FS_BATCH:
		info->fstype = "(several)";
		break;
	default:
		info->fstype = "(unknown)";
	}
}

/* A device number may be used again, and a device be mounted elsewhere. */
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

const struct fs_info *live_names__fs(struct live *lv, struct wire_fs_key key, uint32_t mnt_id,
				     const char *fstype, uint32_t pid)
{
	char type[WIRE_FSTYPE_LEN + 1] = "";
	struct live_fs *f;

	memcpy(type, fstype, WIRE_FSTYPE_LEN);
	HASH_FIND(hh, lv->filesystems, &key, sizeof(key), f);
	if (f && is_described(lv, f, type))
		return &f->info;
	if (!f) {
		f = calloc(1, sizeof(*f));
		if (!f)
			return NULL;
		f->key = key;
		HASH_ADD(hh, lv->filesystems, key, sizeof(key), f);
		if (!f->hh.tbl) {
			free(f);
			return NULL;
		}
	}
	describe_fs(lv, &f->info, key, mnt_id, type, pid);
	f->mnt_id = mnt_id;
	f->mounts = lv->mounts_changed;
	return &f->info;
}

/* ---- files ---- */

/* The components of a name record, bounds checked; returns how many. */
static size_t split_names(const struct wire_file *f, const char **parts, size_t max)
{
	uint32_t len = f->len <= WIRE_NAMES_LEN ? f->len : WIRE_NAMES_LEN, at = 0;
	size_t n = 0;

	while (at < len && n < max) {
		const char *end = memchr(f->names + at, '\0', len - at);

		if (!end)
			break;
		parts[n++] = f->names + at;
		at = (uint32_t)(end - f->names) + 1;
	}
	return n;
}

/* A pipe or socket has no name but its number. */
static bool is_special(const struct wire_req *r, const char *fstype, char *path, size_t size)
{
	static const struct {
		const char *fstype, *word;
	} kinds[] = {{"pipefs", "pipe"}, {"sockfs", "socket"}};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(fstype, kinds[i].fstype))
			continue;
		snprintf(path, size, "%s:[%llu]", kinds[i].word, (unsigned long long)r->ino);
		return true;
	}
	return false;
}

static void name_file(struct live *lv, const struct wire_req *r, uint32_t pid, char *path,
		      size_t size)
{
	char type[WIRE_FSTYPE_LEN + 1] = "";
	const char *parts[WIRE_PATH_PARTS];
	uint32_t dev = r->fs.dev;
	struct wire_file f;
	bool found;
	size_t n;

	path[0] = '\0';
	memcpy(type, r->fstype, WIRE_FSTYPE_LEN);
	if (is_special(r, type, path, size))
		return;
	found = !bpf_map_lookup_elem(bpf_map__fd(lv->skel->maps.files), &r->file_id, &f);
	if ((!found || !f.complete) &&
	    !paths__from_fd((pid_t)pid, (int)r->fd, dev_major(dev), dev_minor(dev), r->ino,
			    r->fs.kind == WIRE_FS_SUPER, path, size))
		return;
	path[0] = '\0';
	if (!found)
		return;
	n = split_names(&f, parts, ARRAY_SIZE(parts));
	if (!strcmp(type, "anon_inodefs"))
		snprintf(path, size, "anon_inode:%s", n ? parts[0] : "");
	else
		paths__build(find_mount(lv, r->sb_dev, r->mnt_id, pid), parts, n, f.complete,
			     f.deleted, path, size);
}

static void drop_file(struct live *lv, struct live_file *f)
{
	HASH_DEL(lv->files, f);
	free(f);
}

/* As the last one in the table. NULL on lack of memory. */
static const char *add_file(struct live *lv, struct live_file *f)
{
	HASH_ADD(hh, lv->files, id, sizeof(f->id), f);
	if (f->hh.tbl)
		return f->path;
	free(f);
	return NULL;
}

const char *live_names__path(struct live *lv, const struct wire_req *r, uint32_t pid)
{
	struct live_file *f;
	const char *path;
	char name[4200];
	size_t len;

	if (!r->file_id)
		return "";
	HASH_FIND(hh, lv->files, &r->file_id, sizeof(r->file_id), f);
	if (f && !f->hh.next)
		return f->path;
	if (f) {
		HASH_DEL(lv->files, f);
	} else {
		name_file(lv, r, pid, name, sizeof(name));
		len = strlen(name);
		f = calloc(1, sizeof(*f) + len + 1);
		if (!f)
			return "";
		f->id = r->file_id;
		memcpy(f->path, name, len);
		if (HASH_COUNT(lv->files) >= FILES_MAX)
			drop_file(lv, lv->files);
	}
	path = add_file(lv, f);
	return path ? path : "";
}

int live_names__open(struct live *lv, struct err *e)
{
	lv->mounts = mounts__new(NULL, e);
	if (!lv->mounts)
		return -EIO;
	lv->devices = devices__new(NULL);
	lv->cgroups = cgroups__new();
	lv->usyms = usyms__new();
	lv->strings = intern__new(8u << 20);
	if (!lv->devices || !lv->cgroups || !lv->usyms || !lv->strings)
		return err__set(e, -ENOMEM, "out of memory");
	return 0;
}

void live_names__free(struct live *lv)
{
	struct live_stack *s, *s2;
	struct live_fs *f, *f2;
	struct live_file *p, *p2;

	HASH_ITER(hh, lv->stacks, s, s2)
	{
		drop_stack(lv, s);
	}
	HASH_ITER(hh, lv->filesystems, f, f2)
	{
		HASH_DEL(lv->filesystems, f);
		free(f);
	}
	HASH_ITER(hh, lv->files, p, p2)
	{
		drop_file(lv, p);
	}
	ksyms__free(lv->ksyms);
	usyms__free(lv->usyms);
	mounts__free(lv->mounts);
	devices__free(lv->devices);
	cgroups__free(lv->cgroups);
	intern__free(lv->strings);
}
