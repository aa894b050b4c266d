/* SPDX-License-Identifier: GPL-2.0 */
/* Fixture files in a folder of the test's own, and a process to look at. */
#ifndef AIOSTALL_TESTS_TMPFILE_H
#define AIOSTALL_TESTS_TMPFILE_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char tmp[PATH_MAX];

static int make_tmp(void **state)
{
	const char *dir = getenv("TMPDIR");

	(void)state;
	snprintf(tmp, sizeof(tmp), "%s/resolve.XXXXXX", dir ? dir : "/tmp");
	return mkdtemp(tmp) ? 0 : -1;
}

static int drop_tmp(void **state)
{
	char cmd[PATH_MAX + 16];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", tmp);
	return system(cmd);
}

static char *in_tmp(const char *name)
{
	static char path[2][PATH_MAX + 300];
	static int turn;

	turn ^= 1;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", tmp, name);
	return path[turn];
}

static const char *put(const char *name, const void *data, size_t len)
{
	const char *path = in_tmp(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	return path;
}

static const char *put_text(const char *name, const char *text)
{
	return put(name, text, strlen(text));
}

/* A child that lives until *release is closed. */
static __attribute__((unused)) pid_t sleeper(int *release)
{
	int p[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(p), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(p[1]);
		_exit(read(p[0], &c, 1) < 0);
	}
	close(p[0]);
	*release = p[1];
	return pid;
}

#endif
