/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lines for a terminal or a file: never wider than asked, no trailing spaces,
 * nothing from outside unescaped. Errors are kept until print__finish.
 */
#ifndef AIOSTALL_REPORT_PRINT_H
#define AIOSTALL_REPORT_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include "model/report.h"
#include "model/source.h"
#include "report/format.h"

#define PRINT_MIN_WIDTH 40
#define PRINT_MAX_WIDTH 400
#define PRINT_SLOTS 8

enum print_style { PRINT_PLAIN, PRINT_BOLD, PRINT_ALARM };

struct print {
	FILE *out;
	int width;
	bool color;
	int64_t today_unix_ns; /* times of that day need no date; 0 = all do */
	int err;	       /* first failure, -errno */
	unsigned int next;
	char slot[PRINT_SLOTS][4096]; /* results of print__safe and print__path, used in turn */
	char work[4 * 4096 + 1];
};

/* o may be NULL: 80 columns, plain. */
void print__init(struct print *p, FILE *out, const struct format_opts *o);
/* Flush and say whether everything was written: 0 or -errno. */
int print__finish(struct print *p);
/* The same for a stream that is not written through a struct print. */
int print__flush(FILE *out);

/* One line, cut to the width. */
void print__line(struct print *p, enum print_style style, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A paragraph wrapped between words; lead starts the first line, the others are indented by its
 * width. */
void print__para(struct print *p, enum print_style style, const char *lead, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Escaped copies, valid until PRINT_SLOTS later calls. NULL reads as "". */
const char *print__safe(struct print *p, const char *s);
/* At most so many columns, the tail is kept. */
const char *print__path(struct print *p, const char *s, int columns);
/* All three one after the other, of escaped text. */
const char *print__join(struct print *p, const char *a, const char *b, const char *c);
/* "ext4 /data", "blockdev loop0", "pipefs": at most so many columns. */
const char *print__fs(struct print *p, const struct fs_info *fs, int columns);
/* Of the columns that are left for the names of these filesystems what they need. */
int print__fs_room(struct print *p, const struct report *r, enum api api, int left);
/* "io_uring, " where requests of io_uring are meant; else "". */
const char *print__api(const struct fs_info *fs);
/* "submit fentry, request scan": the ways that are known. */
const char *print__probes(struct print *p, const struct capture_info *c);
/* Columns of escaped text. */
int print__columns(const char *s);
/* Bytes of the first so many columns of escaped text. */
size_t print__bytes(const char *s, int columns);

/* Escaped, at most so many columns, the middle goes: what tells names apart is at both ends. */
const char *print__middle(struct print *p, const char *s, int columns);
/* The first so many bytes. */
const char *print__cut(struct print *p, const char *s, size_t bytes);
/* "1 sleep", "2 sleeps", "3 processes", "12.3k requests". Of several words the last one is counted. */
const char *print__n(struct print *p, uint64_t n, const char *what);

/* A column of a table; the widths leave out the space between columns. */
struct column {
	const char *name;
	int width;
	int drop; /* 0 = always shown; else hidden in ascending order while there is too little room
		   */
	bool left; /* text: aligned to the left */
};
/*
 * Bit i set: column i is shown, none of those in hidden. What remains of the width after them goes to
 * *rest, at least `want` if possible.
 */
unsigned int columns__fit(const struct column *c, size_t n, unsigned int hidden, int width,
			  int want, int *rest);

#endif
