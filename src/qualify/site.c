// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "qualify/site.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/place.h"
#include "host/hostfacts.h"
#include "host/mounts.h"
#include "host/procfile.h"
#include "qualify/fsfacts.h"
#include "work/nameless.h"

#define CAP_BYTES (64ULL << 20)
#define CAP_MIN_BYTES (8ULL << 20)
/* Of what is free: the rows run one after the other, each with one file. */
#define SHARE_OF_FREE 4

/* A queue setting of the disk, 0 if it cannot be read. */
static uint64_t queue_setting(const char *disk, const char *name)
{
	char path[256], *text;
	uint64_t v = 0;
	size_t len;

	snprintf(path, sizeof(path), "/sys/block/%s/queue/%s", disk, name);
	if (!*disk || procfile__read(path, 64, &text, &len))
		return 0;
	text[strcspn(text, "\n")] = '\0';
	if (parse__u64(text, 0, UINT32_MAX, &v))
		v = 0;
	free(text);
	return v;
}

/* Names of the device and, if it is a partition, of the disk it is part of. */
static void name_device(struct site *p, dev_t dev)
{
	char link[64], real[PATH_MAX], part[PATH_MAX + 16];

	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major(dev), minor(dev));
	if (!realpath(link, real))
		return;
	snprintf(p->device, sizeof(p->device), "%s", basename(real));
	snprintf(part, sizeof(part), "%s/partition", real);
	if (!access(part, F_OK))
		snprintf(p->disk, sizeof(p->disk), "%s", basename(dirname(real)));
	else
		snprintf(p->disk, sizeof(p->disk), "%s", p->device);
}

/* A mask that statx knows since 6.1; the C library's header may be older. */
static bool align_by_statx(struct site *p, int fd)
{
#ifdef STATX_DIOALIGN
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &stx) ||
	    !(stx.stx_mask & STATX_DIOALIGN) || !stx.stx_dio_offset_align)
		return false;
	p->lba_bytes = stx.stx_dio_offset_align;
	p->mem_bytes = stx.stx_dio_mem_align;
	p->align_from = "statx";
	return true;
#else
	(void)p;
	(void)fd;
	return false;
#endif
}

static bool align_by_device(struct site *p)
{
	char path[128];
	int fd, bytes = 0;

	if (!*p->device)
		return false;
	snprintf(path, sizeof(path), "/dev/%s", p->device);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && ioctl(fd, BLKSSZGET, &bytes))
		bytes = 0;
	if (fd >= 0)
		close(fd);
	p->align_from = bytes ? "BLKSSZGET" : "sysfs";
	if (!bytes)
		bytes = (int)queue_setting(p->disk, "logical_block_size");
	p->lba_bytes = p->mem_bytes = (uint32_t)bytes;
	return bytes > 0;
}

static void find_alignment(struct site *p, int fd)
{
	if (align_by_statx(p, fd) || align_by_device(p))
		return;
	p->lba_bytes = p->mem_bytes = p->block_bytes;
	p->align_from = "a guess, the block of the filesystem";
}

static void note_queue(void *ctx, const char *what, const char *of, const char *value)
{
	struct {
		struct result *r;
		const char *disk;
	} *to = ctx;
	char name[40];

	if (strcmp(what, "sysctl") && strcmp(what, "mount") && !strcmp(of, to->disk)) {
		snprintf(name, sizeof(name), "queue.%s", what);
		result__add_fact(to->r, name, value);
	}
}

/* "#1 SMP PREEMPT_DYNAMIC Debian 6.12.117-1 (2026-10-01)": what a kernel is exactly, or its release. */
static void name_kernel(struct result *r, const char *build, const char *release)
{
	const char *from = strstr(build, "Debian ");

	if (from)
		snprintf(r->kernel, sizeof(r->kernel), "%.*s",
			 (int)strcspn(from + strlen("Debian "), " "), from + strlen("Debian "));
	else
		snprintf(r->kernel, sizeof(r->kernel), "%s", release);
	/* builds for real time have the version of the others */
	if (strstr(build, "PREEMPT_RT"))
		snprintf(r->kernel + strlen(r->kernel), sizeof(r->kernel) - strlen(r->kernel),
			 " rt");
}

