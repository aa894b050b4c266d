// SPDX-License-Identifier: GPL-2.0
/* Rules against stacks of real call chains, order of rules, and hostile rules and stacks. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/base.h"
#include "cause/causes.h"
#include "cause/pattern.h"

#define STACKS "tests/replay/stacks"
#define FRAMES_MAX 300
#define SYSCALL "io_submit_one", "__x64_sys_io_submit", "do_syscall_64"

static struct causes *builtin;

static unsigned int nr_causes(void)
{
	unsigned int nr = 0;

	while (causes__at(builtin, nr))
		nr++;
	return nr;
}

static int setup(void **state)
{
	char err[512] = "";

	(void)state;
	builtin = causes__new(NULL, err, sizeof(err));
	if (!builtin)
		print_error("%s\n", err);
	return builtin ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	causes__free(builtin);
	return 0;
}

/* Replay files: one per cause, a frame per line, innermost first, an empty line between stacks. */

struct replay {
	char lines[FRAMES_MAX][128];
	const char *frames[FRAMES_MAX];
	size_t depth;
};

/*
 * With a function that nobody knows where the task waits, what stands further out is no answer to rely
 * on: either no rule answers or there is doubt, and it names that function.
 */
static void check_doubt(const struct replay *r, const char *path)
{
	static const char *const inner[] = {"__schedule", "schedule", "never_heard_of"};
	const char *frames[FRAMES_MAX + ARRAY_SIZE(inner)];
	const struct cause *cause;
	size_t n = ARRAY_SIZE(inner);

	memcpy(frames, inner, sizeof(inner));
	for (size_t i = 0; i < r->depth; i++)
		if (n > ARRAY_SIZE(inner) || !strstr(r->frames[i], "schedule"))
			frames[n++] = r->frames[i];
	cause = causes__match(builtin, frames, n);
	if (!strcmp(cause->id, CAUSE_UNKNOWN))
		return;
	if (causes__doubt(builtin, cause->id, frames, n) != frames[ARRAY_SIZE(inner) - 1])
		print_error("%s: %s for certain inward of %s\n", path, cause->id, r->frames[0]);
	assert_ptr_equal(causes__doubt(builtin, cause->id, frames, n),
			 frames[ARRAY_SIZE(inner) - 1]);
}

static unsigned int check_stack(struct replay *r, const char *id, const char *path)
{
	const struct cause *cause;
	const char *doubt;

	if (!r->depth)
		return 0;
	cause = causes__match(builtin, r->frames, r->depth);
	if (strcmp(cause->id, id))
		print_error("%s: got %s for %s < %s < %s\n", path, cause->id, r->frames[0],
			    r->depth > 1 ? r->frames[1] : "", r->depth > 2 ? r->frames[2] : "");
	assert_string_equal(cause->id, id);
	doubt = causes__doubt(builtin, cause->id, r->frames, r->depth);
	if (doubt)
		print_error("%s: doubt of %s because of %s\n", path, id, doubt);
	assert_null(doubt);
	check_doubt(r, path);
	r->depth = 0;
	return 1;
}

static unsigned int replay_file(const char *id)
{
	static struct replay r;
	char path[256], line[128];
	unsigned int nr = 0;
	FILE *f;

	snprintf(path, sizeof(path), STACKS "/%s.stack", id);
	f = fopen(path, "r");
	if (!f) {
		print_error("no stack file %s\n", path);
		return 0;
	}
	r.depth = 0;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!*line) {
			nr += check_stack(&r, id, path);
			continue;
		}
		assert_in_range(r.depth, 0, FRAMES_MAX - 1);
		snprintf(r.lines[r.depth], sizeof(r.lines[0]), "%s", line);
		r.frames[r.depth] = r.lines[r.depth];
		r.depth++;
	}
	fclose(f);
	return nr + check_stack(&r, id, path);
}

static void test_every_cause_has_a_stack(void **state)
{
	const struct cause *c;
	size_t nr = 0;

	(void)state;
	for (; (c = causes__at(builtin, nr)); nr++)
		assert_in_range(replay_file(c->id), 1, 1000);
	/* there are rules at all */
	assert_true(nr > 100);
}

