// SPDX-License-Identifier: GPL-2.0
/* Lines that are frames, lines that are not, and texts that nobody would paste. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "paste/frames.h"
#include "paste/heads.h"
#include "paste/lines.h"
#include "paste/paste.h"

#define PASTES "tests/replay/pastes"

/* name "" = no frame; '?' in front of a name = the kernel guessed it; '!' = it is lost */
static const struct {
	const char *line, *name;
} certain[] = {
	{"[<0>] io_schedule+0x46/0x70", "io_schedule"},
	{"[<ffffffffa0123456>] ext4_map_blocks+0x1/0x2 [ext4]", "ext4_map_blocks"},
	{"[ 1234.567890][ T4242]  ? down_read+0x1/0x2", "?down_read"},
	{"Nov 22 10:00:00 host kernel: [ 12.3]  schedule+0x5/0x9", "schedule"},
	{"> > <4>[   12.345678]  schedule+0x5/0x9 <- here", "schedule"},
	{" 0xffffffff8105d3f0 : blk_mq_get_tag+0x11e/0x2b0 [kernel] (inexact)", "blk_mq_get_tag"},
	{"[c000000f1234] [c000000000013f98] .schedule+0x3b8/0x9d0 (unreliable)", "?schedule"},
	{"foo.isra.0.cold+0x12/0x34", "foo"},
	{"root@host:~# [<0>] schedule+0x5/0x9", "schedule"},
	{" context_switch+0x1/0x2 kernel/sched/core.c:6766", "context_switch"},
	{"text xfs_file_write_iter+0x1f/0x20, text", "xfs_file_write_iter"},
	{"?  __pfx_autoremove_wake_function+0x10/0x10", ""},
	{"RIP: 0010:native_queued_spin_lock_slowpath+0x6e/0x300", ""},
	{"pc : blk_mq_get_tag+0x11e/0x2b0", ""},
	{"NIP [c0000000000a1b2c] schedule+0x1/0x2", ""},
	{" #0: ffff88807a5fe428 (sb_writers#4){.+.+}-{0:0}, at: vfs_fallocate+0x5f4/0x7e0", ""},
	{"hardirqs last  enabled at (12): [<ffffffff81>] foo+0x1/0x2", ""},
	{"WARNING: CPU: 1 PID: 2 at fs/x.c:12 foo+0x1/0x2 [xfs]", ""},
	{"  __submit_bio+0x75/", "!"},
	{"  +0x75/0x80", "!"},
	{"", ""},
};

static const struct {
	const char *line, *name;
	bool within;
} weak[] = {
	{"\tffffffff81a3b2c1 blk_mq_get_tag.isra.0+0x1f ([kernel.kallsyms])", "blk_mq_get_tag",
	 false},
	{"    b'finish_task_switch'", "finish_task_switch", false},
	{"        schedule+94", "schedule", false},
	{"#0  0xffffffff81000000 in schedule () at kernel/sched/core.c:1", "schedule", false},
	{" #1 [ffffb1e2c3d4e5f6] schedule at ffffffff81a3b2c1", "schedule", false},
	{"#1  __schedule (kernel/sched/core.c:6690:8)", "__schedule", false},
	{"blk_mq_get_tag_[k]", "blk_mq_get_tag", false},
	{" => __schedule", "__schedule", false},
	{"=> io_schedule (ffffffffa1d2f0c5)", "io_schedule", false},
	{"[<ffffffff8105d3f0>] io_schedule", "io_schedule", false},
	{"ffffffff8105d3f0 io_schedule", "io_schedule", false},
	{" context_switch kernel/sched/core.c:5357 [inline]", "context_switch", false},
	{"[  241.9] ? __foo (kernel/sched/wait.c:383) ", "?__foo", false},
	{"            |--60.00%--blk_mq_get_tag", "blk_mq_get_tag", false},
	{"            ---__schedule", "__schedule", false},
	{"io_schedule", "io_schedule", false},
	{"schedule", "schedule", false},
	{"plain", "", false},
	{"plain", "plain", true},
	{"Thanks,", "", false},
	{"Call Trace:", "", false},
	{" <TASK>", "", false},
	{"task:fio  state:D stack:0  pid:1234", "", false},
	{"INFO: task fio:1234 blocked for more than 120 seconds.", "", false},
	{"RIP: 0033:0x7f12", "", false},
	{"fio  1234 [001]  12.345678: sched:sched_switch:", "", false},
	{"    -                fio (1234)", "", false},
	{"    fio (1234)", "", false},
	{"        5123", "", false},
	{"systemd[1]: Started something.", "", true},
	/* Words of an old splat's stack dump. */
	{" ffff8808341a5c98 ffffffff81262b7a", "", true},
	{" ffff880834 deadbeefcafebabe", "", true},
	{"ffff8800: de ad be ef", "", true},
	{"[<ffffffffffffffff>] 0xffffffffffffffff", "", true},
	{"    7fad5baf2ad7 [unknown] ([unknown])", "", true},
	{" => <ffffffff81a3b2c1>", "!", true},
	{"[<0>] 0xffffffffc0123456", "!", true},
	{" submit_bio_noacct_nochec[ 1235.000000] usb 1-1: new device", "!", true},
};

