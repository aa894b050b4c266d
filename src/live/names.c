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
#include "live/generation.h"
#include "live/rows.h"

/*
 * What was asked for longest ago makes room for what is new, and is looked up again if it comes
 * back. 16384 stacks are about 10 MB if they are deep.
 */
#define STACKS_MAX 16384
#define STRINGS_MAX (8u << 20)
#define FILES_MAX 65536
#define FILESYSTEMS_MAX 4096
#define ASIDE_TIMEOUT_MS 500
#define ASIDE_REST_NS (5 * NSEC_PER_SEC)

struct live_stack {
	uint64_t id;
	struct stack stack;
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

static void free_stack(struct live *lv, struct live_stack *s)
{
	for (uint32_t i = 0; i < s->stack.depth; i++)
		intern__put(lv->strings, s->stack.frames[i]);
	free(s->stack.frames);
	free(s);
}

static void drop_stack(struct live *lv, struct live_stack *s)
{
	HASH_DEL(lv->stacks, s);
	free_stack(lv, s);
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
	free_stack(lv, s);
	return NULL;
}

/* The oldest stacks go until there is room. NULL on lack of memory. */
static const char *hold_name(struct live *lv, const char *name)
{
	const char *held = intern__str(lv->strings, name);

	while (!held && lv->stacks) {
		drop_stack(lv, lv->stacks);
		lv->recycled++;
		held = intern__str(lv->strings, name);
	}
	return held;
}

static struct live_stack *new_stack(struct live *lv, uint64_t id, const char *const *names,
				    size_t n)
{
	struct live_stack *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->id = s->stack.id = id;
	s->stack.frames = calloc(n ? n : 1, sizeof(*names));
	for (size_t i = 0; s->stack.frames && i < n; i++) {
		s->stack.frames[i] = hold_name(lv, names[i]);
		if (!s->stack.frames[i])
			break;
		s->stack.depth++;
	}
	if (s->stack.depth == n && s->stack.frames)
		return s;
	free_stack(lv, s);
	return NULL;
}

static const struct stack *add_stack(struct live *lv, uint64_t id, const char **names, size_t n)
{
	struct live_stack *s = new_stack(lv, id, names, n);

	if (!s)
		return NULL;
	if (HASH_COUNT(lv->stacks) >= STACKS_MAX) {
		drop_stack(lv, lv->stacks);
		lv->recycled++;
	}
	HASH_ADD(hh, lv->stacks, id, sizeof(id), s);
	if (s->hh.tbl)
		return &s->stack;
	free_stack(lv, s);
	return NULL;
}

/* By what they are called, since addresses of strings are used again. */
static uint64_t hash_frames(const struct stack *stack)
{
	uint64_t id = 0xcbf29ce484222325ULL;

	for (uint32_t i = 0; i < stack->depth; i++)
		for (const char *c = stack->frames[i];; c++) {
			id = (id ^ (uint8_t)*c) * 0x100000001b3ULL;
			if (!*c)
				break;
		}
	return id;
}

const struct stack *live_names__keep_stack(struct live *lv, const struct stack *stack)
{
	struct live_stack *s;
	uint64_t id;

	if (!stack->depth)
		return NULL;
	id = hash_frames(stack);
	HASH_FIND(hh, lv->stacks, &id, sizeof(id), s);
	return s ? use_stack(lv, s) : add_stack(lv, id, stack->frames, stack->depth);
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
	const struct mount_entry *m = find_mount(lv, dev, mnt_id, pid);

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
		generation__set(lv, f, find_mount(lv, key.dev, mnt_id, pid));
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
	    !paths__from_fd(lv->aside, (pid_t)pid, (int)r->fd, dev_major(dev), dev_minor(dev),
			    r->ino, r->fs.kind == WIRE_FS_SUPER, path, size))
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
		if (HASH_COUNT(lv->files) >= FILES_MAX) {
			drop_file(lv, lv->files);
			lv->recycled++;
		}
	}
	path = add_file(lv, f);
	return path ? path : "";
}

uint64_t live_names__recycled(const struct live *lv)
{
	return lv->recycled + mounts__recycled(lv->mounts) + mounts__dropped(lv->mounts) +
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
	struct live_stack *s, *s2;
	struct live_fs *f, *f2;
	struct live_file *p, *p2;

	HASH_ITER(hh, lv->stacks, s, s2)
	{
		drop_stack(lv, s);
	}
	HASH_ITER(hh, lv->filesystems, f, f2)
	{
		drop_fs(lv, f);
	}
	HASH_ITER(hh, lv->files, p, p2)
	{
		drop_file(lv, p);
	}
	ksyms__free(lv->ksyms);
	usyms__free(lv->usyms);
	aside__free(lv->aside);
	mounts__free(lv->mounts);
	devices__free(lv->devices);
	cgroups__free(lv->cgroups);
	intern__free(lv->strings);
}