static void test_every_stack_file_has_a_cause(void **state)
{
	DIR *dir = opendir(STACKS);
	struct dirent *e;
	unsigned int nr = 0;

	(void)state;
	assert_non_null(dir);
	while ((e = readdir(dir))) {
		char *dot = strrchr(e->d_name, '.');

		if (!dot || strcmp(dot, ".stack"))
			continue;
		*dot = '\0';
		if (!causes__find(builtin, e->d_name))
			print_error("%s.stack belongs to no cause\n", e->d_name);
		assert_non_null(causes__find(builtin, e->d_name));
		nr++;
	}
	closedir(dir);
	assert_int_equal(nr, nr_causes());
}

static void test_texts_are_complete(void **state)
{
	const struct cause *c;

	(void)state;
	for (size_t i = 0; (c = causes__at(builtin, i)); i++) {
		assert_string_not_equal(c->name, "");
		assert_string_not_equal(c->meaning, "");
		assert_string_not_equal(c->operator_advice, "");
		assert_true(!strcmp(c->evidence, "proven") || !strcmp(c->evidence, "seen") ||
			    !strcmp(c->evidence, "source"));
		assert_ptr_equal(causes__find(builtin, c->id), c); /* ids are unique */
		assert_null(strstr(c->name, "  "));
	}
	assert_null(causes__find(builtin, "no.such"));
}