static void note_host(struct result *r)
{
	struct host_info host;
	char text[256];

	hostfacts__describe(&host);
	result__add_fact(r, "hostname", host.hostname);
	result__add_fact(r, "kernel", host.kernel);
	hostfacts__kernel_build("", text, sizeof(text));
	result__add_fact(r, "kernel_build", text);
	name_kernel(r, text, host.kernel);
	result__add_fact(r, "arch", host.arch);
	snprintf(text, sizeof(text), "%u", host.cpus);
	result__add_fact(r, "cpus", text);
	snprintf(text, sizeof(text), "%llu",
		 (unsigned long long)sysconf(_SC_PHYS_PAGES) *
			 (unsigned long long)sysconf(_SC_PAGESIZE));
	result__add_fact(r, "memory_bytes", text);
}

static void note_place(const struct site *p, struct result *r)
{
	struct {
		struct result *r;
		const char *disk;
	} to = {r, p->disk};
	char text[64];

	snprintf(text, sizeof(text), "%u", p->block_bytes);
	result__add_fact(r, "block_bytes", text);
	snprintf(text, sizeof(text), "%u", p->lba_bytes);
	result__add_fact(r, "direct_align_bytes", text);
	snprintf(text, sizeof(text), "%u", p->mem_bytes);
	result__add_fact(r, "direct_align_memory_bytes", text);
	result__add_fact(r, "direct_align_from", p->align_from);
	if (!*p->device)
		return;
	result__add_fact(r, "device", p->device);
	result__add_fact(r, "device_kind", fsfacts__device_kind(p->disk, text, sizeof(text)));
	hostfacts__each("", note_queue, &to);
}

static int find_room(struct site *p, struct err *e)
{
	struct statvfs st;
	uint64_t free_bytes;
	char has[16], needs[16];

	if (statvfs(p->path, &st))
		return err__set(e, -errno, "cannot look at %s: %s", p->name, strerror(errno));
	free_bytes = (uint64_t)st.f_bavail * st.f_frsize;
	p->block_bytes = st.f_bsize > 1 << 16 ? 4096 : (uint32_t)st.f_bsize;
	p->cap_bytes = free_bytes / SHARE_OF_FREE;
	if (p->cap_bytes > CAP_BYTES)
		p->cap_bytes = CAP_BYTES;
	if (p->cap_bytes >= CAP_MIN_BYTES)
		return 0;
	err__set(e, -ENOSPC, "%s has %s free, and %s are needed", p->name,
		 fmt__size(free_bytes, has, sizeof(has)),
		 fmt__size(CAP_MIN_BYTES * SHARE_OF_FREE, needs, sizeof(needs)));
	err__hint(
		e,
		"The files are far smaller, but a filesystem that is nearly full is no fair test.");
	return -ENOSPC;
}

static void note_mount(struct site *p, struct result *r, const struct mount_entry *m)
{
	char options[512];
	struct stat st;

	snprintf(r->place, sizeof(r->place), "%s %s", m->fstype, m->mount_point);
	snprintf(r->label, sizeof(r->label), "%s", m->fstype);
	snprintf(options, sizeof(options), "%s,%s", m->options, m->super_options);
	result__add_fact(r, "fstype", m->fstype);
	result__add_fact(r, "mount", m->mount_point);
	result__add_fact(r, "mount_options", options);
	result__add_fact(r, "source", m->source);
	/* the superblock's number is no device's on btrfs */
	if (!*p->device && !stat(m->source, &st) && S_ISBLK(st.st_mode))
		name_device(p, st.st_rdev);
}

static int open_folder(struct site *p, struct result *r, struct err *e)
{
	struct mounts *m = mounts__new(NULL, NULL);
	const struct mount_entry *entry = m ? mounts__by_path(m, p->name) : NULL;
	int rc = find_room(p, e), fd;

	if (entry)
		note_mount(p, r, entry);
	fd = rc ? rc : nameless__create(p->path);
	if (!rc && fd < 0)
		rc = err__set(e, fd, "cannot make a file in %s: %s", p->name, strerror(-fd));
	if (!rc) {
		find_alignment(p, fd);
		fsfacts__note(fd, result__fact(r, "fstype"), r);
	}
	if (fd >= 0)
		close(fd);
	mounts__free(m);
	return rc;
}

