// SPDX-License-Identifier: GPL-2.0
#include "host/hostfacts.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/base.h"
#include "host/mountns.h"
#include "host/mounts.h"
#include "host/procfile.h"

#define VALUE_MAX_BYTES 4096
#define MOUNTS_MAX 4096
#define DEVICES_MAX 1024

static const char *const sysctls[] = {
	"vm.dirty_ratio",
	"vm.dirty_background_ratio",
	"vm.dirty_bytes",
	"vm.dirty_background_bytes",
	"vm.dirty_expire_centisecs",
	"vm.dirty_writeback_centisecs",
	"vm.swappiness",
	"vm.min_free_kbytes",
	"fs.aio-max-nr",
	"kernel.sched_autogroup_enabled",
	"kernel.task_delayacct",
};

static const char *const queue_limits[] = {
	"scheduler",	       "nr_requests",	 "wbt_lat_usec",
	"write_cache",	       "rotational",	 "logical_block_size",
	"physical_block_size", "max_sectors_kb", "max_segments",
	"read_ahead_kb",       "io_poll",	 "nomerges",
	"rq_affinity",	       "zoned",		 "dax",
};

/* "none [mq-deadline] kyber" to "mq-deadline". */
static void take_chosen(char *value)
{
	char *from = strchr(value, '['), *to = from ? strchr(from, ']') : NULL;

	if (!to)
		return;
	*to = '\0';
	memmove(value, from + 1, strlen(from + 1) + 1);
}

static void each_sysctl(const char *root, hostfacts_fn fn, void *ctx)
{
	char path[256], value[256];

	for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++) {
		char *slash;

		snprintf(path, sizeof(path), "%s/proc/sys/%s", root, sysctls[i]);
		slash = strchr(path + strlen(root) + strlen("/proc/sys/"), '.');
		if (slash)
			*slash = '/';
		if (procfile__first_line(path, VALUE_MAX_BYTES, value, sizeof(value)))
			fn(ctx, "sysctl", sysctls[i], value);
	}
}

static void each_limit(const char *root, const char *device, hostfacts_fn fn, void *ctx)
{
	char path[512], value[256];
	uint64_t sectors;

	for (size_t i = 0; i < ARRAY_SIZE(queue_limits); i++) {
		snprintf(path, sizeof(path), "%s/sys/block/%s/queue/%s", root, device,
			 queue_limits[i]);
		if (!procfile__first_line(path, VALUE_MAX_BYTES, value, sizeof(value)))
			continue;
		take_chosen(value);
		fn(ctx, queue_limits[i], device, value);
	}
	snprintf(path, sizeof(path), "%s/sys/block/%s/size", root, device);
	if (!procfile__first_line(path, VALUE_MAX_BYTES, value, sizeof(value)) ||
	    parse__u64(value, 0, UINT64_MAX / 512, &sectors))
		return;
	snprintf(value, sizeof(value), "%llu", (unsigned long long)sectors * 512);
	fn(ctx, "size", device, value);
}

/* A device of no size holds nothing: the loop devices that nobody set up. */
static bool is_in_use(const char *root, const char *device)
{
	char path[512], value[64];

	snprintf(path, sizeof(path), "%s/sys/block/%s/size", root, device);
	return procfile__first_line(path, VALUE_MAX_BYTES, value, sizeof(value)) &&
	       strcmp(value, "0") != 0;
}

static void each_device(const char *root, hostfacts_fn fn, void *ctx)
{
	char path[256];
	struct dirent *d;
	size_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/sys/block", root);
	dir = opendir(path);
	if (!dir)
		return;
	while (n < DEVICES_MAX && (d = readdir(dir))) {
		if (d->d_name[0] == '.' || !is_in_use(root, d->d_name))
			continue;
		each_limit(root, d->d_name, fn, ctx);
		n++;
	}
	closedir(dir);
}

static void each_mount(const char *root, hostfacts_fn fn, void *ctx)
{
	char path[256], value[VALUE_MAX_BYTES];
	struct mounts *m;

	m = mounts__new(mountns__path(root, path, sizeof(path)), NULL);
	if (!m)
		return;
	for (size_t i = 0; i < mounts__count(m) && i < MOUNTS_MAX; i++) {
		const struct mount_entry *e = mounts__at(m, i);

		snprintf(value, sizeof(value), "%s on %s: %s,%s", e->fstype, e->source, e->options,
			 e->super_options);
		fn(ctx, "mount", e->mount_point, value);
	}
	mounts__free(m);
}

void hostfacts__each(const char *root, hostfacts_fn fn, void *ctx)
{
	each_mount(root, fn, ctx);
	each_device(root, fn, ctx);
	each_sysctl(root, fn, ctx);
}

static char *line_of(const char *root, const char *name, char *buf, size_t size)
{
	char path[256];

	snprintf(path, sizeof(path), "%s%s", root, name);
	if (!procfile__first_line(path, VALUE_MAX_BYTES, buf, size))
		*buf = '\0';
	return buf;
}

char *hostfacts__boot_id(const char *root, char *buf, size_t size)
{
	return line_of(root, "/proc/sys/kernel/random/boot_id", buf, size);
}

char *hostfacts__kernel_build(const char *root, char *buf, size_t size)
{
	return line_of(root, "/proc/sys/kernel/version", buf, size);
}

void hostfacts__describe(struct host_info *h)
{
	struct utsname u;

	if (uname(&u))
		memset(&u, 0, sizeof(u));
	snprintf(h->hostname, sizeof(h->hostname), "%s", u.nodename);
	snprintf(h->kernel, sizeof(h->kernel), "%s", u.release);
	snprintf(h->arch, sizeof(h->arch), "%s", u.machine);
	h->cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
}