/* Where several rules could take a stack, and what the outer frames add. */
static const struct {
	const char *id, *via;
	const char *frames[16];
} conflicts[] = {
	{"blk.tag",
	 "dio_flush,bio_submit,dio,writeback",
	 {"__schedule", "io_schedule", "blk_mq_get_tag", "__blk_mq_alloc_requests",
	  "blk_mq_submit_bio", "ext4_io_submit", "ext4_writepages", "do_writepages",
	  "filemap_write_and_wait_range.part.0", "__iomap_dio_rw", "ext4_file_write_iter",
	  "aio_write", SYSCALL}},
	{"ubuf.swapin",
	 "user_buffer,bio_submit,dio",
	 {"__schedule", "io_schedule", "blk_mq_get_tag", "blk_mq_submit_bio", "swap_read_folio",
	  "do_swap_page", "handle_mm_fault", "__get_user_pages", "gup_fast_fallback",
	  "__iomap_dio_rw", "xfs_file_read_iter", "aio_read", SYSCALL}},
	{"ext4.jbd2_shadow",
	 "dio,dio_end_io",
	 {"__schedule", "io_schedule", "bit_wait_io", "__wait_on_bit", "do_get_write_access",
	  "__ext4_journal_get_write_access", "ext4_handle_inode_extension", "ext4_dio_write_end_io",
	  "iomap_dio_complete", "iomap_dio_rw", "ext4_file_write_iter", "aio_write", SYSCALL}},
	{"vfs.freeze",
	 "time_update,dio",
	 {"percpu_rwsem_wait", "__percpu_down_read", "xfs_trans_alloc", "xfs_vn_update_time",
	  "touch_atime", "xfs_file_dio_read", "aio_read", SYSCALL}},
	{"lock.invalidate",
	 "buffered_read",
	 {"rwsem_down_read_slowpath", "down_read", "page_cache_ra_unbounded", "filemap_get_pages",
	  "filemap_read", "aio_read", SYSCALL}},
	{"nfs.rpc",
	 "",
	 {"wait_woken", "tcp_sendmsg", "sock_sendmsg", "xs_tcp_send_request", "__rpc_execute",
	  "nfs_file_write", "aio_write", SYSCALL}},
	{"ext4.dio_sync",
	 "dio,overlay",
	 {"schedule", "__iomap_dio_rw", "ext4_file_write_iter", "backing_file_write_iter",
	  "ovl_write_iter", "aio_write", SYSCALL}},
	/* A lock is named by who takes it, not by what is further out. */
	{"lock.inode",
	 "sync",
	 {"schedule", "rwsem_down_write_slowpath", "down_write", "btrfs_sync_file",
	  "generic_write_sync", "aio_write", SYSCALL}},
	{"lock.inode",
	 "sync",
	 {"down_write", "btrfs_inode_lock", "btrfs_sync_file", "aio_write", SYSCALL}},
	{"btrfs.tree_lock",
	 "sync",
	 {"rwsem_down_read_slowpath", "down_read", "btrfs_tree_read_lock", "btrfs_search_slot",
	  "btrfs_log_inode", "btrfs_sync_file", "aio_write", SYSCALL}},
	{"unknown",
	 "sync",
	 {"__mutex_lock", "ext4_novel_lock", "ext4_fc_commit", "ext4_sync_file", "aio_write",
	  SYSCALL}},
	{"unknown",
	 "sync",
	 {"__mutex_lock", "novel", "xfs_log_force_seq", "xfs_file_fsync", SYSCALL}},
	{"f2fs.other",
	 "",
	 {"__mutex_lock", "f2fs_novel", "f2fs_issue_checkpoint", "f2fs_sync_file", SYSCALL}},
	{"xfs.ilock",
	 "",
	 {"rwsem_down_read_slowpath", "down_read", "xfs_ilock", "xfs_ilock_data_map_shared",
	  "__xfs_get_blocks", "xfs_vm_readpages", "xfs_file_aio_read", "do_io_submit"}},
	{"xfs.iolock",
	 "",
	 {"rwsem_down_read_failed", "xfs_ilock", "xfs_rw_ilock", "xfs_file_aio_read",
	  "do_io_submit"}},
	{"unknown",
	 "",
	 {"down_read", "xfs_ilock", "xfs_novel", "xfs_file_write_iter", "aio_write", SYSCALL}},
	/* A filesystem's lock is not its server's or its cluster's. */
	{"lock.inode",
	 "",
	 {"down_read", "nfs_start_io_read", "nfs_file_read", "aio_read", SYSCALL}},
	{"lock.inode",
	 "",
	 {"down_read", "ceph_start_io_read", "ceph_read_iter", "aio_read", SYSCALL}},
	{"gfs2.log_flush",
	 "sync",
	 {"io_schedule", "log_flush_wait", "log_write_header", "__gfs2_log_flush", "gfs2_log_flush",
	  "gfs2_fsync", "gfs2_file_write_iter", "aio_write", SYSCALL}},
	{"mem.oom",
	 "buffered_write",
	 {"schedule_timeout", "__alloc_pages_slowpath.constprop.0", "__alloc_pages_noprof",
	  "__filemap_get_folio", "ext4_da_write_begin", "generic_perform_write", "aio_write",
	  SYSCALL}},
	{"xfs.quota",
	 "block_map",
	 {"__mutex_lock", "xfs_trans_dqresv", "xfs_trans_reserve_quota_bydquots",
	  "xfs_trans_alloc_inode", "xfs_direct_write_iomap_begin", "aio_write", SYSCALL}},
	{"gfs2.log_space",
	 "",
	 {"io_schedule", "gfs2_log_reserve", "gfs2_trans_begin", "gfs2_file_write_iter", SYSCALL}},
	/* What is common to all filesystems goes before what is left of one. */
	{"buf.read_miss",
	 "buffered_read",
	 {"folio_wait_bit_common", "filemap_get_pages", "filemap_read", "f2fs_file_read_iter",
	  "aio_read", SYSCALL}},
	{"buf.rmw_read",
	 "buffered_write",
	 {"folio_wait_bit_common", "f2fs_write_begin", "generic_perform_write",
	  "f2fs_file_write_iter", "aio_write", SYSCALL}},
	{"sync.data",
	 "",
	 {"folio_wait_writeback", "__filemap_fdatawait_range", "file_write_and_wait_range",
	  "f2fs_do_sync_file", "f2fs_sync_file", "f2fs_file_write_iter", "aio_write", SYSCALL}},
	/* Whose pages they are tells what is waited for. */
	{"net.read_miss",
	 "buffered_read",
	 {"folio_wait_bit_common", "filemap_get_pages", "filemap_read", "nfs_file_read", "aio_read",
	  SYSCALL}},
	{"dio.flush_cache",
	 "",
	 {"folio_wait_writeback", "__filemap_fdatawait_range", "filemap_write_and_wait_range",
	  "nfs_wb_all", "nfs_sync_mapping", "nfs_start_io_direct", "nfs_file_direct_write",
	  "nfs_file_write", "aio_write", SYSCALL}},
	{"sync.data",
	 "sync",
	 {"__wait_on_bit", "out_of_line_wait_on_bit", "__sync_dirty_buffer", "ext4_write_inode",
	  "ext4_fsync_nojournal", "ext4_sync_file", "aio_write", SYSCALL}},
	/* Names of old kernels, and those who call besides aio. */
	{"blk.tag",
	 "dio",
	 {"io_schedule", "get_request_wait", "__make_request", "__blockdev_direct_IO",
	  "xfs_file_aio_write", "aio_rw_vect_retry", "do_io_submit"}},
	{"xfs.log_force",
	 "",
	 {"schedule", "_xfs_log_force_lsn", "xfs_file_aio_write", "do_io_submit"}},
	{"dio.sync", "", {"io_schedule", "direct_io_worker", "ext3_direct_IO", "sys_io_submit"}},
	{"blk.zone", "", {"io_schedule", "dm_zone_map_bio", "__map_bio", "aio_write", SYSCALL}},
	{"vfs.freeze", "", {"percpu_rwsem_wait", "__percpu_down_read", "io_write", "io_issue_sqe"}},
	{"ext4.dio_sync",
	 "dio",
	 {"io_schedule", "iomap_dio_rw", "ext4_file_write_iter", "io_write", "__io_issue_sqe"}},
	{"dio.sync",
	 "dio",
	 {"schedule", "__iomap_dio_read_simple", "blkdev_read_iter", "aio_read", SYSCALL}},
	{"btrfs.dio_fallback",
	 "",
	 {"io_schedule", "folio_wait_writeback", "filemap_fdatawait_range", "btrfs_do_write_iter",
	  "aio_write", SYSCALL}},
	{"xfs.time_lock",
	 "time_update",
	 {"down_write", "xfs_ilock", "xfs_vn_update_time", "kiocb_modified", "aio_write", SYSCALL}},
	{"vfs.dio_wq_init",
	 "dio",
	 {"__mutex_lock", "alloc_workqueue_noprof", "sb_init_dio_done_wq", "__iomap_dio_rw",
	  "ext4_file_write_iter", "aio_write", SYSCALL}},
	{"fuse.getattr",
	 "",
	 {"schedule", "request_wait_answer", "fuse_simple_request", "fuse_do_getattr",
	  "fuse_file_write_iter", "aio_write", SYSCALL}},
	/* "^": something that is no wait primitive lies inward. */
	{"unknown",
	 "dio",
	 {"schedule", "novel_wait", "__iomap_dio_rw", "ext4_file_write_iter", "aio_write",
	  SYSCALL}},
	/* The freezer's lock type alone does not make a freeze. */
	{"unknown",
	 "writeback",
	 {"percpu_rwsem_wait", "__percpu_down_read", "ext4_writepages", "aio_write", SYSCALL}},
	/* Outward of the entry nothing counts, inward of __schedule neither. */
	{"unknown", "", {"schedule", "novel_wait", SYSCALL, "blk_mq_get_tag"}},
	{"unknown", "", {"blk_mq_get_tag", "__schedule", "schedule", "novel_wait", SYSCALL}},
};

