// SPDX-License-Identifier: GPL-2.0
/* Who has contexts and rings, and which types of filesystems there are: of a made-up /proc. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>

#include "host/aiousers.h"
#include "host/fstypes.h"
#include "unit/tmpfile.h"

static void make_dir(const char *name)
{
	assert_int_equal(mkdir(in_tmp(name), 0755), 0);
}

static void make_process(const char *pid, const char *comm, const char *maps, const char *fd)
{
	char name[64];

	make_dir(pid);
	snprintf(name, sizeof(name), "%s/comm", pid);
	put_text(name, comm);
	snprintf(name, sizeof(name), "%s/maps", pid);
	put_text(name, maps);
	snprintf(name, sizeof(name), "%s/fd", pid);
	make_dir(name);
	snprintf(name, sizeof(name), "%s/fd/5", pid);
	assert_int_equal(symlink(fd, in_tmp(name)), 0);
}

#define CONTEXT "7f00-7f01 rw-s 00000000 00:12 7                          /[aio] (deleted)\n"

static void note(void *ctx, const struct aiouser *u)
{
	uint64_t *seen = ctx;

	*seen += u->pid * 1000 + u->contexts * 10 + u->rings;
}

static void test_users(void **state)
{
	struct aiouser u;
	uint64_t seen = 0, nr;

	(void)state;
	make_process("1", "mariadbd\n", "", "anon_inode:[io_uring]");
	make_process("2", "evil\033\nx\n", CONTEXT CONTEXT, "/tmp/x");
	/* a file of that name is no context */
	make_process("3", "cat\n", "1-2 r--p 0 00:12 7 /x/[aio]\n1-2 r--p 0 00:12 7 /[aio]x\n",
		     "anon_inode:[eventfd]");
	make_dir("4");
	u = aiousers__look(NULL, tmp, 1);
	assert_true(u.known);
	assert_string_equal(u.comm, "mariadbd");
	assert_int_equal(u.rings, 1);
	assert_int_equal(u.contexts, 0);
	u = aiousers__look(NULL, tmp, 2);
	assert_string_equal(u.comm, "evil\033");
	assert_int_equal(u.contexts, 2);
	u = aiousers__look(NULL, tmp, 3);
	assert_true(u.known);
	assert_int_equal(u.contexts + u.rings, 0);
	assert_false(aiousers__look(NULL, tmp, 4).known);
	assert_int_equal(aiousers__scan(NULL, tmp, note, &seen), 0);
	assert_int_equal(seen, 1001 + 2020);
	assert_int_equal(aiousers__scan(NULL, "/no/such", note, &seen), -ENOENT);

	assert_false(aiousers__reserved(tmp, &nr));
	make_dir("sys");
	make_dir("sys/fs");
	put_text("sys/fs/aio-nr", "4096\n");
	assert_true(aiousers__reserved(tmp, &nr));
	assert_int_equal(nr, 4096);

	assert_int_equal(aiousers__rings_refused(tmp), 0);
	make_dir("sys/kernel");
	put_text("sys/kernel/io_uring_disabled", "2\n");
	assert_int_equal(aiousers__rings_refused(tmp), 2);
}

static void test_types(void **state)
{
	struct err e = {0};

	(void)state;
	/* what cannot be found out counts as there */
	assert_int_equal(fstypes__check("/no/such", "ext5", &e), 0);
	make_dir("proc");
	make_dir("proc/self");
	put_text("proc/filesystems", "nodev\ttmpfs\nnodev\tproc\n\text4\n\tvfat\n");
	put_text("proc/self/mountinfo",
		 "1 1 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:5 / /proc rw - proc proc rw\n"
		 "3 1 0:6 / /tmp rw shared:1 - tmpfs tmpfs rw\n4 1 8:2 / /b rw - ext4 /dev/sda2 "
		 "rw\n");
	assert_int_equal(fstypes__check(tmp, "vfat", &e), 0);
	assert_int_equal(fstypes__check(tmp, "blockdev", &e), 0);
	assert_int_equal(fstypes__check(tmp, "EXT4", &e), -ENODEV);
	assert_non_null(strstr(e.text, "--fs EXT4"));
	assert_string_equal(e.hint,
			    "Did you mean ext4? Mounted here: ext4, tmpfs, and blockdev for "
			    "devices used directly.");
	assert_int_equal(fstypes__check(tmp, "reiserfs", &e), -ENODEV);
	assert_string_equal(e.hint, "Mounted here: ext4, tmpfs, and blockdev for devices used "
				    "directly.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_users, make_tmp, drop_tmp),
		cmocka_unit_test_setup_teardown(test_types, make_tmp, drop_tmp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
