// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "host/facts.h"

#include <ctype.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "host/extents.h"
#include "host/nowait.h"
#include "host/procfile.h"

#define PATH_SIZE 512
#define VALUE_SIZE 128
/* Asking for extents takes time when a filesystem hangs. */
#define MAX_FILES 8
#define MAX_QUEUES 4096

typedef unsigned long long ull;

struct facts {
	char *root;
	unsigned int files;
};

/* What one row of the table works on. */
struct ask {
	struct facts *facts;
	const struct fs_info *fs;
	const struct report_cause *cause;
	char *buf;
	size_t size;
};

static void __attribute__((format(printf, 2, 3))) say(struct ask *a, const char *fmt, ...)
{
	size_t used = strlen(a->buf);
	va_list args;

	if (used + 2 >= a->size)
		return;
	if (used)
		a->buf[used++] = '\n';
	va_start(args, fmt);
	vsnprintf(a->buf + used, a->size - used, fmt, args);
	va_end(args);
}

/* First line of a file of sysfs, unprintable bytes dropped; false if there is none. */
static bool read_value(const char *path, char *value, size_t size)
{
	char *text;
	size_t len, n = 0;

	if (procfile__read(path, 4096, &text, &len))
		return false;
	for (size_t i = 0; i < len && text[i] != '\n' && n + 1 < size; i++)
		if (isprint((unsigned char)text[i]))
			value[n++] = text[i];
	value[n] = '\0';
	free(text);
	return n > 0;
}

/* A name of sysfs: "cciss/c0d0" has an exclamation mark there. */
static bool device_dir(const struct ask *a, char *dir, size_t size)
{
	const char *name = a->fs->device_name ? a->fs->device_name : "";
	int n;

	if (*name && *name != '.' && strlen(name) < 64)
		n = snprintf(dir, size, "%s/class/block/%s", a->facts->root, name);
	else if (a->fs->major)
		n = snprintf(dir, size, "%s/dev/block/%u:%u", a->facts->root, a->fs->major,
			     a->fs->minor);
	else
		return false;
	for (char *c = dir + strlen(a->facts->root) + strlen("/class/block/"); *name && *c; c++)
		if (*c == '/')
			*c = '!';
	return n > 0 && (size_t)n < size;
}

/* Of the device, or of the disk that the partition is on. */
static bool queue_value(const struct ask *a, const char *file, char *value, size_t size)
{
	static const char *const places[] = {"queue", "../queue"};
	char dir[PATH_SIZE], path[PATH_SIZE + 64];

	if (!device_dir(a, dir, sizeof(dir)))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, sizeof(path), "%s/%s/%s", dir, places[i], file);
		if (read_value(path, value, size))
			return true;
	}
	return false;
}

/* The one in brackets: "[none] mq-deadline". */
static void keep_chosen(char *value)
{
	char *open = strchr(value, '['), *end = open ? strchr(open, ']') : NULL;

	if (!end)
		return;
	*end = '\0';
	memmove(value, open + 1, strlen(open + 1) + 1);
}

static void say_queue(struct ask *a, const char *file)
{
	char value[VALUE_SIZE];

	if (!queue_value(a, file, value, sizeof(value)))
		return;
	keep_chosen(value);
	say(a, "queue/%s is %s", file, value);
}

/* The largest part of a request that the device takes in one piece. */
static void say_pieces(struct ask *a)
{
	char value[VALUE_SIZE], len[16], max[16];
	uint64_t kb;

	if (!queue_value(a, "max_sectors_kb", value, sizeof(value)))
		return;
	kb = strtoull(value, NULL, 10);
	if (!kb || a->cause->worst_len_bytes <= kb * 1024)
		return;
	say(a, "a request of %s is split into %llu, since queue/max_sectors_kb allows %s",
	    fmt__size(a->cause->worst_len_bytes, len, sizeof(len)),
	    (ull)((a->cause->worst_len_bytes + kb * 1024 - 1) / (kb * 1024)),
	    fmt__size(kb * 1024, max, sizeof(max)));
}

/* What the device itself can take, each of its queues having that many. */
static void say_hardware_tags(struct ask *a)
{
	static const char *const places[] = {"mq", "../mq"};
	char dir[PATH_SIZE], path[PATH_SIZE + 64], value[VALUE_SIZE];
	unsigned int queues = 0;

	if (!device_dir(a, dir, sizeof(dir)))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(places) && !queues; i++) {
		for (;; queues++) {
			snprintf(path, sizeof(path), "%s/%s/%u/nr_tags", dir, places[i], queues);
			if (queues == MAX_QUEUES || !read_value(path, value, sizeof(value)))
				break;
		}
	}
	if (queues)
		say(a, "the device has %u queue%s of %s tags", queues, plural(queues), value);
}