static void test_conflicts_and_via(void **state)
{
	char via[256];

	(void)state;
	for (size_t i = 0; i < sizeof(conflicts) / sizeof(conflicts[0]); i++) {
		const char *const *f = conflicts[i].frames;
		size_t depth = 0;

		while (depth < 16 && f[depth])
			depth++;
		if (strcmp(causes__match(builtin, f, depth)->id, conflicts[i].id))
			print_error("conflict %zu: %s < %s\n", i, f[0], f[1]);
		assert_string_equal(causes__match(builtin, f, depth)->id, conflicts[i].id);
		causes__via(builtin, f, depth, via, sizeof(via));
		if (strcmp(via, conflicts[i].via))
			print_error("conflict %zu: %s < %s: via %s\n", i, f[0], f[1], via);
		assert_string_equal(via, conflicts[i].via);
	}
}

/* What may stand inward of what a rule names, on kernels 5.10 to 7.3, makes no doubt. */
static const struct {
	const char *id, *frames[16];
} certain[] = {
	{"drv.nbd",
	 {"__lock_sock", "lock_sock_nested", "tcp_sendmsg", "__sock_xmit", "nbd_send_cmd"}},
	{"drv.nbd", {"sk_stream_wait_memory", "tcp_sendmsg_locked", "sock_xmit", "nbd_queue_rq"}},
	{"vfs.dio_wq_init",
	 {"kthread_create_on_node", "init_rescuer", "__alloc_workqueue", "alloc_workqueue_noprof",
	  "sb_init_dio_done_wq"}},
	{"vfs.dio_wq_init", {"kthread_stop", "destroy_workqueue", "sb_init_dio_done_wq"}},
	{"ext4.bitmap_read",
	 {"__filemap_get_folio", "__getblk_slow", "ext4_read_block_bitmap_nowait"}},
	{"ext4.extent_read", {"find_get_block_common", "bdev_getblk", "__read_extent_tree_block"}},
	{"vfs.killpriv",
	 {"ext4_read_bh", "__ext4_sb_bread_gfp", "ext4_xattr_get", "__vfs_getxattr",
	  "cap_inode_need_killpriv"}},
	{"xfs.extent_read",
	 {"xfs_buf_lock", "xfs_btree_visit_block", "xfs_btree_visit_blocks", "xfs_iread_extents"}},
	{"btrfs.log_sync",
	 {"btrfs_btree_wait_writeback_range", "__btrfs_wait_marked_extents",
	  "btrfs_wait_tree_log_extents", "btrfs_sync_log"}},
	{"f2fs.gc",
	 {"folio_wait_writeback", "f2fs_do_write_data_page", "move_data_page",
	  "do_garbage_collect"}},
	{"gfs2.log_flush", {"gfs2_unpin", "buf_lo_after_commit", "__gfs2_log_flush"}},
	{"gfs2.log_flush",
	 {"writeback_iter", "iomap_writepages", "gfs2_writepages", "do_writepages",
	  "gfs2_log_flush"}},
	{"gfs2.log_flush",
	 {"pagecache_get_page", "gfs2_getbuf", "gfs2_meta_read", "__gfs2_iomap_get",
	  "iomap_do_writepage", "write_cache_pages", "gfs2_log_flush"}},
	{"sync.data",
	 {"__inode_wait_for_writeback", "writeback_single_inode", "sync_inode_metadata",
	  "gfs2_fsync"}},
	{"mem.direct_reclaim",
	 {"msleep", "shrink_inactive_list", "try_to_free_pages", "__alloc_pages_slowpath"}},
};

