// SPDX-License-Identifier: GPL-2.0
/* What the host says beside a cause, on a made-up sysfs and real files. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "host/extents.h"
#include "host/facts.h"

static char root[64];

static void put(const char *path, const char *text)
{
	char cmd[512];
	FILE *f;

	snprintf(cmd, sizeof(cmd), "mkdir -p \"$(dirname '%s/%s')\"", root, path);
	assert_int_equal(system(cmd), 0);
	snprintf(cmd, sizeof(cmd), "%s/%s", root, path);
	f = fopen(cmd, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int make_sysfs(void **state)
{
	(void)state;
	strcpy(root, "/tmp/aiostall-facts-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	put("class/block/sda/queue/nr_requests", "64\n");
	put("class/block/sda/queue/scheduler", "[none] mq-deadline\n");
	put("class/block/sda/queue/max_sectors_kb", "1024\n");
	put("class/block/sda/mq/0/nr_tags", "32\n");
	put("class/block/sda/mq/1/nr_tags", "32\n");
	put("fs/btrfs/1234/devices/sda", "");
	put("fs/btrfs/1234/allocation/data/bytes_used", "0\n");
	put("fs/btrfs/1234/allocation/data/single/total_bytes", "0\n");
	put("fs/btrfs/1234/allocation/data/dup/total_bytes", "0\n");
	put("fs/btrfs/1234/allocation/metadata/raid1/total_bytes", "0\n");
	put("class/block/cciss!c0d0/queue/nr_requests", "7\n");
	put("class/block/bad/queue/nr_requests", "\x1b[2J9\nmore\n");
	put("dev/block/8:1/../queue/wbt_lat_usec", "2000\n");
	return 0;
}

static int remove_sysfs(void **state)
{
	char cmd[128];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -r %s", root);
	return system(cmd);
}

static const char *facts(const struct fs_info *fs, const struct report_cause *cause)
{
	static char buf[2048];
	struct facts *f = facts__new(root);

	assert_non_null(f);
	facts__write(f, fs, cause, buf, sizeof(buf));
	facts__free(f);
	return buf;
}

static void test_tags(void **state)
{
	struct fs_info fs = {.fstype = "ext4", .device_name = "sda"};
	struct report_cause cause = {.asks = "tags", .worst_nr = 16, .worst_len_bytes = 4 << 20};

	(void)state;
	assert_string_equal(facts(&fs, &cause),
			    "queue/nr_requests is 64\n"
			    "queue/scheduler is none\n"
			    "the device has 2 queues of 32 tags\n"
			    "the worst call submitted 16 requests\n"
			    "a request of 4.0M is split into 4, since queue/max_sectors_kb allows "
			    "1.0M");
	fs.device_name = "cciss/c0d0";
	cause.worst_nr = 1;
	assert_string_equal(facts(&fs, &cause), "queue/nr_requests is 7\n"
						"the worst call submitted 1 request");
}

/* Nothing of a name or a file reaches out of its place, or a terminal. */
static void test_hostile_names_and_values(void **state)
{
	struct fs_info fs = {.fstype = "ext4", .device_name = "bad"};
	struct report_cause cause = {.asks = "tags"};

	(void)state;
	assert_string_equal(facts(&fs, &cause), "queue/nr_requests is [2J9");
	fs.device_name = "../block/sda";
	assert_string_equal(facts(&fs, &cause), "");
	fs.device_name = "no/../../sda";
	assert_string_equal(facts(&fs, &cause), "");
	assert_string_equal(facts(NULL, &cause), "");
}

static void test_partitions_have_the_queue_of_their_disk(void **state)
{
	struct fs_info fs = {.fstype = "xfs", .device_name = "", .major = 8, .minor = 1};
	struct report_cause cause = {.asks = "wbt"};

	(void)state;
	assert_string_equal(facts(&fs, &cause), "queue/wbt_lat_usec is 2000");
}

static void test_mount_options(void **state)
{
	struct fs_info fs = {.fstype = "ext4",
			     .device_name = "",
			     .mount_options = "rw,relatime,rw,data=ordered,relatime"};
	struct report_cause cause = {.asks = "journal_options"};

	(void)state;
	assert_string_equal(facts(&fs, &cause), "mounted with relatime, data=ordered");
	cause.asks = "time_options";
	assert_string_equal(facts(&fs, &cause), "mounted with relatime\nnot mounted with lazytime");
	fs.mount_options = NULL;
	cause.asks = "journal_options";
	assert_string_equal(facts(&fs, &cause), "");
}

/* Which copies of data btrfs keeps, of the filesystem with that device alone. */
static void test_data_profile(void **state)
{
	struct fs_info fs = {.fstype = "btrfs", .device_name = "sda"};
	struct report_cause cause = {.asks = "profile"};

	(void)state;
	assert_string_equal(facts(&fs, &cause), "the data profile is dup, single");
	fs.fstype = "ext4";
	assert_string_equal(facts(&fs, &cause), "");
	fs = (struct fs_info){.fstype = "btrfs", .device_name = "sd*"};
	assert_string_equal(facts(&fs, &cause), "");
	fs.device_name = "sdb";
	assert_string_equal(facts(&fs, &cause), "");
}

