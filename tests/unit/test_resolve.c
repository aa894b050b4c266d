// SPDX-License-Identifier: GPL-2.0
/* Mounts, devices, paths and cgroups: made-up tables, hostile ones, and this process. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "host/cgroups.h"
#include "host/devices.h"
#include "host/hostfacts.h"
#include "host/intern.h"
#include "host/memlimit.h"
#include "host/mounted.h"
#include "host/mountns.h"
#include "host/mounts.h"
#include "host/paths.h"
#include "host/procfile.h"
#include "unit/tmpfile.h"

/* ---- interner, proc files ---- */

static void test_intern(void **state)
{
	struct intern *in = intern__new(1000);
	const char *a = intern__str(in, "alpha");
	char long_name[2000];

	(void)state;
	assert_string_equal(a, "alpha");
	assert_ptr_equal(intern__mem(in, "alphabet", 5), a);
	assert_ptr_equal(intern__mem(in, "alpha\0x", 7), a);
	assert_null(intern__str(in, NULL));
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_null(intern__str(in, long_name));
	for (int i = 0; i < 100000; i++) {
		const char *b;

		snprintf(long_name, sizeof(long_name), "name %d", i);
		b = intern__str(in, long_name);
		assert_string_equal(b, long_name);
		intern__put(in, b);
	}
	intern__put(in, NULL);
	for (int i = 0; i < 3; i++)
		intern__put(in, a);
	/* the bound is as far away as in the beginning */
	memset(long_name, 'y', 800);
	long_name[800] = '\0';
	assert_non_null(intern__str(in, long_name));
	assert_null(intern__str(
		in, "alpha and much more, which makes it more than the rest that there is"
		    " left of the thousand bytes that this one has"));
	intern__free(in);
	intern__free(NULL);
}

static void test_procfile(void **state)
{
	const char *s = "18446744073709551615x";
	char *buf, *pos, *end;
	uint64_t v;
	size_t len;

	(void)state;
	assert_int_equal(procfile__number(&s, 10, UINT64_MAX, &v), 0);
	assert_true(v == UINT64_MAX && *s == 'x');
	s = "18446744073709551616";
	assert_int_equal(procfile__number(&s, 10, UINT64_MAX, &v), -ERANGE);
	s = "-1";
	assert_int_equal(procfile__number(&s, 10, UINT64_MAX, &v), -EINVAL);

	assert_int_equal(procfile__read(put("f", "a\n\nb\0c", 6), 6, &buf, &len), 0);
	assert_int_equal(len, 6);
	pos = buf;
	end = buf + len;
	assert_string_equal(procfile__line(&pos, end), "a");
	assert_string_equal(procfile__line(&pos, end), "");
	assert_string_equal(procfile__line(&pos, end), "b");
	assert_null(procfile__line(&pos, end));
	free(buf);
	assert_int_equal(procfile__read(in_tmp("f"), 5, &buf, &len), -EFBIG);
	assert_int_equal(procfile__read(in_tmp("none"), 5, &buf, &len), -ENOENT);
}

/* ---- mounts ---- */

static const char mountinfo[] =
	"20 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard\n"
	"21 20 8:1 / /data\\040disk rw,noatime shared:2 master:3 - xfs /dev/sda1 rw,inode64\n"
	"22 20 8:1 /sub/dir /b rw - xfs /dev/sda1 rw\n"
	"23 20 0:45 /vol /btr rw - btrfs /dev/loop1 rw,subvol=/vol\n"
	"24 20 0:45 / /very/long/place rw - btrfs /dev/loop1 rw\n"
	"25 20 0:46 / /data\\040disk/odd\\134\\011x rw - tmpfs  rw\n"
	"26 20 8:2 /was//deleted /c rw - ext4 /dev/sda2 rw\n";