static void test_what_may_stand_inward_makes_no_doubt(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(certain); i++) {
		const char *const *f = certain[i].frames;
		size_t depth = 0;
		const char *doubt;

		while (depth < ARRAY_SIZE(certain[i].frames) && f[depth])
			depth++;
		assert_string_equal(causes__match(builtin, f, depth)->id, certain[i].id);
		doubt = causes__doubt(builtin, certain[i].id, f, depth);
		if (doubt)
			print_error("doubt of %s because of %s\n", certain[i].id, doubt);
		assert_null(doubt);
	}
}

static void test_decorated_frames(void **state)
{
	static const char *const frames[] = {
		"bpf_prog_6deef7357e7b4530_on_switch",
		"bpf_trace_run4",
		"__traceiter_sched_switch",
		"__schedule+0x3f/0x90",
		"  [<0>] schedule+0x5e/0xd0",
		"ffffffff81a3b2c1 io_schedule",
		"? __iomap_dio_rw.isra.0.cold+0x12/0x34",
		"#7 ext4_file_write_iter+0x1 [ext4]",
		"0xffffffff81000000 in aio_write.constprop.0",
		"io_submit_one",
	};
	const size_t depth = sizeof(frames) / sizeof(frames[0]);
	char buf[64];

	(void)state;
	assert_string_equal(causes__match(builtin, frames, depth)->id, "ext4.dio_sync");
	causes__telling(builtin, frames, depth, 2, buf, sizeof(buf));
	assert_string_equal(buf, "__iomap_dio_rw < ext4_file_write_iter");
	assert_string_equal(causes__telling(builtin, frames, depth, 2, buf, 20), "__iomap_dio_rw");
	assert_string_equal(causes__telling(builtin, frames, depth, 0, buf, sizeof(buf)), "");
	assert_string_equal(causes__telling(builtin, frames + 4, 2, 3, buf, sizeof(buf)),
			    "schedule");
}