static int open_device(struct site *p, struct result *r, struct err *e)
{
	uint64_t bytes = 0;

	if (ioctl(p->claim, BLKGETSIZE64, &bytes))
		return err__set(e, -errno, "cannot open %s: %s", p->name, strerror(errno));
	p->cap_bytes = bytes < CAP_BYTES ? bytes : CAP_BYTES;
	if (p->cap_bytes < CAP_MIN_BYTES)
		return err__set(e, -ENOSPC, "%s is too small", p->name);
	p->block_bytes = 4096;
	snprintf(r->place, sizeof(r->place), "device %s", p->device);
	snprintf(r->label, sizeof(r->label), "device");
	find_alignment(p, p->claim);
	return 0;
}

static int claim(struct site *p, const char *path, const struct place *place, struct err *e)
{
	ssize_t n;

	p->claim = place__open(place, p->is_device ? O_RDWR | O_EXCL : O_RDONLY | O_DIRECTORY);
	if (p->claim < 0 && errno == EBUSY)
		return err__set(e, -EBUSY, "%s is in use: it is mounted, or part of another device",
				path);
	if (p->claim < 0)
		return err__set(e, -errno, "cannot open %s: %s", path, strerror(errno));
	snprintf(p->path, sizeof(p->path), "/proc/self/fd/%d", p->claim);
	n = readlink(p->path, p->name, sizeof(p->name) - 1);
	if (n < 0)
		return err__set(e, -errno, "cannot look at %s: %s", path, strerror(errno));
	return 0;
}

static int check_kind(const char *path, const struct stat *st, bool destructive, struct err *e)
{
	if (S_ISDIR(st->st_mode) || (S_ISBLK(st->st_mode) && destructive))
		return 0;
	if (!S_ISBLK(st->st_mode))
		return err__set(e, -ENOTDIR, "%s is neither a folder nor a block device", path);
	err__set(e, -EPERM, "%s is a device: what is on it would be overwritten", path);
	err__hint(e, "Give --destructive if nothing on it is of use, or a folder.");
	return -EPERM;
}

/*
 * By the gate of outputs: a link that another user has put where all may write chooses neither the
 * device that is overwritten nor the folder that is written to.
 */
static int find_place(struct site *p, const char *path, bool destructive, struct err *e)
{
	char inside[PATH_MAX + 2];
	struct place place;
	struct stat st;
	int rc;

	if (stat(path, &st))
		return err__set(e, -errno, "cannot look at %s: %s", path, strerror(errno));
	rc = check_kind(path, &st, destructive, e);
	if (rc)
		return rc;
	snprintf(inside, sizeof(inside), S_ISDIR(st.st_mode) ? "%s/." : "%s", path);
	rc = place__find(inside, &place, e);
	if (rc)
		return rc;
	p->is_device = S_ISBLK(place.st.st_mode);
	if (place.there < 0 || place.st.st_dev != st.st_dev || place.st.st_ino != st.st_ino)
		rc = err__set(e, -EAGAIN, "%s is another one than a moment ago", path);
	else
		rc = claim(p, path, &place, e);
	place__close(&place);
	name_device(p, p->is_device ? st.st_rdev : st.st_dev);
	return rc;
}

int site__open(struct site *p, const char *path, bool destructive, struct result *r, struct err *e)
{
	int rc;

	*p = (struct site){.claim = -1};
	note_host(r);
	rc = find_place(p, path, destructive, e);
	if (!rc)
		rc = p->is_device ? open_device(p, r, e) : open_folder(p, r, e);
	if (!rc)
		note_place(p, r);
	return rc;
}

void site__close(struct site *p)
{
	if (p->claim >= 0)
		close(p->claim);
	p->claim = -1;
}