static void check_line(const char *line, const struct found *found, const char *want)
{
	bool guess = *want == '?', lost = *want == '!';
	const struct found_frame *f = &found->v[0];

	want += guess || lost;
	if (found->nr != (*want != 0) || found->lost != lost ||
	    (found->nr && (f->len != strlen(want) || memcmp(f->name, want, f->len))))
		print_error("line \"%s\": %zu frames%s, \"%.*s\"\n", line, found->nr,
			    found->lost ? ", lost" : "", found->nr ? (int)f->len : 0, f->name);
	assert_int_equal(found->lost, lost);
	assert_int_equal(found->nr, *want != 0);
	if (!found->nr)
		return;
	assert_int_equal(f->len, strlen(want));
	assert_memory_equal(f->name, want, f->len);
	assert_int_equal(f->guess, guess);
}

static void test_lines(void **state)
{
	struct found found;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(certain); i++) {
		frames__find(certain[i].line, &found);
		check_line(certain[i].line, &found, certain[i].name);
	}
	for (size_t i = 0; i < ARRAY_SIZE(weak); i++) {
		frames__find_weak(weak[i].line, weak[i].within, &found);
		check_line(weak[i].line, &found, weak[i].name);
	}
}

static const struct {
	const char *line;
	enum head_kind kind;
	const char *comm;
	uint32_t pid;
} heads[] = {
	{"INFO: task kworker/u8:1:77 blocked for more than 120 seconds.", HEAD_TASK, "kworker/u8:1",
	 77},
	{"task:a b             state:D stack:    0 pid: 1234 ppid:  1 flags:0x0", HEAD_TASK, "a b",
	 1234},
	{"fio             D 0000000000000001     0 21514  21513 0x00000080", HEAD_TASK, "fio",
	 21514},
	{"fio             R  running task        0 21514  21513 0x00000080", HEAD_TASK, "fio",
	 21514},
	{"jbd2/dm-0-8     D    0   333      2 0x80004000", HEAD_TASK, "jbd2/dm-0-8", 333},
	{"PID: 4242     TASK: ffff9b8c41b1c000  CPU: 3    COMMAND: \"fio\"", HEAD_TASK, "fio",
	 4242},
	{"CPU: 1 UID: 0 PID: 4242 Comm: fio Not tainted 6.12", HEAD_TASK, "fio", 4242},
	{"Pid: 9012, comm: mysqld Not tainted", HEAD_TASK, "mysqld", 9012},
	{"watchdog: BUG: soft lockup - CPU#1 stuck for 23s! [fio:4242]", HEAD_TASK, "fio", 4242},
	{"==> /proc/4242/task/4243/stack <==", HEAD_TASK, "", 4243},
	{"[root@db ~]# cat /proc/4242/stack", HEAD_TASK, "", 4242},
	{"Thread 12 (Thread 0x7f12 (LWP 1234)):", HEAD_TASK, "", 1234},
	{"fio worker 1234/1240 [001] 12.345678:  250000 cpu-clock:", HEAD_TASK, "fio worker", 1240},
	{"    fio-4242    [003] d..2.  8812.112233: <stack trace>", HEAD_TASK, "fio", 4242},
	{">>> prog.stack_trace(4242)", HEAD_TASK, "", 4242},
	{"    -                fio (1234)", HEAD_FOOT, "fio", 1234},
	{", fio, 4242]: 17", HEAD_FOOT, "fio", 4242},
	{"@[fio, 4242, ", HEAD_TASK, "fio", 4242},
	{"]: 17", HEAD_END, "", 0},
	{"Workqueue: writeback wb_workfn (flush-8:0)", HEAD_DETAIL, "", 0},
	{"Call trace:", HEAD_TRACE, "", 0},
	{"cfs_rq[0]:/autogroup-1", HEAD_NONE, "", 0},
	{"  runnable tasks:", HEAD_NONE, "", 0},
};