static void test_hostile_stacks(void **state)
{
	static char huge[10001], odd[] = "\x01\xff\x1b[31m;%s%n";
	const char *many[FRAMES_MAX], *none[] = {NULL, "", "   ", "[", "#", "? ", "0x", "b'"};
	char buf[32];

	(void)state;
	memset(huge, 'a', sizeof(huge) - 1);
	for (size_t i = 0; i < FRAMES_MAX; i++)
		many[i] = i % 2 ? odd : huge;
	assert_string_equal(causes__match(builtin, many, FRAMES_MAX)->id, "unknown");
	assert_string_equal(causes__match(builtin, NULL, 0)->id, "unknown");
	assert_string_equal(causes__match(builtin, none, 8)->id, "unknown");
	assert_string_equal(causes__via(builtin, many, FRAMES_MAX, buf, sizeof(buf)), "");
	assert_string_equal(causes__telling(builtin, many, 1, 3, buf, sizeof(buf)), "");
	assert_string_equal(causes__telling(builtin, NULL, 0, 3, buf, sizeof(buf)), "");
	buf[0] = 'x';
	causes__via(builtin, many, 2, buf, 0);
	assert_int_equal(buf[0], 'x');
	memset(huge, '.', sizeof(huge) - 1);
	assert_string_equal(causes__match(builtin, many, FRAMES_MAX)->id, "unknown");
}

static void test_where(void **state)
{
	static const char *const zfs[] = {"schedule", "novel_wait", "zvol_request", "aio_write"};
	static const char *const plain[] = {"__schedule", "schedule", "novel_wait", "aio_write"};

	(void)state;
	assert_string_equal(causes__match(builtin, zfs, 4)->id, "unknown");
	assert_string_equal(causes__where(builtin, zfs, 4), "ZFS");
	assert_null(causes__where(builtin, plain, 4));
	assert_int_equal(causes__waiter(builtin, plain, 4), 2);
	assert_int_equal(causes__waiter(builtin, plain, 2), 2);
}

static void test_roles_and_entry(void **state)
{
	static const char *const freezer[] = {"schedule", "percpu_down_write", "freeze_super",
					      "__x64_sys_ioctl"};
	static const char *const idle[] = {"schedule", "kjournald2", "kthread"};
	static const char *const submit[] = {"schedule", "aio_write", SYSCALL};

	(void)state;
	assert_string_equal(causes__role(builtin, freezer, 4), "freezes or thaws a filesystem");
	assert_null(causes__role(builtin, idle, 3));
	assert_false(causes__entered(builtin, freezer, 4));
	assert_true(causes__entered(builtin, submit, 5));
}

/* Rules of the user. */

static struct causes *load(const char *text, size_t len, char *err, size_t err_size)
{
	char path[] = "/tmp/aiostall-rules.XXXXXX";
	int fd = mkstemp(path);
	struct causes *c;

	assert_in_range(fd, 0, 1 << 20);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
	c = causes__new(path, err, err_size);
	unlink(path);
	return c;
}

static void test_user_rules_go_first(void **state)
{
	static const char text[] =
		"[aliases]\nnew_wait = old_wait\n[sets]\n@w = new_wait | x(y|z)?_wait\n"
		"[primitives]\nmy_sleep\n[causes]\nid: my.cause\nname: mine\n"
		"match: ^ @w < ^ ext4_.*\n  < aio_write\nmeaning:\n  first\n  second\n"
		"[via]\ntag: mine\nmatch: my_.*\n";
	static const char *const frames[] = {"my_sleep", "old_wait", "ext4_file_write_iter",
					     "aio_write", SYSCALL};
	static const char *const apart[] = {"xz_wait", "other", "ext4_file_write_iter", "aio_write",
					    SYSCALL};
	char err[512] = "", via[64];
	struct causes *c = load(text, strlen(text), err, sizeof(err));

	(void)state;
	assert_string_equal(err, "");
	assert_non_null(c);
	assert_string_equal(causes__at(c, 0)->id, "my.cause");
	assert_string_equal(causes__at(c, 0)->meaning, "first second");
	assert_string_equal(causes__match(c, frames, 7)->id, "my.cause");
	assert_string_equal(causes__via(c, frames, 7, via, sizeof(via)), "mine");
	assert_string_equal(causes__match(c, apart, 7)->id, "unknown");
	assert_string_equal(causes__match(builtin, frames, 7)->id, "unknown");
	causes__free(c);
}

