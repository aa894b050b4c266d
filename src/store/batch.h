/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows on their way to the disk, as bytes: the thread that sums up events
 * appends, the one that writes applies them in one transaction.
 */
#ifndef AIOSTALL_STORE_BATCH_H
#define AIOSTALL_STORE_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "store/schema.h"

/* What to do with a row's values. */
enum batch_op {
	BATCH_INSERT,	    /* a row of a table, in place of one with the same key */
	BATCH_DELETE_SLICE, /* value: the slice, of all tables that have slices */
	BATCH_DELETE_ID,    /* value: the id, of one table */
};

struct batch {
	uint8_t *data;
	size_t used, room;
	int err; /* -ENOMEM once a row did not fit: the batch is not complete then */
};

/* table is the index of schema__table. Values follow by batch__int and so on, as many as said. */
void batch__row(struct batch *b, enum batch_op op, uint8_t table, uint8_t nr_values);
void batch__int(struct batch *b, uint64_t v);
void batch__text(struct batch *b, const char *s);
/* size 0 is NULL. */
void batch__blob(struct batch *b, const void *data, size_t size);
/* All numbers of a struct, as the columns say. */
void batch__columns(struct batch *b, const struct schema_columns *columns, const void *from);
void batch__clear(struct batch *b); /* keeps the memory */
void batch__free(struct batch *b);

enum batch_type { BATCH_INT = 1, BATCH_TEXT, BATCH_BLOB };

/* Reading: *at moves on from 0. False at the end. */
struct batch_row {
	enum batch_op op;
	uint8_t table, nr_values;
};
bool batch__next_row(const struct batch *b, size_t *at, struct batch_row *row);
struct batch_value {
	enum batch_type type;
	int64_t number;
	const void *data; /* into the batch */
	size_t size;
};
void batch__next_value(const struct batch *b, size_t *at, struct batch_value *v);

#endif
