// SPDX-License-Identifier: GPL-2.0
/* Filters: words of the user to keys of the programs. */
#define _GNU_SOURCE
#include "live/filter.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aiostall.skel.h"

static int add_want(struct live *lv, uint32_t kind, uint32_t value, struct err *e)
{
	struct wire_want_key key = {.kind = kind, .value = value};
	uint8_t one = 1;

	if (bpf_map_update_elem(bpf_map__fd(lv->skel->maps.wants), &key, &one, BPF_ANY))
		return err__set(e, -errno, "too many mounts or devices to filter by");
	return 0;
}

static int want_all_at(struct live *lv, const struct mounts *table, const char *path, size_t *found,
		       struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < mounts__count(table) && !rc; i++) {
		const struct mount_entry *m = mounts__at(table, i);

		if (m->gone || strcmp(m->mount_point, path))
			continue;
		++*found;
		rc = add_want(lv, WIRE_WANT_MOUNT, m->id, e);
	}
	return rc;
}

/* Where our table is not the host's the path may mean a mount of either. */
static int want_mount(struct live *lv, const char *path, struct err *e)
{
	const struct mounts *ours = mounts__for_pid(lv->mounts, NULL, getpid());
	bool here, same = ours == lv->mounts;
	size_t found = 0;
	char clean[4096];
	int rc;

	here = realpath(path, clean);
	if (!here && same)
		return err__set(e, -errno, "--mount %s: %s", path, strerror(errno));
	rc = want_all_at(lv, lv->mounts, here ? clean : path, &found, e);
	if (!rc && !same && here)
		rc = want_all_at(lv, ours, clean, &found, e);
	if (rc || found)
		return rc;
	err__set(e, -ENOENT, "--mount %s: not a mount point", path);
	err__hint(e, "`findmnt -T %s` names the mount that it is on", path);
	return -ENOENT;
}

#define KDEV(major, minor) ((major) << 20 | (minor))

static int want_device(struct live *lv, const char *name, struct err *e)
{
	const struct mount_entry *btrfs[16];
	uint32_t major, minor;
	size_t n;
	int rc = devices__parse(name, &major, &minor, e);

	if (rc)
		return rc;
	rc = add_want(lv, WIRE_WANT_DEV, KDEV(major, minor), e);
	n = devices__btrfs_mounts(lv->devices, lv->mounts, major, minor, btrfs, ARRAY_SIZE(btrfs));
	for (size_t i = 0; i < n && i < ARRAY_SIZE(btrfs) && !rc; i++)
		rc = add_want(lv, WIRE_WANT_DEV, KDEV(btrfs[i]->major, btrfs[i]->minor), e);
	return rc;
}

static int want_cgroup(struct live *lv, const char *path, struct err *e)
{
	uint32_t zero = 0;

	lv->cgroup_fd = cgroups__open(path, e);
	if (lv->cgroup_fd < 0)
		return lv->cgroup_fd;
	if (bpf_map_update_elem(bpf_map__fd(lv->skel->maps.want_cgroup), &zero, &lv->cgroup_fd,
				BPF_ANY))
		return err__set(e, -errno, "--cgroup %s: %s", path, strerror(errno));
	return 0;
}

int filter__fill(struct live *lv, struct err *e)
{
	const struct live_filter *f = &lv->opts.filter;
	uint8_t one = 1;
	int rc = 0;

	for (size_t i = 0; i < f->nr_pids && !rc; i++)
		rc = bpf_map_update_elem(bpf_map__fd(lv->skel->maps.want_pids), &f->pids[i], &one,
					 BPF_ANY);
	for (size_t i = 0; i < f->nr_tids && !rc; i++)
		rc = bpf_map_update_elem(bpf_map__fd(lv->skel->maps.want_tids), &f->tids[i], &one,
					 BPF_ANY);
	if (rc)
		return err__set(e, -errno, "cannot set the filter: %s", strerror(errno));
	for (size_t i = 0; i < f->nr_mounts && !rc; i++)
		rc = want_mount(lv, f->mounts[i], e);
	for (size_t i = 0; i < f->nr_devices && !rc; i++)
		rc = want_device(lv, f->devices[i], e);
	if (!rc && f->cgroup)
		rc = want_cgroup(lv, f->cgroup, e);
	return rc;
}

int filter__set_names(const char *option, char (*to)[16], const char *const *names, size_t nr,
		      struct err *e)
{
	if (nr > 8)
		return err__set(e, -EINVAL, "%s: at most 8 can be given", option);
	for (size_t i = 0; i < nr; i++)
		snprintf(to[i], 16, "%s", names[i]);
	return 0;
}