#define CAUSE "[causes]\nid: a\nname: n\n"
static const struct {
	const char *text, *message; /* the message follows "FILE:" */
} bad_rules[] = {
	{"text\n", "1: text before the first [section]"},
	{"[nothing]\n", "1: unknown section: nothing"},
	{"[causes\n", "1: section line without ]"},
	{"[causes]\n  more\n", "2: indented line continues nothing"},
	{"[causes]\nid\n", "2: expected \"key: value\": id"},
	{"[causes]\nname: n\n", "2: a block starts with id"},
	{"[causes]\nid: A B\nname: n\n", "2: an id is 1 to 48 of a-z 0-9 _ . -"},
	{"[causes]\nid: unknown\n", "2: the id unknown is for stacks that no rule matches"},
	{CAUSE, "3: no match: line in a"},
	{"[causes]\nid: a\nmatch: f\n", "3: no name: line in a"},
	{CAUSE "match:\n", "4: a name is empty: "},
	{CAUSE "match: a | | b\n", "4: a name is empty: "},
	{CAUSE "match: a.b\n", "4: . without * (write .* for any text): a.b"},
	{CAUSE "match: a*\n", "4: only letters, digits, _, .*, (a|b) and (a|b)? make a name: a*"},
	{CAUSE "match: (a|b\n", "4: ( without ): (a|b"},
	{CAUSE "match: (a|)b\n", "4: empty choice in a group: (a|)b"},
	{CAUSE "match: (a|.*)b\n", "4: a group holds plain names only: (a|.*)b"},
	{CAUSE "match: .*a.*b.*c.*d.*e\n", "4: more than four .* in one name: .*a.*b.*c.*d.*e"},
	{CAUSE "match: (a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)\n",
	 "4: too many choices in one pattern: (a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)"},
	{CAUSE "match: a<b<c<d<e<f<g<h<i\n", "4: more than eight steps in a match"},
	{CAUSE "match: @none\n", "4: unknown set: @none"},
	{CAUSE "match: f\nevidence: perhaps\n", "5: evidence is proven, seen or source"},
	{CAUSE "match: f\ncolour: red\n", "5: unknown key: colour"},
	{CAUSE "match: f\nask: extents, weather\n", "5: nothing that can be asked: weather"},
	{CAUSE "match: f\ntried: nobody; 6.1; x; 1 -> 0\n",
	 "5: expected \"operator or author; KERNEL; WHAT; N -> N\""},
	{CAUSE "match: f\001\n", "4: control character"},
	{"[sets]\na = b\n", "2: expected \"@set = name | name\""},
	{"[aliases]\na\n", "2: expected \"name = other name\""},
	{"[aliases]\na = b.*\n", "2: an alias is a plain name: b.*"},
	{"[aliases]\na =\n", "2: an alias is empty or too long"},
	{"[programs]\nfor: x\n", "2: a block starts with program"},
	{"[programs]\nprogram: x\ncolour: red\n",
	 "3: a program has for:, setting:, why: and source: lines"},
	{"[moot]\nfact: x\n", "2: a block starts with advice"},
	{"[moot]\nadvice: x\ncolour: red\n",
	 "3: advice has fact:, no_fact:, mounted:, fstype:, request: and instead: lines"},
	{"[via]\ntag: t\n", "2: no match: line in t"},
	{"[via]\ntag: t\nname: n\n", "3: here are match: lines only"},
};

static void test_bad_rules_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_rules) / sizeof(bad_rules[0]); i++) {
		char err[512] = "";
		const char *got;

		assert_null(load(bad_rules[i].text, strlen(bad_rules[i].text), err, sizeof(err)));
		got = strchr(err, ':');
		assert_non_null(got);
		assert_string_equal(got + 1, bad_rules[i].message);
	}
}

static void test_rule_file_errors(void **state)
{
	char err[512] = "", tiny[8];

	(void)state;
	assert_null(causes__new("/nonexistent/rules", err, sizeof(err)));
	assert_string_equal(err, "/nonexistent/rules: No such file or directory");
	assert_null(causes__new("/tmp", err, sizeof(err)));
	assert_string_equal(err, "/tmp: Is a directory");
	assert_null(causes__new("/dev/zero", err, sizeof(err)));
	assert_string_equal(err, "/dev/zero: larger than 1 MiB");
	assert_null(causes__new("/nonexistent/rules", tiny, sizeof(tiny)));
	assert_int_equal(strlen(tiny), sizeof(tiny) - 1);
}

