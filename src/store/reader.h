/* SPDX-License-Identifier: GPL-2.0 */
/* Inside of store: the open file, its tables of names, and rows that are checked on being read. */
#ifndef AIOSTALL_STORE_READER_H
#define AIOSTALL_STORE_READER_H

#include <sqlite3.h>

#include "model/pool.h"
#include "store/input.h"
#include "store/schema.h"
#include "store/store.h"

/* Rows by their id, in ascending order. */
struct id_table {
	int64_t *id;
	void **row; /* in the store's pool */
	size_t nr, room;
};

struct store {
	const char *path; /* the input's */
	struct store_input *input;
	bool owns_input;
	sqlite3_vfs *vfs;
	sqlite3 *db;
	uint64_t time_ns, deadline_ns;
	uint64_t memory_left;
	uint64_t rows_left; /* no file has more rows than bytes */
	struct pool pool;
	struct capture_info capture;
	struct store_info info;
	struct id_table strings, stacks, filesystems, causes, keys, heres;
	struct store_fact *facts;
	size_t nr_facts, room_facts;
	int64_t first_slice,
		last_slice; /* there may be more by now: what they refer to was not read */
};

/* Open s->input as s->db, in a checked state. 0, or -errno with e set. */
int file__open(struct store *s, struct err *e);
void file__close(struct store *s);

/* "cannot read PATH: the file is damaged (what)". Returns -EBADMSG. */
int reader__damaged(const struct store *s, const char *what, struct err *e);
/* A copy in the store's memory. 0, or -errno with e set if that is used up. */
int reader__text(struct store *s, const char *text, size_t size, const char **copy, struct err *e);
/* Zeroed memory; NULL with e set. */
void *reader__alloc(struct store *s, size_t n, size_t size, struct err *e);

/* A statement over rows of one table. */
struct rows {
	struct store *s;
	sqlite3_stmt *stmt;
	const char *table;
	bool bad; /* a value was not what it must be */
};
int rows__open(struct rows *r, struct store *s, const char *table, const char *sql, struct err *e);
/* 1 = a row, 0 = the end, -errno with e set. */
int rows__next(struct rows *r, struct err *e);
/* After a row's values were taken: 0, or -EBADMSG with e set if one was bad. */
int rows__check(const struct rows *r, struct err *e);
void rows__close(struct rows *r);

/* Values; those out of range are 0 and the row bad. */
int64_t rows__int(struct rows *r, int column);
uint64_t rows__u64(struct rows *r, int column);
uint32_t rows__u32(struct rows *r, int column);
/* The columns of a struct, from column `first` on; those that the file is too old for are 0. */
void rows__columns(struct rows *r, int first, const struct schema_columns *columns, void *to);
void rows__hist(struct rows *r, int column, struct hist *h);
/* The row that a column refers to; NULL if 0 and may_be_none, else the row is bad. */
void *rows__ref(struct rows *r, int column, const struct id_table *t, bool may_be_none);
const char *rows__string(struct rows *r, int column);

/* Read all tables of names, infos and facts. 0, or -errno with e set. */
int tables__read(struct store *s, struct err *e);
void tables__free(struct store *s);

#endif