static void test_mounts(void **state)
{
	struct mounts *m = mounts__new(put_text("mi", mountinfo), NULL);
	const struct mount_entry *e;

	(void)state;
	assert_non_null(m);
	assert_int_equal(mounts__count(m), 7);
	assert_int_equal(mounts__dropped(m), 0);
	e = mounts__at(m, 1);
	assert_int_equal(e->id, 21);
	assert_int_equal(e->parent, 20);
	assert_string_equal(e->mount_point, "/data disk");
	assert_string_equal(e->options, "rw,noatime");
	assert_string_equal(e->fstype, "xfs");
	assert_string_equal(e->source, "/dev/sda1");
	assert_string_equal(e->super_options, "rw,inode64");
	e = mounts__at(m, 5);
	assert_string_equal(e->source, "");
	assert_string_equal(e->mount_point, "/data disk/odd\\\tx");
	assert_null(mounts__at(m, 7));

	assert_string_equal(mounts__by_id(m, 22, 8, 1)->root, "/sub/dir");
	assert_null(mounts__by_id(m, 22, 8, 2));
	assert_string_equal(mounts__by_dev(m, 0, 45)->mount_point, "/very/long/place");
	assert_string_equal(mounts__by_dev(m, 8, 1)->mount_point, "/data disk");
	assert_null(mounts__by_dev(m, 9, 9));
	assert_int_equal(mounts__by_path(m, "/data disk/x")->id, 21);
	assert_int_equal(mounts__by_path(m, "/data diskette")->id, 20);
	assert_int_equal(mounts__by_path(m, "/b")->id, 22);
	assert_null(mounts__by_path(m, "relative"));
	mounts__free(m);
	mounts__free(NULL);
}

static void test_mounts_hostile(void **state)
{
	struct err e = {0};
	struct mounts *m;
	size_t len = 20000, i;
	char *text = malloc(len + 1);

	(void)state;
	assert_non_null(text);
	memset(text, 'o', len);
	text[len] = '\0';
	memcpy(text, "30 1 0:9 / /m rw - overlay none lowerdir=", 41);
	text[9000] = '\n';
	memcpy(text + 9001, "31\n31 1\n31 1 8\n31 1 8:\n31 1 8:x / /p rw - a b c\n\n-\n \n", 54);
	memcpy(text + 9055, "99999999999 1 8:1 / /p rw - a b c\n31 1 8:1 / rel rw - a b c\n", 60);
	memcpy(text + 9115, "32 1 8:1 / /p rw shared:1\n33 1 8:1 / /q rw - ext4 s\n", 52);
	srandom(3);
	for (i = 9168; i < len; i++)
		text[i] = (char)random();
	text[9167] = '\n';
	m = mounts__new(put("mi", text, len), NULL);
	free(text);
	assert_non_null(m);
	assert_int_equal(mounts__count(m), 2);
	assert_int_equal(strlen(mounts__at(m, 0)->super_options), 9000 - 32);
	assert_int_equal(mounts__at(m, 1)->id, 33);
	assert_string_equal(mounts__at(m, 1)->super_options, "");
	mounts__free(m);
	assert_null(mounts__new(in_tmp("none"), &e));
	assert_non_null(strstr(e.text, "No such file"));
}

static void test_mounts_self(void **state)
{
	struct mounts *m = mounts__new("/proc/self/mountinfo", NULL);
	int release;
	pid_t pid = sleeper(&release);

	(void)state;
	assert_non_null(m);
	assert_non_null(mounts__by_path(m, "/proc/self"));
	assert_string_equal(mounts__by_path(m, "/proc/self")->fstype, "proc");
	assert_int_equal(mounts__refresh(m), 0);
	assert_ptr_equal(mounts__for_pid(m, NULL, pid), m);
	close(release);
	waitpid(pid, NULL, 0);
	assert_ptr_equal(mounts__for_pid(m, NULL, pid), m);
	mounts__free(m);
}

