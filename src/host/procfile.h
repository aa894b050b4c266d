/* SPDX-License-Identifier: GPL-2.0 */
/* Whole text files of /proc and /sys. */
#ifndef AIOSTALL_HOST_PROCFILE_H
#define AIOSTALL_HOST_PROCFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Read from the descriptor's current position to the end. *buf is the
 * caller's to free and has a NUL after *len bytes. -EFBIG beyond max bytes.
 */
int procfile__read_fd(int fd, size_t max, char **buf, size_t *len);
int procfile__read(const char *path, size_t max, char **buf, size_t *len);

/*
 * Next line of [*pos, end), its newline replaced by a NUL; NULL at the end.
 * end must be writable, as it is after procfile__read.
 */
char *procfile__line(char **pos, char *end);

/* The first line of a file of max bytes at most, cut to size with its NUL; false if there is none. */
bool procfile__first_line(const char *path, size_t max, char *buf, size_t size);

/*
 * Number at *s in base 10 or 16, *s moved behind it. 0, -EINVAL without a
 * digit, -ERANGE beyond max.
 */
int procfile__number(const char **s, int base, uint64_t max, uint64_t *v);

#endif