static void tags(struct ask *a)
{
	say_queue(a, "nr_requests");
	say_queue(a, "scheduler");
	say_hardware_tags(a);
	if (a->cause->worst_nr)
		say(a, "the worst call submitted %u request%s", a->cause->worst_nr,
		    plural(a->cause->worst_nr));
	say_pieces(a);
}

static void wbt(struct ask *a)
{
	say_queue(a, "wbt_lat_usec");
}

static void scheduler(struct ask *a)
{
	say_queue(a, "scheduler");
}

static void readahead(struct ask *a)
{
	say_queue(a, "read_ahead_kb");
}

static void write_cache(struct ask *a)
{
	say_queue(a, "write_cache");
}

static void dirty(struct ask *a)
{
	static const char *const files[] = {"max_ratio", "strict_limit"};
	char path[PATH_SIZE], value[VALUE_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/class/bdi/%u:%u/%s", a->facts->root, a->fs->major,
			 a->fs->minor, files[i]);
		if (read_value(path, value, sizeof(value)))
			say(a, "%s of the device's writeback is %s", files[i], value);
	}
}

static void zeroout(struct ask *a)
{
	char path[PATH_SIZE], value[VALUE_SIZE];
	const char *name = a->fs->device_name;

	if (!name || !*name || strchr(name, '/') || strlen(name) > 64)
		return;
	snprintf(path, sizeof(path), "%s/fs/ext4/%s/extent_max_zeroout_kb", a->facts->root, name);
	if (read_value(path, value, sizeof(value)))
		say(a, "extent_max_zeroout_kb is %s", value);
}

/* The connection has the number of the superblock's device. */
static void fuse_limit(struct ask *a)
{
	char path[PATH_SIZE], value[VALUE_SIZE];

	snprintf(path, sizeof(path), "%s/fs/fuse/connections/%u/max_background", a->facts->root,
		 a->fs->minor);
	if (read_value(path, value, sizeof(value)))
		say(a, "max_background of the connection is %s", value);
	if (a->cause->worst_nr > 1)
		say(a, "the worst call submitted %u requests", a->cause->worst_nr);
}

/* Those of the mount options that match, once each; what = "data=*" ..., NULL at the end. */
static void say_options(struct ask *a, const char *const *what)
{
	const char *options = a->fs->mount_options ? a->fs->mount_options : "";
	char list[256] = "", one[96];

	while (*options) {
		size_t len = strcspn(options, ","), used = strlen(list);

		snprintf(one, sizeof(one), "%.*s", (int)(len < 95 ? len : 95), options);
		for (size_t i = 0; what[i]; i++)
			if (!fnmatch(what[i], one, 0) && !strstr(list, one))
				snprintf(list + used, sizeof(list) - used, "%s%s", used ? ", " : "",
					 one);
		options += len + (options[len] == ',');
	}
	if (*list)
		say(a, "mounted with %s", list);
}

static void time_options(struct ask *a)
{
	static const char *const what[] = {"*atime", "lazytime", NULL};

	say_options(a, what);
	if (!a->fs->mount_options || !strstr(a->fs->mount_options, "lazytime"))
		say(a, "not mounted with lazytime");
}

static void journal_options(struct ask *a)
{
	static const char *const what[] = {"*atime",	 "lazytime",	"data=*",    "commit=*",
					   "barrier*",	 "nobarrier",	"logbufs=*", "logbsize=*",
					   "logdev=*",	 "discard",	"journal_*", "wsync",
					   "nodelalloc", "*_allocator", NULL};

	say_options(a, what);
}

/* Writes in flight are allocated and not yet written; of a file that grows there are always some. */
static bool is_preallocated(const struct extents *e, bool grows)
{
	if (e->never_preallocated || !e->unwritten_bytes)
		return false;
	return !grows || e->unwritten_bytes > e->size_bytes / 8;
}

/* Appends under way have their blocks before the size says so. */
static bool is_in_flight(const struct report_cause *c, uint64_t bytes)
{
	uint64_t call_bytes = c->worst_len_bytes * (c->worst_nr ? c->worst_nr : 1);

	return bytes <= 2 * (call_bytes > 65536 ? call_bytes : 65536);
}