static void note_mount(void *ctx, const char *what, const char *of, const char *value)
{
	char *seen = ctx;

	(void)value;
	if (!strcmp(what, "mount"))
		snprintf(seen, 64, "%s", of);
}

/* A service has a table of its own, in which all may be read-only; the programs' is that of process 1. */
static void test_mounts_of_the_host(void **state)
{
	char path[PATH_MAX + 400], seen[64] = "";
	struct mounted *m;
	char root[PATH_MAX + 300];
	struct err e = {0};

	(void)state;
	snprintf(root, sizeof(root), "%s", in_tmp("init"));
	for (const char *const *d =
		     (const char *const[]){"init", "init/proc", "init/proc/1", "init/proc/1/ns",
					   "init/proc/self", "init/proc/self/ns", "init/sys", NULL};
	     *d; d++)
		assert_int_equal(mkdir(in_tmp(*d), 0755), 0);
	put_text("init/proc/filesystems", "\text4\n");
	put_text("init/proc/self/mountinfo", "30 1 8:1 / / ro - ext4 /dev/sda1 rw\n");
	put_text("init/proc/1/mountinfo", "20 1 8:1 / /host rw - ext4 /dev/sda1 rw\n");
	put_text("init/proc/self/ns/mnt", "");
	assert_int_equal(link(in_tmp("init/proc/self/ns/mnt"), in_tmp("init/proc/1/ns/mnt")), 0);
	assert_non_null(strstr(mountns__path(root, path, sizeof(path)), "/proc/self/mountinfo"));
	assert_string_equal(mountns__files(root, path, sizeof(path)), root);
	assert_int_equal(unlink(in_tmp("init/proc/1/ns/mnt")), 0);
	/* it may not be looked at */
	assert_non_null(strstr(mountns__path(root, path, sizeof(path)), "/proc/self/mountinfo"));
	put_text("init/proc/1/ns/mnt", "");
	assert_non_null(strstr(mountns__path(root, path, sizeof(path)), "/proc/1/mountinfo"));
	/* its files may not be looked at */
	assert_string_equal(mountns__files(root, path, sizeof(path)), root);
	assert_int_equal(mkdir(in_tmp("init/proc/1/root"), 0755), 0);
	assert_string_equal(mountns__files(root, path, sizeof(path)) + strlen(root),
			    "/proc/1/root");
	m = mounted__new(root, &e);
	assert_int_equal(mounted__refresh(m), 1);
	mounted__free(m);
	hostfacts__each(root, note_mount, seen);
	assert_string_equal(seen, "/host");
	assert_int_equal(unlink(in_tmp("init/proc/1/mountinfo")), 0);
	hostfacts__each(root, note_mount, seen);
	assert_string_equal(seen, "/");
}