static const char *waiting(const char *device)
{
	static char buf[128];
	const struct fs_info fs = {.fstype = "ext4", .device_name = device, .major = 9};
	struct facts *f = facts__new(root);

	assert_non_null(f);
	facts__punts(f, &fs, buf, sizeof(buf));
	facts__free(f);
	return buf;
}

static void same_as(const char *of, const char *path)
{
	char cmd[512];

	snprintf(cmd, sizeof(cmd), "mkdir -p \"$(dirname '%s/%s')\" && ln -s '%s/%s' '%s/%s'", root,
		 path, root, of, root, path);
	assert_int_equal(system(cmd), 0);
}

static void test_which_device_has_no_nowait(void **state)
{
	(void)state;
	put("class/block/pmem0/queue/nr_requests", "128\n");
	put("class/block/dm-0/dm/name", "data\n");
	put("class/block/md0/md/level", "raid1\n");
	put("class/block/md1/md/level", "raid0\n");
	put("class/block/md0/md0p1/partition", "1\n");
	put("class/block/ring/queue/nr_requests", "1\n");
	same_as("class/block/sda", "class/block/md0/slaves/sda");
	same_as("class/block/sda", "class/block/md1/slaves/sda");
	same_as("class/block/pmem0", "class/block/md1/slaves/pmem0");
	same_as("class/block/md1", "class/block/dm-0/slaves/md1");
	same_as("class/block/md0/md0p1", "class/block/md0p1");
	same_as("class/block/ring", "class/block/ring/slaves/ring");
	/* with queues of its own */
	assert_string_equal(waiting("sda"), "");
	/* by itself, and at the bottom of others */
	assert_string_equal(waiting("pmem0"), "pmem0");
	assert_string_equal(waiting("md1"), "pmem0");
	assert_string_equal(waiting("dm-0"), "pmem0");
	/* nothing below it waits */
	assert_string_equal(waiting("md0"), "md0 (raid1)");
	assert_string_equal(waiting("md0p1"), "md0 (raid1)");
	/* ends, although it is made of itself */
	assert_string_equal(waiting("ring"), "ring");
	assert_string_equal(waiting("none"), "");
	assert_string_equal(waiting("../../block/pmem0"), "");
	assert_string_equal(waiting(""), "");
}

static void test_asks_of_a_rule(void **state)
{
	struct fs_info fs = {.fstype = "btrfs", .device_name = "sda"};
	struct report_cause cause = {.asks = "profile, scheduler"};

	(void)state;
	assert_string_equal(facts(&fs, &cause),
			    "the data profile is dup, single\nqueue/scheduler is none");
	cause.asks = NULL;
	assert_string_equal(facts(&fs, &cause), "");
}

static void test_short_buffer(void **state)
{
	struct fs_info fs = {.fstype = "ext4", .device_name = "sda"};
	struct report_cause cause = {.asks = "tags", .worst_nr = 16};
	struct facts *f = facts__new(root);
	char buf[30];

	(void)state;
	facts__write(f, &fs, &cause, buf, sizeof(buf));
	assert_true(strlen(buf) < sizeof(buf));
	facts__free(f);
}

/* A file of 64k that is preallocated, of which the first 4k are written; extents of growth are no plan. */
static void test_what_is_said_of_extents(void **state)
{
	char path[] = "/var/tmp/aiostall-extents-XXXXXX", bytes[4096] = "x";
	int fd = mkostemp(path, O_CLOEXEC);
	struct fs_info fs = {.fstype = "btrfs"}; /* whose files have devices of their own */
	struct report_cause cause = {
		.asks = "extents", .worst_pid = (uint32_t)getpid(), .worst_path = path};
	struct extents e = {0};
	struct extents_file f = {.pid = getpid(), .fd = -1, .path = path, .any_dev = true};
	struct stat st;

	(void)state;
	assert_true(fd >= 0);
	if (fallocate(fd, 0, 0, 65536) || write(fd, bytes, sizeof(bytes)) != sizeof(bytes) ||
	    fsync(fd) || fstat(fd, &st)) {
		unlink(path);
		skip();
	}
	f.ino = cause.worst_ino = st.st_ino;
	cause.worst_fd = fd;
	if (extents__read(&f, &e) || !e.unwritten_bytes) {
		unlink(path);
		skip();
	}
	assert_int_equal(e.unwritten_bytes, 61440);
	assert_non_null(strstr(facts(&fs, &cause), "the file of the worst stall has 64.0k and "));
	assert_non_null(strstr(facts(&fs, &cause),
			       "\n60.0k of it are preallocated but were never written\n"));
	/* a file that grows has writes in flight: allocated, not written, and nobody's plan */
	assert_int_equal(ftruncate(fd, 4096 + 256), 0);
	assert_int_equal(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 8192), 0);
	cause.worst_shape = SHAPE_BEYOND_EOF;
	assert_non_null(strstr(facts(&fs, &cause), "stall grows: "));
	assert_null(strstr(facts(&fs, &cause), "never written"));
	assert_non_null(strstr(facts(&fs, &cause),
			       "nothing is allocated behind its end but for writes in flight"));
	assert_int_equal(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 1 << 20), 0);
	assert_non_null(strstr(facts(&fs, &cause), "k are allocated behind its end"));
	close(fd);
	unlink(path);
}

