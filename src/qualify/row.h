/* SPDX-License-Identifier: GPL-2.0 */
/* A row: one pattern of requests in one shape. Its id is its name everywhere, "append-64k-d4". */
#ifndef AIOSTALL_QUALIFY_ROW_H
#define AIOSTALL_QUALIFY_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROW_ID_MAX 64

enum row_flag {
	ROW_WRITES = 1 << 0,
	ROW_CACHED = 1 << 1,	/* through the page cache by its nature */
	ROW_FILE_ONLY = 1 << 2, /* a device has no end and no holes */
	ROW_NO_DATA = 1 << 3,	/* fsync, poll: no size, no flags */
	ROW_ALONE = 1 << 4,	/* one shape only */
	ROW_NO_DEVICE_IO =
		1 << 5, /* there is nothing to wait for: done in the call and still well */
};

struct row_kind {
	const char *word, *help;
	const char *pattern, *state, *side; /* of src/work; state and side may be NULL */
	unsigned int flags;
	const char *plural; /* "appends": as the subject of a sentence */
};

enum row_size { SIZE_BLOCK, SIZE_LBA, SIZE_64K, SIZE_1M, ROW_SIZES };

struct row {
	const struct row_kind *kind;
	enum row_size size;
	unsigned int depth;
	bool buffered, dsync, nowait;
};

const struct row_kind *row_kind__at(size_t i);

/* All rows, those of the standard set first; the caller's to free. NULL on lack of memory. */
struct row *row__all(size_t *nr);
/* Of an id; false if there is none. */
bool row__find(const char *id, struct row *r);
/* How many rows the standard set has. */
size_t row__nr_standard(void);
/* It is one of the few with which engines are compared. */
bool row__compares_engines(const struct row *r);
char *row__id(const struct row *r, char *buf, size_t size);
/*
 * pattern is the word of a kind, an id or the beginning of one up to a dash, or has wildcards of the
 * shell; "any" is all.
 */
bool row__matches(const char *id, const char *pattern);

#endif