/* In a mount namespace of its own: exit status 0, or which step failed; 77 = not allowed here. */
static int mount_and_umount(const char *dir)
{
	const struct mount_entry *e;
	struct mounts *m;
	uint32_t id;

	if (unshare(geteuid() ? CLONE_NEWUSER | CLONE_NEWNS : CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return 77;
	m = mounts__new(NULL, NULL);
	if (!m)
		return 1;
	if (mount("none", dir, "tmpfs", 0, "size=64k"))
		return 77;
	if (mounts__refresh(m) != 1)
		return 2;
	e = mounts__by_path(m, dir);
	if (!e || strcmp(e->mount_point, dir) || e->gone)
		return 3;
	if (umount(dir) || mounts__refresh(m) != 1 || !e->gone)
		return 4;
	id = e->id;
	if (mounts__by_id(m, id, e->major, e->minor) != e || mounts__by_path(m, dir) == e)
		return 5;
	/* The same place again, perhaps with the same id: the entry that lives wins. */
	if (mount("none", dir, "tmpfs", 0, "size=64k") || mounts__refresh(m) != 1)
		return 6;
	if (!mounts__by_path(m, dir) || mounts__by_path(m, dir)->gone)
		return 7;
	mounts__free(m);
	return 0;
}

/* As above; what is always there, and what came last, is known after any number of mounts. */
static int mount_for_a_month(const char *dir)
{
	struct mounts *m;
	uint32_t id = 0;
	char source[32];

	if (unshare(geteuid() ? CLONE_NEWUSER | CLONE_NEWNS : CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return 77;
	m = mounts__new(NULL, NULL);
	if (!m)
		return 1;
	for (int i = 0; i < 4500; i++) {
		const struct mount_entry *e;

		snprintf(source, sizeof(source), "volume%d", i);
		if (mount(source, dir, "ramfs", 0, NULL))
			return 77;
		if (mounts__refresh(m) != 1)
			return 2;
		e = mounts__by_path(m, dir);
		if (!e || e->gone || strcmp(e->source, source) || strcmp(e->fstype, "ramfs"))
			return 3;
		id = e->id;
		if (umount(dir) || mounts__refresh(m) != 1)
			return 4;
		if (!mounts__by_path(m, "/proc/self") || mounts__dropped(m))
			return 5;
	}
	if (mounts__count(m) > 6000 || mounts__recycled(m) < 300)
		return 6;
	for (size_t i = 0; i < mounts__count(m); i++)
		if (mounts__at(m, i)->id == id && !strcmp(mounts__at(m, i)->source, source))
			id = 0;
	mounts__free(m);
	return id ? 7 : 0;
}

static void in_namespace(const char *name, int (*run)(const char *dir))
{
	char dir[PATH_MAX];
	int status;
	pid_t pid;

	assert_int_equal(mkdir(in_tmp(name), 0755), 0);
	assert_non_null(realpath(in_tmp(name), dir));
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(run(dir));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_mounts_change(void **state)
{
	(void)state;
	in_namespace("mnt", mount_and_umount);
}

static void test_mounts_month(void **state)
{
	(void)state;
	in_namespace("month", mount_for_a_month);
}

/* A process in another mount namespace, with a mount that only it sees. */
static pid_t hermit(const char *dir, int ready, int release)
{
	pid_t pid = fork();
	char c = 1;

	if (pid)
		return pid;
	if (unshare(geteuid() ? CLONE_NEWUSER | CLONE_NEWNS : CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", dir, "tmpfs", 0, "size=64k"))
		c = 77;
	_exit(write(ready, &c, 1) != 1 || read(release, &c, 1) < 0);
}

static void test_mounts_namespace(void **state)
{
	struct mounts *m = mounts__new(NULL, NULL), *other;
	const struct mount_entry *e;
	int ready[2], release[2];
	char dir[PATH_MAX], c = 0;
	pid_t pid;

	(void)state;
	assert_int_equal(mkdir(in_tmp("hermit"), 0755), 0);
	assert_non_null(realpath(in_tmp("hermit"), dir));
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe2(release, O_CLOEXEC), 0);
	pid = hermit(dir, ready[1], release[0]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	other = mounts__for_pid(m, NULL, pid);
	e = mounts__by_path(other, dir);
	assert_int_equal(write(release[1], &c, 1), 1);
	waitpid(pid, NULL, 0);
	if (c == 77)
		skip();
	assert_ptr_not_equal(other, m);
	assert_string_equal(e->mount_point, dir);
	assert_string_not_equal(mounts__by_path(m, dir)->mount_point, dir);
	/* Ids are unique over namespaces: found from the main table, after the process is gone. */
	assert_ptr_equal(mounts__by_id(m, e->id, e->major, e->minor), e);
	assert_ptr_equal(mounts__for_pid(m, NULL, pid), m);
	close(ready[0]);
	close(ready[1]);
	close(release[0]);
	close(release[1]);
	mounts__free(m);
}

/* ---- paths ---- */

static const char *build(uint32_t id, const char *const *parts, size_t n, bool complete,
			 bool deleted)
{
	static char buf[PATH_MAX];
	struct mounts *m = mounts__new(put_text("mi", mountinfo), NULL);
	const struct mount_entry *e = NULL;
	size_t i;

	for (i = 0; i < mounts__count(m); i++)
		if (mounts__at(m, i)->id == id)
			e = mounts__at(m, i);
	paths__build(e, parts, n, complete, deleted, buf, sizeof(buf));
	mounts__free(m);
	return buf;
}

static void test_paths_build(void **state)
{
	static const char *const bind[] = {"file", "d", "dir", "sub"};
	static const char *const vol[] = {"file", "vol", "/"};
	static const char *const was[] = {"file", "was"};
	char small[32];

	(void)state;
	assert_string_equal(build(20, bind, 4, true, false), "/sub/dir/d/file");
	assert_string_equal(build(21, bind, 4, true, false), "/data disk/sub/dir/d/file");
	assert_string_equal(build(22, bind, 4, true, false), "/b/d/file");
	assert_string_equal(build(22, bind, 4, true, true), "/b/d/file (deleted)");
	assert_string_equal(build(22, bind, 2, false, false), ".../d/file");
	assert_string_equal(build(22, bind, 2, true, false), ".../d/file");
	assert_string_equal(build(22, bind + 2, 2, true, false), "/b");
	assert_string_equal(build(23, vol, 3, true, false), "/btr/file");
	assert_string_equal(build(24, vol, 3, true, false), "/very/long/place/vol/file");
	assert_string_equal(build(20, vol + 2, 1, true, false), "/");
	assert_string_equal(build(26, was, 2, true, false), "/c/file");
	assert_string_equal(build(99, bind, 4, true, false), ".../sub/dir/d/file");
	assert_string_equal(paths__build(NULL, bind, 0, true, false, small, sizeof(small)), "...");
	assert_string_equal(paths__build(NULL, bind, 4, false, true, small, sizeof(small)),
			    ".../sub/dir/d/file (deleted)");
	assert_string_equal(paths__build(NULL, bind, 4, false, true, small, 20),
			    ".../file (deleted)");
	assert_string_equal(paths__build(NULL, bind, 4, false, true, small, 3), "");
}

static void test_paths_build_sizes(void **state)
{
	static const char *const parts[] = {"file", "d", "dir", "sub"};
	char *buf;
	size_t size;

	(void)state;
	for (size = 1; size < 64; size++) {
		buf = malloc(size);
		paths__build(NULL, parts, 4, true, size & 1, buf, size);
		assert_true(strlen(buf) < size);
		free(buf);
	}
}

static void test_paths_from_fd(void **state)
{
	int fd = open(put_text("some file", "x"), O_RDONLY | O_CLOEXEC), p[2];
	char buf[PATH_MAX], want[PATH_MAX];
	struct stat st;

	(void)state;
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(paths__from_fd(NULL, getpid(), fd, major(st.st_dev), minor(st.st_dev),
					st.st_ino, false, buf, sizeof(buf)),
			 0);
	assert_non_null(realpath(in_tmp("some file"), want));
	assert_string_equal(buf, want);
	assert_int_equal(
		paths__from_fd(NULL, getpid(), fd, 4095, 1, st.st_ino, false, buf, sizeof(buf)),
		-ENOENT);
	assert_int_equal(
		paths__from_fd(NULL, getpid(), fd, 4095, 1, st.st_ino, true, buf, sizeof(buf)), 0);
	assert_int_equal(paths__from_fd(NULL, getpid(), fd, major(st.st_dev), minor(st.st_dev),
					st.st_ino + 1, true, buf, sizeof(buf)),
			 -ENOENT);
	assert_int_equal(paths__from_fd(NULL, getpid(), fd, major(st.st_dev), minor(st.st_dev),
					st.st_ino, false, buf, 4),
			 -ENAMETOOLONG);
	close(fd);
	assert_int_equal(paths__from_fd(NULL, getpid(), fd, 0, 0, 1, true, buf, sizeof(buf)),
			 -ENOENT);

	assert_int_equal(pipe(p), 0);
	assert_int_equal(fstat(p[0], &st), 0);
	snprintf(want, sizeof(want), "pipe:[%llu]", (unsigned long long)st.st_ino);
	assert_int_equal(paths__from_fd(NULL, getpid(), p[0], major(st.st_dev), minor(st.st_dev),
					st.st_ino, false, buf, sizeof(buf)),
			 0);
	assert_string_equal(buf, want);
	close(p[0]);
	close(p[1]);

	fd = open("/dev/null", O_RDONLY);
	assert_int_equal(paths__from_fd(NULL, getpid(), fd, 1, 3, 0, false, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "/dev/null");
	close(fd);
}

/* ---- devices ---- */

static void make_sysfs(void)
{
	static const char *const dirs[] = {
		"sys",
		"sys/dev",
		"sys/dev/block",
		"sys/dev/char",
		"sys/class",
		"sys/class/block",
		"sys/class/block/loop1",
		"sys/class/block/loop2",
		"sys/class/block/loop3",
		"sys/fs",
		"sys/fs/btrfs",
		"sys/fs/btrfs/features",
		"sys/fs/btrfs/1111-22",
		"sys/fs/btrfs/1111-22/devices",
		"sys/fs/btrfs/1111-22/devices/loop1",
		"sys/fs/btrfs/1111-22/devices/loop2",
		"sys/fs/btrfs/1111-22/devices/broken",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(dirs); i++)
		if (mkdir(in_tmp(dirs[i]), 0755))
			assert_int_equal(errno, EEXIST);
	put_text("sys/class/block/loop1/dev", "7:1\n");
	put_text("sys/class/block/loop2/dev", "7:2\n");
	put_text("sys/class/block/loop3/dev", "7:3\n");
	(void)!symlink("../../devices/virtual/block/loop1", in_tmp("sys/dev/block/7:1"));
	(void)!symlink("../../devices/cciss!c0d0", in_tmp("sys/dev/block/104:0"));
	(void)!symlink("../../devices/virtual/mem/null", in_tmp("sys/dev/char/1:3"));
}

static void test_devices(void **state)
{
	const struct mount_entry *out[4];
	struct devices *d;
	struct mounts *m = mounts__new(put_text("mi", mountinfo), NULL);

	(void)state;
	make_sysfs();
	d = devices__new(in_tmp("sys"));
	assert_string_equal(devices__name(d, 7, 1), "loop1");
	assert_string_equal(devices__name(d, 104, 0), "cciss/c0d0");
	assert_string_equal(devices__name(d, 0, 45), "0:45");
	assert_string_equal(devices__char_name(d, 1, 3), "null");
	/* loop2 is the sibling that no mount names. */
	assert_int_equal(devices__btrfs_mounts(d, m, 7, 2, out, 4), 1);
	assert_int_equal(out[0]->minor, 45);
	assert_int_equal(devices__btrfs_mounts(d, m, 7, 1, out, 4), 1);
	assert_int_equal(devices__btrfs_mounts(d, m, 7, 3, out, 4), 0);
	devices__free(d);
	devices__free(NULL);
	mounts__free(m);
}

static void test_devices_parse(void **state)
{
	uint32_t maj = 0, min = 0;
	struct err e = {0};

	(void)state;
	assert_int_equal(devices__parse("8:17", &maj, &min, &e), 0);
	assert_int_equal(maj, 8);
	assert_int_equal(min, 17);
	assert_int_equal(devices__parse("/dev/null", &maj, &min, &e), -ENOTBLK);
	assert_non_null(strstr(e.hint, "--mount"));
	assert_int_equal(devices__parse("no_such_disk", &maj, &min, &e), -ENOENT);
	assert_non_null(strstr(e.text, "no_such_disk"));
	assert_int_equal(devices__parse("/dev/no_such_disk", &maj, &min, &e), -ENOENT);
	assert_int_not_equal(devices__parse("..", &maj, &min, &e), 0);
	assert_int_not_equal(devices__parse("", &maj, &min, &e), 0);
	assert_int_not_equal(devices__parse("8:", &maj, &min, &e), 0);
	assert_int_not_equal(devices__parse("8:99999999999", &maj, &min, &e), 0);
}

/* Whatever block device this host has: its name leads back to its number. */
static void test_devices_host(void **state)
{
	struct devices *d = devices__new(NULL);
	DIR *dir = opendir("/sys/class/block");
	uint32_t maj, min;
	struct dirent *de;

	(void)state;
	while (dir && (de = readdir(dir))) {
		if (de->d_name[0] == '.' || strchr(de->d_name, '!'))
			continue;
		assert_int_equal(devices__parse(de->d_name, &maj, &min, NULL), 0);
		assert_string_equal(devices__name(d, maj, min), de->d_name);
	}
	if (dir)
		closedir(dir);
	devices__free(d);
}

/* ---- cgroups ---- */

static void test_cgroups(void **state)
{
	struct cgroups *c = cgroups__new();
	const char *path = cgroups__path(c, UINT64_MAX);

	(void)state;
	assert_string_equal(path, "cgroup:18446744073709551615");
	assert_ptr_equal(cgroups__path(c, UINT64_MAX), path);
	assert_string_equal(cgroups__path(c, 0), "cgroup:0");
	cgroups__free(c);
	cgroups__free(NULL);
}

/* A month of pods: the one that is asked for all the time is never looked up again. */
static void test_cgroups_month(void **state)
{
	struct cgroups *c = cgroups__new();
	const char *always = cgroups__path(c, UINT64_MAX);
	char name[64];

	(void)state;
	for (uint64_t id = 1ULL << 40; id < (1ULL << 40) + 20000; id++) {
		snprintf(name, sizeof(name), "cgroup:%" PRIu64, id);
		assert_string_equal(cgroups__path(c, id), name);
		assert_ptr_equal(cgroups__path(c, UINT64_MAX), always);
	}
	assert_int_equal(cgroups__recycled(c), 20001 - 8192);
	cgroups__free(c);
}

static void test_cgroups_open(void **state)
{
	struct cgroups *c = cgroups__new();
	struct err e = {0};
	struct stat st;
	int fd;

	(void)state;
	assert_true(cgroups__open(tmp, &e) < 0);
	assert_non_null(strstr(e.text, tmp));
	assert_true(cgroups__open("/no/such/group", &e) < 0);
	assert_true(cgroups__open("no_such_group", &e) < 0);
	assert_true(e.hint[0]);
	fd = cgroups__open("/", &e);
	if (fd == -ENODEV) {
		assert_non_null(strstr(e.text, "not mounted"));
	} else {
		assert_true(fd >= 0);
		assert_int_equal(fstat(fd, &st), 0);
		assert_string_equal(cgroups__path(c, st.st_ino), "/");
		close(fd);
	}
	cgroups__free(c);
}

/* ---- memory limits of cgroups ---- */

static void make_folder(const char *name)
{
	char cmd[2 * PATH_MAX];

	snprintf(cmd, sizeof(cmd), "mkdir -p '%s'", in_tmp(name));
	assert_int_equal(system(cmd), 0);
}

static void put_group(const char *where, const char *max, const char *used, const char *stat)
{
	bool legacy = strstr(where, "/memory") != NULL;
	char name[PATH_MAX];

	make_folder(where);
	snprintf(name, sizeof(name), "%s/%s", where,
		 legacy ? "memory.limit_in_bytes" : "memory.max");
	put_text(name, max);
	snprintf(name, sizeof(name), "%s/%s", where,
		 legacy ? "memory.usage_in_bytes" : "memory.current");
	put_text(name, used);
	snprintf(name, sizeof(name), "%s/memory.stat", where);
	put_text(name, stat);
}

/* The group above is tighter, and its page cache can be taken back. */
static void test_memlimit_unified(void **state)
{
	struct memlimit l;

	(void)state;
	make_folder("v2/proc/self");
	put_text("v2/proc/self/cgroup", "0::/pod/box\n");
	put_group("v2/sys/fs/cgroup/pod/box", "max\n", "700\n", "anon 700\n");
	put_group("v2/sys/fs/cgroup/pod", "10000\n", "9000\n",
		  "file 5000\ninactive_file 3000\nactive_file 1000\n");
	put_group("v2/sys/fs/cgroup", "20000\n", "9000\n", "inactive_file 3000\n");
	memlimit__read(in_tmp("v2"), &l);
	assert_int_equal(l.limit_bytes, 10000);
	assert_int_equal(l.left_bytes, 5000);
	assert_string_equal(l.cgroup, "/pod");
	put_group("v2/sys/fs/cgroup/pod/box", "600\n", "700\n", "");
	memlimit__read(in_tmp("v2"), &l);
	assert_int_equal(l.left_bytes, 0);
	assert_string_equal(l.cgroup, "/pod/box");
}

/* In a container the path is the host's, and what is mounted is the container's own group. */
static void test_memlimit_legacy(void **state)
{
	struct memlimit l;

	(void)state;
	make_folder("v1/proc/self");
	put_text("v1/proc/self/cgroup",
		 "9:cpu,memory_not:/a\n4:blkio,memory:/docker/8a\n0::/docker/8a\n");
	put_group("v1/sys/fs/cgroup/memory", "9000\n", "6000\n",
		  "inactive_file 1\ntotal_inactive_file 500\ntotal_active_file 20\n");
	memlimit__read(in_tmp("v1"), &l);
	assert_int_equal(l.left_bytes, 3520);
	assert_string_equal(l.cgroup, "/");
	put_group("v1/sys/fs/cgroup/memory", "9223372036854771712\n", "6000\n", "");
	memlimit__read(in_tmp("v1"), &l);
	assert_true(l.left_bytes > 1ull << 60);
}

static void test_memlimit_hostile(void **state)
{
	static const char *const lines[] = {
		"", "0::", "::/", "0:memory", "0::relative\n", "\n\n", "0::/../../other\n"};
	struct memlimit l;

	(void)state;
	make_folder("v0/proc/self");
	memlimit__read(in_tmp("v0"), &l);
	assert_true(l.left_bytes == UINT64_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		put_text("v0/proc/self/cgroup", lines[i]);
		memlimit__read(in_tmp("v0"), &l);
		assert_true(l.left_bytes == UINT64_MAX);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intern),
		cmocka_unit_test(test_procfile),
		cmocka_unit_test(test_mounts),
		cmocka_unit_test(test_mounts_hostile),
		cmocka_unit_test(test_mounts_self),
		cmocka_unit_test(test_mounts_of_the_host),
		cmocka_unit_test(test_mounts_change),
		cmocka_unit_test(test_mounts_month),
		cmocka_unit_test(test_mounts_namespace),
		cmocka_unit_test(test_paths_build),
		cmocka_unit_test(test_paths_build_sizes),
		cmocka_unit_test(test_paths_from_fd),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_devices_parse),
		cmocka_unit_test(test_devices_host),
		cmocka_unit_test(test_cgroups),
		cmocka_unit_test(test_cgroups_month),
		cmocka_unit_test(test_cgroups_open),
		cmocka_unit_test(test_memlimit_unified),
		cmocka_unit_test(test_memlimit_legacy),
		cmocka_unit_test(test_memlimit_hostile),
	};

	return cmocka_run_group_tests(tests, make_tmp, drop_tmp);
}
