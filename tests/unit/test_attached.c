// SPDX-License-Identifier: GPL-2.0
/* What is behind a device number, from a made-up sysfs. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/base.h"
#include "host/attached.h"
#include "unit/tmpfile.h"

static void set(const char *name, const char *text)
{
	char dir[PATH_MAX], *slash;

	snprintf(dir, sizeof(dir), "%s", name);
	slash = dir;
	while ((slash = strchr(slash, '/'))) {
		*slash = '\0';
		if (mkdir(in_tmp(dir), 0755))
			assert_int_equal(errno, EEXIST);
		*slash++ = '/';
	}
	if (*text)
		put_text(name, text);
}

static void link_to(const char *target, const char *name)
{
	unlink(in_tmp(name));
	assert_int_equal(symlink(target, in_tmp(name)), 0);
}

/* A disk of this number and size, attached the sequence-th time. */
static void make_disk(const char *name, const char *number, const char *sequence)
{
	char path[300], target[300];

	set("dev/block/", "");
	snprintf(path, sizeof(path), "devices/%s/size", name);
	set(path, "65536\n");
	snprintf(path, sizeof(path), "devices/%s/diskseq", name);
	if (sequence)
		set(path, sequence);
	snprintf(target, sizeof(target), "../../devices/%s", name);
	snprintf(path, sizeof(path), "dev/block/%s", number);
	link_to(target, path);
}

static uint64_t id(uint32_t major, uint32_t minor, uint32_t sequence)
{
	return attached__id(NULL, tmp, major, minor, sequence);
}

static void attach(const char *image, const char *sequence)
{
	char text[PATH_MAX + 2];

	set("devices/loop7/diskseq", sequence);
	snprintf(text, sizeof(text), "%s\n", in_tmp(image));
	set("devices/loop7/loop/backing_file", text);
	set("devices/loop7/loop/offset", "0\n");
}

static void test_images(void **state)
{
	uint64_t a, b;

	(void)state;
	make_disk("loop7", "7:7", "5\n");
	put_text("a.img", "same");
	put_text("b.img", "same");
	attach("a.img", "5\n");
	a = id(7, 7, 5);
	attach("b.img", "6\n");
	b = id(7, 7, 6);
	assert_true(a && b && a != b);
	/* what was there when nobody looked is not what is there now */
	assert_int_equal(id(7, 7, 5), 0);
	attach("a.img", "7\n");
	assert_true(id(7, 7, 7) == a);
	set("devices/loop7/loop/offset", "4096\n");
	assert_true(id(7, 7, 7) != a);
	/* removed while it is attached: the attachment alone tells */
	unlink(in_tmp("a.img"));
	assert_true(id(7, 7, 7) != a && id(7, 7, 7));
	/* detached */
	unlink(in_tmp("devices/loop7/loop/backing_file"));
	set("devices/loop7/size", "0\n");
	assert_int_equal(id(7, 7, 7), 0);
	assert_int_equal(attached__id_now(NULL, tmp, 7, 7), 0);
	assert_int_equal(id(7, 8, 7), 0);
}

static void test_disks(void **state)
{
	uint64_t disk;

	(void)state;
	make_disk("sda", "8:0", "11\n");
	disk = id(8, 0, 11);
	/* without a name another attachment is another disk */
	set("devices/sda/diskseq", "12\n");
	assert_true(disk && id(8, 0, 12) && id(8, 0, 12) != disk);
	set("devices/sda/device/wwid", "naa.5000c500\n");
	disk = id(8, 0, 12);
	set("devices/sda/diskseq", "13\n");
	assert_true(id(8, 0, 13) == disk);
	set("devices/sda/device/wwid", "naa.5000c501\n");
	assert_true(id(8, 0, 13) != disk);
	/* a kernel that does not number them: what is there now, by its name or for good */
	make_disk("vda", "254:0", NULL);
	disk = id(254, 0, 123456);
	assert_true(disk && disk == id(254, 0, 654321));
}

static void test_partitions(void **state)
{
	uint64_t first;

	(void)state;
	make_disk("sdb", "8:16", "20\n");
	set("devices/sdb/sdb1/start", "2048\n");
	set("devices/sdb/sdb2/start", "4096\n");
	link_to("../../devices/sdb/sdb1", "dev/block/8:17");
	link_to("../../devices/sdb/sdb2", "dev/block/8:18");
	first = id(8, 17, 20);
	assert_true(first && id(8, 18, 20) && id(8, 18, 20) != first);
	/* the disk has the number */
	set("devices/sdb/diskseq", "21\n");
	assert_int_equal(id(8, 17, 20), 0);
	assert_true(id(8, 17, 21) && id(8, 17, 21) != first);
}

static void test_volumes(void **state)
{
	uint64_t volume;

	(void)state;
	make_disk("sdc", "8:32", "30\n");
	make_disk("dm-0", "253:0", "31\n");
	set("devices/dm-0/dm/uuid", "CRYPT-LUKS2-1234-data\n");
	set("devices/dm-0/slaves/", "");
	link_to("../../sdc", "devices/dm-0/slaves/sdc");
	volume = id(253, 0, 31);
	set("devices/dm-0/diskseq", "32\n");
	assert_true(volume && id(253, 0, 32) == volume);
	/* opened from a copy on another disk */
	set("devices/sdc/diskseq", "33\n");
	assert_true(id(253, 0, 32) && id(253, 0, 32) != volume);
	/* what is below is gone: so is what it is */
	link_to("../../gone", "devices/dm-0/slaves/sdc");
	assert_int_equal(id(253, 0, 32), 0);
	/* a loop of links ends */
	link_to("../../dm-0", "devices/dm-0/slaves/sdc");
	assert_int_equal(id(253, 0, 32), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_images),
		cmocka_unit_test(test_disks),
		cmocka_unit_test(test_partitions),
		cmocka_unit_test(test_volumes),
	};

	return cmocka_run_group_tests(tests, make_tmp, drop_tmp);
}