static void test_extents_of_a_file(void **state)
{
	char path[] = "/var/tmp/aiostall-extents-XXXXXX", bytes[8192] = "x", moved[64];
	struct extents e = {0};
	int fd = mkostemp(path, O_CLOEXEC), other, rc;
	struct extents_file f;
	struct stat st;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	fsync(fd);
	assert_int_equal(fstat(fd, &st), 0);
	f = (struct extents_file){.pid = getpid(),
				  .fd = -1,
				  .path = path,
				  .ino = st.st_ino,
				  .major = major(st.st_dev),
				  .minor = minor(st.st_dev)};
	rc = extents__read(&f, &e);
	if (rc == -EOPNOTSUPP)
		skip();
	/* renamed, and another file has its name: by the name it is not found, by the descriptor it is */
	snprintf(moved, sizeof(moved), "%s.1", path);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(extents__read(&f, &e), -ENOENT);
	other = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(other >= 0);
	assert_int_equal(extents__read(&f, &e), -ENOENT);
	f.fd = other;
	assert_int_equal(extents__read(&f, &e), -ENOENT);
	f.fd = fd;
	assert_int_equal(extents__read(&f, &e), 0);
	assert_int_equal(e.size_bytes, sizeof(bytes));
	f.minor++;
	assert_int_equal(extents__read(&f, &e), -ENOENT);
	f.any_dev = true;
	rc = extents__read(&f, &e);
	close(fd);
	close(other);
	unlink(path);
	unlink(moved);
	assert_int_equal(rc, 0);
	assert_int_equal(e.size_bytes, sizeof(bytes));
	assert_true(e.extents >= 1 && e.extents <= 2);
	assert_int_equal(e.unwritten_bytes, 0);
}

/* To open a FIFO without a writer would hang, and a device may act on it. */
static void test_only_regular_files_are_opened(void **state)
{
	char path[128];
	struct extents e;
	struct extents_file f = {.pid = getpid(), .fd = -1, .path = path, .any_dev = true};

	(void)state;
	snprintf(path, sizeof(path), "%s/fifo", root);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(extents__read(&f, &e), -EINVAL);
	f.path = "/dev/null";
	assert_int_equal(extents__read(&f, &e), -EINVAL);
	f.path = "/nonexistent";
	assert_int_equal(extents__read(&f, &e), -ENOENT);
}

/* A FUSE whose server never answers more than the first request; its descriptor, -1 = not here. */
static int mount_silent(const char *dir)
{
	static char request[1 << 17];
	const struct fuse_in_header *in = (const void *)request;
	struct {
		struct fuse_out_header head;
		struct fuse_init_out init;
	} answer = {.head = {.len = sizeof(answer)},
		    .init = {.major = 7, .minor = 31, .max_write = 4096}};
	char options[100];
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (fd < 0)
		return -1;
	if (mount("silent", dir, "fuse", 0, options)) {
		close(fd);
		return -1;
	}
	assert_true(read(fd, request, sizeof(request)) > (ssize_t)sizeof(*in));
	answer.head.unique = in->unique;
	assert_int_equal(write(fd, &answer, sizeof(answer)), sizeof(answer));
	return fd;
}

/* A stranger mounts it over the folder of the file that slept: the one who asks does not hang with it. */
static void test_a_silent_filesystem_has_a_deadline(void **state)
{
	char dir[] = "/tmp/test_facts.XXXXXX", path[64];
	struct extents_file f = {
		.pid = getpid(), .fd = -1, .path = path, .ino = 1, .any_dev = true};
	uint64_t began = clock__mono_ns();
	struct extents e;
	int fuse;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
	fuse = mount_silent(dir);
	if (fuse < 0) {
		rmdir(dir);
		skip();
	}
	assert_int_equal(extents__read(&f, &e), -ETIMEDOUT);
	assert_true(clock__mono_ns() - began < 5 * NSEC_PER_SEC);
	umount2(dir, MNT_DETACH);
	close(fuse);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_hostile_names_and_values),
		cmocka_unit_test(test_partitions_have_the_queue_of_their_disk),
		cmocka_unit_test(test_mount_options),
		cmocka_unit_test(test_data_profile),
		cmocka_unit_test(test_which_device_has_no_nowait),
		cmocka_unit_test(test_asks_of_a_rule),
		cmocka_unit_test(test_short_buffer),
		cmocka_unit_test(test_extents_of_a_file),
		cmocka_unit_test(test_what_is_said_of_extents),
		cmocka_unit_test(test_only_regular_files_are_opened),
		cmocka_unit_test(test_a_silent_filesystem_has_a_deadline),
	};

	return cmocka_run_group_tests(tests, make_sysfs, remove_sysfs);
}
