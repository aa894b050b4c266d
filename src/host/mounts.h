/* SPDX-License-Identifier: GPL-2.0 */
/* Mount tables, from mountinfo: also of other mount namespaces, and what was mounted before. */
#ifndef AIOSTALL_HOST_MOUNTS_H
#define AIOSTALL_HOST_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/base.h"
#include "host/aside.h"

/*
 * One line of mountinfo, unescaped. Entries and their strings are valid until the next
 * mounts__refresh or mounts__for_pid.
 */
struct mount_entry {
	uint32_t id, parent;
	uint32_t major, minor; /* of the superblock */
	const char *root;      /* path within the filesystem that is mounted here */
	const char *mount_point;
	const char *options; /* of this mount */
	const char *fstype;
	const char *source;
	const char *super_options; /* of the superblock */
	bool gone;		   /* no longer in the kernel's table */
};

/*
 * The options of the mount, then those of the superblock that are not among them (rw is in both);
 * what does not fit is left out. buf is returned.
 */
const char *mount_entry__options(const struct mount_entry *e, char *buf, size_t size);

struct mounts;

/* NULL path = that of mountns.h. NULL on error, with e set. */
struct mounts *mounts__new(const char *mountinfo_path, struct err *e);
void mounts__free(struct mounts *m);

/*
 * Read again if the kernel says that the table changed; entries that vanished are marked gone, and
 * stay until there are thousands of newer ones. 1 if it was read again, 0 if not, -errno.
 */
int mounts__refresh(struct mounts *m);

/*
 * Table of the process' mount namespace: m itself if that is the same or if
 * the process is gone, else one that m owns, at most a second old.
 */
struct mounts *mounts__for_pid(struct mounts *m, struct aside *a, pid_t pid);

/*
 * By mount id, which the kernel reuses: newest first, and only if its
 * superblock has this device. Ids are unique over all namespaces, so those
 * already loaded are searched too. NULL = none.
 */
const struct mount_entry *mounts__by_id(const struct mounts *m, uint32_t id, uint32_t major,
					uint32_t minor);
/* By superblock device: present before gone, root "/" before others, then shortest mount point. */
const struct mount_entry *mounts__by_dev(const struct mounts *m, uint32_t major, uint32_t minor);
/* The mount that an absolute, clean path is on: the longest mount point that is or contains it. */
const struct mount_entry *mounts__by_path(const struct mounts *m, const char *path);

/* Entries are numbered from 0, in the order in which they were first seen. */
size_t mounts__count(const struct mounts *m);
const struct mount_entry *mounts__at(const struct mounts *m, size_t i);

/* Entries not kept because a bound was reached. */
uint64_t mounts__dropped(const struct mounts *m);
/* Entries, of what is mounted no more and of other namespaces, that made room. */
uint64_t mounts__recycled(const struct mounts *m);

#endif
