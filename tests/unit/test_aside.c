// SPDX-License-Identifier: GPL-2.0
/* Questions to a child, which may not answer them, and a walk over processes that do not all. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/base.h"
#include "host/aside.h"
#include "host/inflight.h"
#include "host/pidwalk.h"

#define TIMEOUT_MS 200

static int tell_pid(const void *ctx, void *answer, int *fd)
{
	pid_t pid = getpid();

	(void)ctx;
	(void)fd;
	memcpy(answer, &pid, sizeof(pid));
	return 0;
}

static int hang(const void *ctx, void *answer, int *fd)
{
	(void)ctx;
	(void)answer;
	(void)fd;
	while (pause())
		;
	return 0;
}

static int count_up(const void *ctx, void *answer, int *fd)
{
	volatile uint64_t *at = *(uint64_t *const *)ctx;

	(void)answer;
	(void)fd;
	for (int i = 0; i < 10; i++) {
		usleep(TIMEOUT_MS * 1000 / 3);
		++*at;
	}
	return 0;
}

static int open_null(const void *ctx, void *answer, int *fd)
{
	(void)answer;
	*fd = open(ctx, O_RDONLY);
	return *fd < 0 ? -errno : 0;
}

static pid_t pid_of(struct aside *a)
{
	pid_t pid = 0;
	char none = 0;

	assert_int_equal(aside__ask(a, tell_pid, &none, 1, &pid, sizeof(pid), NULL), 0);
	return pid;
}

static void test_one_child_answers_all(void **state)
{
	struct aside *a = aside__new(TIMEOUT_MS, 0);
	pid_t first, gone;

	(void)state;
	first = pid_of(a);
	assert_int_not_equal(first, getpid());
	assert_int_equal(pid_of(a), first);
	gone = first;
	kill(gone, SIGKILL);
	first = pid_of(a);
	assert_int_not_equal(first, gone);
	assert_int_equal(pid_of(NULL), getpid());
	aside__free(a);
	assert_int_equal(kill(first, 0), -1);
	aside__free(NULL);
}

static void test_silence(void **state)
{
	struct aside *a = aside__new(TIMEOUT_MS, 100 * NSEC_PER_MSEC);
	uint64_t start = clock__mono_ns();
	char none = 0;
	pid_t before = pid_of(a);

	(void)state;
	assert_int_equal(aside__ask(a, hang, &none, 1, &none, 0, NULL), -ETIMEDOUT);
	assert_true(clock__mono_ns() - start < 20 * TIMEOUT_MS * NSEC_PER_MSEC);
	assert_int_equal(aside__ask(a, tell_pid, &none, 1, &none, 0, NULL), -EAGAIN);
	assert_int_equal(kill(before, 0), -1);
	usleep(150000);
	assert_int_not_equal(pid_of(a), before);
	aside__free(a);
}

static void test_who_goes_on_is_not_silent(void **state)
{
	struct aside *a = aside__new(TIMEOUT_MS, 0);
	uint64_t *at = aside__progress(a);
	char none;

	(void)state;
	assert_int_equal(aside__ask(a, count_up, &at, sizeof(at), &none, 0, NULL), 0);
	assert_int_equal(*at, 10);
	aside__free(a);
}

static void test_descriptors(void **state)
{
	struct aside *a = aside__new(TIMEOUT_MS, 0);
	static const char name[] = "/dev/null", bad[] = "/dev/null/no";
	struct stat st;
	char none;
	int fd = -1;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		assert_int_equal(aside__ask(a, open_null, name, sizeof(name), &none, 0, &fd), 0);
		assert_int_equal(fstat(fd, &st), 0);
		assert_true(S_ISCHR(st.st_mode));
		close(fd);
	}
	assert_int_equal(aside__ask(a, open_null, name, sizeof(name), &none, 0, NULL), 0);
	assert_int_equal(aside__ask(a, open_null, bad, sizeof(bad), &none, 0, &fd), -ENOTDIR);
	assert_int_equal(aside__ask(a, open_null, name, ASIDE_QUESTION_MAX + 1, &none, 0, NULL),
			 -EINVAL);
	aside__free(a);
}

/* ---- processes ---- */

static void put(const char *dir, const char *name, const char *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* Thread tid of process pid is in io_submit(2); a fifo in the place of a file makes it silent. */
static void make_thread(const char *root, uint32_t pid, uint32_t tid, bool silent)
{
	char dir[400], path[512];

	snprintf(dir, sizeof(dir), "%s/%u", root, pid);
	mkdir(dir, 0755);
	snprintf(dir, sizeof(dir), "%s/%u/task", root, pid);
	mkdir(dir, 0755);
	snprintf(dir, sizeof(dir), "%s/%u/task/%u", root, pid, tid);
	assert_int_equal(mkdir(dir, 0755), 0);
	put(dir, "comm", "worker\n");
	put(dir, "stack", "[<0>] folio_wait_bit+0x1/0x2\n[<0>] io_submit_one+0x1/0x2\n");
	if (!silent)
		put(dir, "syscall", "209 0x7f0000000000 0x4 0x7f0000000000 0x0 0x0 0x0 0x0 0x0\n");
	snprintf(path, sizeof(path), "%s/syscall", dir);
	if (silent)
		assert_int_equal(mkfifo(path, 0600), 0);
}

struct seen {
	uint32_t tids[400];
	size_t nr;
};

static void note(void *ctx, const struct inflight *in)
{
	struct seen *s = ctx;

	assert_true(s->nr < ARRAY_SIZE(s->tids));
	s->tids[s->nr++] = in->tid;
	assert_int_equal(in->nr, 4);
	assert_int_equal(in->depth, 2);
	assert_string_equal(in->comm, "worker");
	assert_string_equal(in->frames[1], "io_submit_one");
}

static void test_processes_that_are_silent(void **state)
{
	char root[] = "/tmp/aside-XXXXXX", command[64];
	struct aside *a = aside__new(TIMEOUT_MS, 0);
	struct seen s = {.nr = 0};

	(void)state;
	assert_non_null(mkdtemp(root));
	/* more than fit into one answer, on both sides of two silent processes, and in one process */
	for (uint32_t i = 1; i <= 30; i++)
		make_thread(root, 100 + 10 * i, 100 + 10 * i, i == 5 || i == 21);
	for (uint32_t i = 0; i < 30; i++)
		make_thread(root, 1000, 1000 + i, false);
	put(root, "uptime", "1");
	assert_int_equal(inflight__scan(a, root, note, &s), -ETIMEDOUT);
	assert_int_equal(s.nr, 28 + 30);
	for (size_t i = 1; i < s.nr; i++)
		assert_true(s.tids[i] > s.tids[i - 1]);
	assert_int_equal(inflight__scan(a, "/no/such", note, &s), -ENOENT);
	aside__free(a);
	snprintf(command, sizeof(command), "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_child_answers_all),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_who_goes_on_is_not_silent),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_processes_that_are_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