/* Built to be large or slow: refused or read, within a second either way. */
static void test_hostile_rules_are_bounded(void **state)
{
	static const char *const units[] = {
		"a = b\n",
		"@s = (a|b)(a|b)(a|b)\n",
		"x",
		"match: @s\n",
		"\n",
		"  x\n",
		"match: .*a.*a.*a.*a\n",
		"((((((((",
		"a | ",
		"id: a\nname: n\nmatch: f\n",
	};
	static const char *const heads[] = {"[aliases]\n",	"[sets]\n",
					    "[primitives]\n",	"[sets]\n@s = q\n" CAUSE,
					    CAUSE "match: f\n", ""};
	size_t cap = (1 << 20) - 64;
	char *text = malloc(cap + 1);

	(void)state;
	assert_non_null(text);
	for (size_t h = 0; h < sizeof(heads) / sizeof(heads[0]); h++) {
		for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
			size_t len = (size_t)snprintf(text, cap, "%s", heads[h]);
			char err[512] = "";
			clock_t start = clock();
			struct causes *c;

			for (; len + strlen(units[u]) < cap; len += strlen(units[u]))
				memcpy(text + len, units[u], strlen(units[u]));
			c = load(text, len, err, sizeof(err));
			assert_true(c || *err);
			causes__free(c);
			assert_in_range(clock() - start, 0, 3 * CLOCKS_PER_SEC);
		}
	}
	free(text);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed >> 33;
}

/* Random changes of a good file: accepted or refused with a message, never a fault. */
static void test_mutated_rules(void **state)
{
	static const char good[] =
		"[primitives]\nschedule.*\n[sets]\n@s = a | b(c|d)?\n[aliases]\na = z\n" CAUSE
		"match: ^ @s < ^ f | g.*\n  < h\nmeaning: m\n[via]\ntag: t\nmatch: @s\n";
	static const char letters[] = "\n []():|<^@=.*?#a\0\xff";
	uint64_t seed = 1009;

	(void)state;
	for (unsigned int i = 0; i < 1009; i++) {
		char text[sizeof(good)], err[512] = "";
		struct causes *c;

		memcpy(text, good, sizeof(good));
		for (unsigned int k = 0; k < 1 + i % 4; k++)
			text[next_random(&seed) % (sizeof(good) - 1)] =
				letters[next_random(&seed) % (sizeof(letters) - 1)];
		c = load(text, sizeof(good) - 1, err, sizeof(err));
		assert_true(!c == !!*err);
		causes__free(c);
	}
}

static bool matches(const char *glob, const char *name)
{
	return glob__match(glob, strlen(glob), (struct name){name, strlen(name)});
}

static void test_globs(void **state)
{
	(void)state;
	assert_true(matches("abc", "abc"));
	assert_false(matches("abc", "abcd"));
	assert_false(matches("abcd", "abc"));
	assert_true(matches("*", ""));
	assert_true(matches("a*", "a"));
	assert_true(matches("*_iter", "ext4_file_write_iter"));
	assert_false(matches("*_iter", "ext4_file_write_iterate"));
	assert_true(matches("a*b*c", "axxbyyc"));
	assert_true(matches("a*b*b", "abb"));
	assert_false(matches("a*b*b", "ab"));
	assert_false(matches("ab*ba", "aba")); /* the two ends do not overlap */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cause_has_a_stack),
		cmocka_unit_test(test_every_stack_file_has_a_cause),
		cmocka_unit_test(test_texts_are_complete),
		cmocka_unit_test(test_conflicts_and_via),
		cmocka_unit_test(test_what_may_stand_inward_makes_no_doubt),
		cmocka_unit_test(test_decorated_frames),
		cmocka_unit_test(test_where),
		cmocka_unit_test(test_roles_and_entry),
		cmocka_unit_test(test_hostile_stacks),
		cmocka_unit_test(test_user_rules_go_first),
		cmocka_unit_test(test_bad_rules_are_named),
		cmocka_unit_test(test_rule_file_errors),
		cmocka_unit_test(test_hostile_rules_are_bounded),
		cmocka_unit_test(test_mutated_rules),
		cmocka_unit_test(test_globs),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