static void test_heads(void **state)
{
	static const char blocked[] =
		"INFO: task fio:1 is blocked on an rw-semaphore likely owned by "
		"task b c:2 <writer>.";
	struct task t;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		if (heads__read(heads[i].line, &t) != heads[i].kind)
			print_error("%s\n", heads[i].line);
		assert_int_equal(heads__read(heads[i].line, &t), heads[i].kind);
		assert_string_equal(t.comm, heads[i].comm);
		assert_int_equal(t.pid, heads[i].pid);
	}
	assert_int_equal(heads__read(blocked, &t), HEAD_BLOCKER);
	assert_string_equal(t.blocker_comm, "b c");
	assert_int_equal(t.blocker_pid, 2);
	assert_string_equal(t.lock, "rw-semaphore");
	assert_int_equal(heads__read_loosely("=== 1234 (fio) ===", &t), HEAD_MAYBE);
	assert_int_equal(t.pid, 1234);
	assert_string_equal(t.comm, "fio");
	assert_int_equal(heads__read_loosely("a sentence of some words", &t), HEAD_NONE);
}

static void test_quoted_printable(void **state)
{
	char text[] =
		"a=3Db=20\n"
		"> 0123456789012345678901234567890123456789012345678901234567890123456789012=\n"
		"345=\n"
		"=3D=3D\n";
	struct lines lines = {0};

	(void)state;
	assert_int_equal(lines__cut(&lines, text, strlen(text)), 0);
	assert_int_equal(lines.nr, 3);
	assert_string_equal(lines.v[0].text, "a=b ");
	assert_string_equal(lines.v[1].text, " 0123456789012345678901234567890123456789012345678901"
					     "234567890123456789012345=");
	assert_int_equal(lines.v[2].number, 4);
	lines__release(&lines);
}

static char *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "r");
	char *buf = malloc(1 << 20);

	assert_non_null(f);
	assert_non_null(buf);
	*len = fread(buf, 1, 1 << 20, f);
	fclose(f);
	return buf;
}

static void check_paste(const char *text, size_t len)
{
	struct paste *p = paste__read(text, len);
	const char *names[PASTE_DEPTH_MAX];

	assert_non_null(p);
	assert_true(p->nr_frame_lines <= p->nr_lines);
	for (size_t i = 0; i < p->nr_stacks; i++) {
		size_t nr = paste__names(p, &p->stacks[i], names);

		assert_in_range(nr, 1, PASTE_DEPTH_MAX);
		for (size_t k = 0; k < nr; k++)
			assert_in_range(strlen(names[k]), 1, 511);
	}
	paste__free(p);
}

/* Cut anywhere, with letters changed: nothing but the sanitizers judges. */
static void test_damaged_pastes(void **state)
{
	DIR *dir = opendir(PASTES);
	uint64_t seed = 1009;
	struct dirent *e;
	unsigned int nr = 0;

	(void)state;
	assert_non_null(dir);
	while ((e = readdir(dir))) {
		char path[512], *text;
		size_t len;

		if (!strstr(e->d_name, ".txt"))
			continue;
		snprintf(path, sizeof(path), PASTES "/%.200s", e->d_name);
		text = read_file(path, &len);
		check_paste(text, len);
		for (unsigned int i = 0; i < 7 && len; i++) {
			for (unsigned int k = 0; k < 20; k++) {
				seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
				text[(seed >> 33) % len] =
					"\n +0x/[]()<>#?;=%|-\0\xff"[(seed >> 20) % 21];
			}
			check_paste(text, (seed >> 33) % (len + 1));
		}
		free(text);
		nr++;
	}
	closedir(dir);
	assert_in_range(nr, 40, 10000);
}

static void test_odd_texts(void **state)
{
	static char huge[1 << 20];

	(void)state;
	check_paste("", 0);
	check_paste("\n\n\n", 3);
	check_paste("a+0x1/0x2", 9);
	check_paste("x from a+0x1/0x2", 16);
	memset(huge, 'a', sizeof(huge));
	check_paste(huge, sizeof(huge));
	for (size_t i = 0; i + 10 <= sizeof(huge); i += 10)
		memcpy(huge + i, "a+0x1/0x2 ", 10);
	check_paste(huge, sizeof(huge));
	for (size_t i = 0; i + 10 <= sizeof(huge); i += 10)
		huge[i + 9] = '\n';
	check_paste(huge, sizeof(huge));
	memset(huge, ';', sizeof(huge));
	check_paste(huge, sizeof(huge));
	for (size_t i = 0; i + 4 <= sizeof(huge); i += 4)
		memcpy(huge + i, "--f\n", 4);
	check_paste(huge, sizeof(huge));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_quoted_printable),
		cmocka_unit_test(test_damaged_pastes),
		cmocka_unit_test(test_odd_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
