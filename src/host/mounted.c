// SPDX-License-Identifier: GPL-2.0
#include "host/mounted.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/devices.h"
#include "host/intern.h"
#include "host/mountns.h"
#include "host/mounts.h"

/* More are not given a row before something happens on them. */
#define MOUNTED_MAX 256

struct mounted {
	struct mounts *mounts;
	struct devices *devices;
	struct intern *strings;
	struct mounted_fs fs[MOUNTED_MAX];
	size_t nr;
};

static bool is_read_only(const char *options)
{
	return !strncmp(options, "ro", 2) && (options[2] == ',' || !options[2]);
}

static bool is_listed(const struct mounted *m, const struct mount_entry *e)
{
	for (size_t i = 0; i < m->nr; i++)
		if (m->fs[i].major == e->major && m->fs[i].minor == e->minor)
			return true;
	return false;
}

static void clear(struct mounted *m)
{
	for (size_t i = 0; i < m->nr; i++) {
		intern__put(m->strings, m->fs[i].device);
		intern__put(m->strings, m->fs[i].options);
	}
	m->nr = 0;
}

/* The mount that is taken for the device is the one that events are named by. */
static void list_one(struct mounted *m, const struct mount_entry *e)
{
	const char *device = devices__of_super(m->devices, e, e->major, e->minor);
	struct mounted_fs *fs = &m->fs[m->nr];
	char options[2048];

	if (!*device)
		return;
	*fs = (struct mounted_fs){
		e->major,
		e->minor,
		e->fstype,
		intern__str(m->strings, device),
		e->mount_point,
		intern__str(m->strings, mount_entry__options(e, options, sizeof(options)))};
	if (fs->device && fs->options) {
		m->nr++;
		return;
	}
	intern__put(m->strings, fs->device);
	intern__put(m->strings, fs->options);
}

static void list_all(struct mounted *m)
{
	clear(m);
	for (size_t i = 0; i < mounts__count(m->mounts) && m->nr < MOUNTED_MAX; i++) {
		const struct mount_entry *e = mounts__at(m->mounts, i);

		if (e->gone || is_read_only(e->super_options) || is_listed(m, e))
			continue;
		e = mounts__by_dev(m->mounts, e->major, e->minor);
		if (e)
			list_one(m, e);
	}
}

struct mounted *mounted__new(const char *root, struct err *e)
{
	struct mounted *m = calloc(1, sizeof(*m));
	char mountinfo[256], sys[256];

	if (!m) {
		err__set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	snprintf(sys, sizeof(sys), "%s/sys", root);
	m->mounts = mounts__new(mountns__path(root, mountinfo, sizeof(mountinfo)), e);
	m->devices = m->mounts ? devices__new(sys) : NULL;
	m->strings = m->devices ? intern__new(1 << 20) : NULL;
	if (!m->strings) {
		mounted__free(m);
		return NULL;
	}
	list_all(m);
	return m;
}

size_t mounted__refresh(struct mounted *m)
{
	if (mounts__refresh(m->mounts) > 0)
		list_all(m);
	return m->nr;
}

const struct mounted_fs *mounted__at(const struct mounted *m, size_t i)
{
	return &m->fs[i];
}

void mounted__free(struct mounted *m)
{
	if (!m)
		return;
	intern__free(m->strings);
	devices__free(m->devices);
	mounts__free(m->mounts);
	free(m);
}