/* A file that grows has other numbers by now than at its stall, and still others later. */
static void say_extents(struct ask *a, const struct extents *e)
{
	bool grows = a->cause->worst_shape & SHAPE_BEYOND_EOF;
	char size[16], part[16];

	say(a, "the file of the worst stall %s %s%s and %s%llu extent%s", grows ? "grows:" : "has",
	    fmt__size(e->size_bytes, size, sizeof(size)), grows ? " so far," : "",
	    e->more ? "more than " : "", (ull)e->extents, plural(e->extents));
	if (is_preallocated(e, grows))
		say(a, "%s of it are preallocated but were never written",
		    fmt__size(e->unwritten_bytes, part, sizeof(part)));
	fmt__size(e->beyond_bytes, part, sizeof(part));
	if (!e->beyond_bytes || (grows && is_in_flight(a->cause, e->beyond_bytes)))
		say(a, "nothing is allocated behind its end%s",
		    e->beyond_bytes ? " but for writes in flight" : "");
	else if (e->never_preallocated)
		say(a,
		    "%s are allocated behind its end by the filesystem itself, ahead of its "
		    "growth",
		    part);
	else
		say(a, "%s are allocated behind its end", part);
}

/* The directory of the filesystem that has the device among its own; false if there is none. */
static bool btrfs_dir(const struct ask *a, char *dir, size_t size)
{
	const char *name = a->fs->device_name ? a->fs->device_name : "";
	char pattern[PATH_SIZE];
	bool one = false;
	glob_t found;
	int n;

	if (!*name || name[strcspn(name, "/*?[\\")] || strlen(name) > 64)
		return false;
	n = snprintf(pattern, sizeof(pattern), "%s/fs/btrfs/*/devices/%s", a->facts->root, name);
	if (n < 0 || (size_t)n >= sizeof(pattern) || glob(pattern, GLOB_NOSORT, NULL, &found))
		return false;
	if (found.gl_pathc == 1) {
		n = snprintf(dir, size, "%.*s",
			     (int)(strstr(found.gl_pathv[0], "/devices/") - found.gl_pathv[0]),
			     found.gl_pathv[0]);
		one = n > 0 && (size_t)n < size;
	}
	globfree(&found);
	return one;
}

/* With copies or parity of data (dup, raid1, ...) kernels 7.0 to 7.2 buffer every direct write. */
static void profile(struct ask *a)
{
	char dir[PATH_SIZE], pattern[PATH_SIZE + 32], list[64] = "";
	glob_t found;

	if (strcmp(a->fs->fstype, "btrfs") != 0 || !btrfs_dir(a, dir, sizeof(dir)))
		return;
	snprintf(pattern, sizeof(pattern), "%s/allocation/data/*/", dir);
	if (glob(pattern, GLOB_ONLYDIR, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char *path = found.gl_pathv[i];
		size_t used = strlen(list);

		path[strlen(path) - 1] = '\0';
		snprintf(list + used, sizeof(list) - used, "%s%s", used ? ", " : "",
			 strrchr(path, '/') + 1);
	}
	globfree(&found);
	say(a, "the data profile is %s", list);
}

static void extents(struct ask *a)
{
	const struct report_cause *c = a->cause;
	const struct extents_file f = {
		.pid = (pid_t)c->worst_pid,
		.fd = c->worst_fd,
		.path = c->worst_path,
		.ino = c->worst_ino,
		.major = a->fs->major,
		.minor = a->fs->minor,
		.any_dev = !strcmp(a->fs->fstype, "btrfs") || !strcmp(a->fs->fstype, "overlay"),
	};
	struct extents e;

	/* without the number of the inode nothing says that it is the file that slept */
	if (!f.ino || a->facts->files >= MAX_FILES)
		return;
	a->facts->files++;
	if (!extents__read(&f, &e))
		say_extents(a, &e);
}

static const struct {
	const char *name; /* of the rules' "ask" lines */
	void (*ask)(struct ask *a);
} asks[] = {
#define ASK(name) {#name, name},
#include "cause/asks.def"
#undef ASK
};

static void ask_one(struct ask *a, const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(asks); i++)
		if (strlen(asks[i].name) == len && !memcmp(asks[i].name, name, len))
			asks[i].ask(a);
}

struct facts *facts__new(const char *sysfs_root)
{
	struct facts *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->root = strdup(sysfs_root ? sysfs_root : "/sys");
	if (f->root)
		return f;
	free(f);
	return NULL;
}

void facts__free(struct facts *f)
{
	if (!f)
		return;
	free(f->root);
	free(f);
}

void facts__write(void *ctx, const struct fs_info *fs, const struct report_cause *cause, char *buf,
		  size_t size)
{
	struct ask a = {.facts = ctx, .fs = fs, .cause = cause, .buf = buf, .size = size};

	const char *next = cause->asks ? cause->asks : "";

	buf[0] = '\0';
	while (fs && *(next += strspn(next, ", "))) {
		size_t len = strcspn(next, ", ");

		ask_one(&a, next, len);
		next += len;
	}
}

void facts__punts(void *ctx, const struct fs_info *fs, char *buf, size_t size)
{
	const struct facts *f = ctx;

	nowait__find(f->root, fs, buf, size);
}
