// SPDX-License-Identifier: GPL-2.0
#include "host/procfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_BYTES (64 * 1024)

static int procfile__grow(char **buf, size_t *cap, size_t max)
{
	size_t want = *cap ? *cap * 2 : FIRST_BYTES;
	char *p;

	if (*cap > max)
		return -EFBIG;
	p = realloc(*buf, want);
	if (!p)
		return -ENOMEM;
	*buf = p;
	*cap = want;
	return 0;
}

int procfile__read_fd(int fd, size_t max, char **buf, size_t *len)
{
	size_t cap = 0, n = 0;
	char *b = NULL;
	ssize_t got;
	int rc;

	do {
		if (n + 1 >= cap) {
			rc = procfile__grow(&b, &cap, max);
			if (rc)
				goto out;
		}
		got = read(fd, b + n, cap - n - 1);
		if (got < 0 && errno != EINTR) {
			rc = -errno;
			goto out;
		}
		n += got > 0 ? (size_t)got : 0;
	} while (got);
	rc = n > max ? -EFBIG : 0;
out:
	if (rc) {
		free(b);
		return rc;
	}
	b[n] = '\0';
	*buf = b;
	*len = n;
	return 0;
}

int procfile__read(const char *path, size_t max, char **buf, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return -errno;
	rc = procfile__read_fd(fd, max, buf, len);
	close(fd);
	return rc;
}

bool procfile__first_line(const char *path, size_t max, char *buf, size_t size)
{
	char *text;
	size_t len;

	if (procfile__read(path, max, &text, &len))
		return false;
	snprintf(buf, size, "%.*s", (int)strcspn(text, "\n"), text);
	free(text);
	return true;
}

char *procfile__line(char **pos, char *end)
{
	char *line = *pos;
	char *nl;

	if (line >= end)
		return NULL;
	nl = memchr(line, '\n', (size_t)(end - line));
	if (!nl)
		nl = end;
	*nl = '\0';
	*pos = nl + 1;
	return line;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

int procfile__number(const char **s, int base, uint64_t max, uint64_t *v)
{
	const char *p = *s;
	uint64_t n = 0;
	int d;

	if (digit(*p) >= base)
		return -EINVAL;
	for (; (d = digit(*p)) < base; p++) {
		if (__builtin_mul_overflow(n, (uint64_t)base, &n) ||
		    __builtin_add_overflow(n, (uint64_t)d, &n) || n > max)
			return -ERANGE;
	}
	*s = p;
	*v = n;
	return 0;
}
