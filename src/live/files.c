// SPDX-License-Identifier: GPL-2.0
#include "live/files.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

#include "aiostall.skel.h"
#include "host/paths.h"
#include "live/names.h"

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
		paths__build(live_names__mount(lv, r->sb_dev, r->mnt_id, pid), parts, n, f.complete,
			     f.deleted, path, size);
}

const char *live_files__path(struct live *lv, const struct wire_req *r, uint32_t pid)
{
	const char *path;
	char name[4200];

	if (!r->file_id)
		return "";
	path = filenames__get(&lv->files, r->file_id);
	if (path)
		return path;
	name_file(lv, r, pid, name, sizeof(name));
	path = filenames__add(&lv->files, r->file_id, name);
	return path ? path : "";
}
