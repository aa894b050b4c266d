// SPDX-License-Identifier: GPL-2.0
/* src/work: every engine moves the same bytes, and a file without a name leaves nothing. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "work/worker.h"

#define DEPTH 5
#define LEN 4096

static char dir[] = "/tmp/test_work.XXXXXX";
static char blocks[DEPTH][LEN];

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	/* fails if a test has left anything */
	return rmdir(dir);
}

static int unlinked_file(void)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	return fd;
}

static void hand_over(const struct engine_ops *ops, struct engine *e, int fd, int opcode)
{
	struct io_event events[DEPTH];
	struct iocb cbs[DEPTH], *batch[DEPTH];
	unsigned int seen = 0;
	long done = 0;

	for (unsigned int i = 0; i < DEPTH; i++) {
		cbs[i] = (struct iocb){.aio_data = i,
				       .aio_lio_opcode = (uint16_t)opcode,
				       .aio_fildes = (uint32_t)fd,
				       .aio_buf = (uintptr_t)blocks[i],
				       .aio_nbytes = LEN,
				       .aio_offset = (int64_t)i * LEN};
		batch[i] = &cbs[i];
	}
	assert_int_equal(ops->submit(e, batch, DEPTH), DEPTH);
	while (done < DEPTH) {
		long n = ops->reap(e, 1, DEPTH, events + done);

		assert_true(n >= 1 && done + n <= DEPTH);
		for (; n; n--, done++) {
			seen |= 1u << events[done].data;
			assert_int_equal(events[done].res, LEN);
		}
	}
	assert_int_equal(seen, (1u << DEPTH) - 1);
	assert_int_equal(ops->reap(e, 0, DEPTH, events), 0);
}

/* Reads of cached blocks are what every engine can do, with RWF_NOWAIT too. */
static void reads_what_is_there(void **state)
{
	const struct engine_ops *ops;
	char block[LEN];
	int fd = unlinked_file();

	(void)state;
	for (int i = 0; i < DEPTH; i++) {
		memset(block, 'a' + i, LEN);
		assert_int_equal(pwrite(fd, block, LEN, (off_t)i * LEN), LEN);
	}
	for (size_t i = 0; (ops = engine__at(i)); i++) {
		struct engine *e;
		int err = ops->open(&e, DEPTH);

		/* io_uring may be forbidden on this machine */
		if (err) {
			print_message("%s: %s, not tried\n", ops->name, strerror(-err));
			assert_non_null(strstr(ops->name, "uring"));
			ops->close(e);
			continue;
		}
		memset(blocks, 0, sizeof(blocks));
		hand_over(ops, e, fd, IOCB_CMD_PREAD);
		ops->close(e);
		for (int k = 0; k < DEPTH; k++)
			assert_int_equal(blocks[k][LEN - 1], 'a' + k);
	}
	close(fd);
}

static void writes_what_it_is_given(void **state)
{
	static const char *const names[] = {"aio", "posix-aio", "threads"};
	char block[LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct engine_ops *ops = engine__find(names[i]);
		int fd = unlinked_file();
		struct engine *e;

		for (int k = 0; k < DEPTH; k++)
			memset(blocks[k], (int)('k' + i) + k, LEN);
		assert_int_equal(ops->open(&e, DEPTH), 0);
		hand_over(ops, e, fd, IOCB_CMD_PWRITE);
		ops->close(e);
		for (int k = 0; k < DEPTH; k++) {
			assert_int_equal(pread(fd, block, LEN, (off_t)k * LEN), LEN);
			assert_memory_equal(block, blocks[k], LEN);
		}
		close(fd);
	}
}

static void says_what_it_cannot(void **state)
{
	struct iocb poll = {.aio_lio_opcode = IOCB_CMD_POLL}, *batch = &poll;
	const struct engine_ops *ops = engine__find("posix-aio");
	struct engine *e;

	(void)state;
	assert_int_equal(ops->open(&e, 1), 0);
	assert_int_equal(ops->submit(e, &batch, 1), -EOPNOTSUPP);
	ops->close(e);
	ops->close(NULL);
	assert_null(engine__find("tape"));
}

static void nothing_has_a_name(void **state)
{
	struct work_opts o;
	struct worker *w = calloc(1, sizeof(*w));
	struct stat st;
	char path[64];
	DIR *d;

	(void)state;
	assert_non_null(w);
	work_opts__init(&o);
	o.files[o.nfiles++] = dir;
	o.pattern = "cached-read";
	o.size = 64 << 10;
	o.calls = 31;
	assert_null(work_opts__complete(&o));
	assert_int_equal(worker__init(w, &o, 0), 0);
	d = opendir(dir);
	assert_non_null(d);
	for (struct dirent *de; (de = readdir(d));)
		assert_int_equal(de->d_name[0], '.');
	closedir(d);
	assert_int_equal(stat(target__reopen_path(&w->targets[0], path, sizeof(path)), &st), 0);
	assert_int_equal(st.st_size, o.size);
	assert_int_equal(st.st_nlink, 0);
	worker__run(w);
	assert_int_equal(w->err, 0);
	assert_int_equal(w->requests, 31);
	assert_int_equal(w->bytes, 31 * 4096);
	worker__fini(w);
	free(w);
}

static void ends_in_time(void **state)
{
	struct work_opts o;
	struct worker *w = calloc(1, sizeof(*w));

	(void)state;
	assert_non_null(w);
	work_opts__init(&o);
	o.pattern = "poll";
	o.feed_delay_us = 0;
	o.calls = 100000;
	o.gap_us = 2000;
	o.max_ms = 20;
	assert_null(work_opts__complete(&o));
	assert_int_equal(worker__init(w, &o, 0), 0);
	worker__run(w);
	assert_int_equal(w->err, 0);
	assert_in_range(w->submits, 1, 11);
	worker__fini(w);
	free(w);
}

static void names_are_checked(void **state)
{
	struct work_opts o;

	(void)state;
	work_opts__init(&o);
	o.files[o.nfiles++] = dir;
	o.engine = "tape";
	assert_string_equal(work_opts__complete(&o), "no such --engine");
	o.engine = "uring";
	assert_null(work_opts__complete(&o));
	o.dir = "up";
	assert_non_null(work_opts__complete(&o));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_is_there), cmocka_unit_test(writes_what_it_is_given),
		cmocka_unit_test(says_what_it_cannot), cmocka_unit_test(nothing_has_a_name),
		cmocka_unit_test(ends_in_time),	       cmocka_unit_test(names_are_checked),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
