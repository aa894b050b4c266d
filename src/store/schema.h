/* SPDX-License-Identifier: GPL-2.0 */
/* Tables of a recording and the columns that are members of structs: docs/recording.md in code. */
#ifndef AIOSTALL_STORE_SCHEMA_H
#define AIOSTALL_STORE_SCHEMA_H

#include <stddef.h>

#include "model/event.h"
#include "store/store.h"

#define SCHEMA_APPLICATION_ID 0x61696f73 /* "aios" */
#define SCHEMA_VERSION 3

/* In the order in which they are made. */
enum schema_table_no {
	TABLE_INFO,
	TABLE_FACT,
	TABLE_STRING,
	TABLE_STACK,
	TABLE_FS,
	TABLE_CAUSE,
	TABLE_KEY,
	TABLE_SLICE,
	TABLE_COUNTERS,
	TABLE_SLEEPS,
	TABLE_STALL,
	TABLE_SUBMIT,
	TABLE_LOSS,
	TABLE_UNFINISHED,
	TABLE_SAMPLE,
	TABLE_HERE,
	TABLES,
};

struct schema_table {
	const char *name;
	const char *sql; /* the CREATE statement, byte by byte as in the file */
	/* and in those of an older version, at [version - 1]; NULL = as in the next one */
	const char *old[SCHEMA_VERSION - 1];
};
/* The i-th table, NULL past the end. */
const struct schema_table *schema__table(size_t i);
/* Its CREATE statement in a file of that version. */
const char *schema__sql(const struct schema_table *t, uint32_t version);

enum schema_type { COLUMN_U64, COLUMN_U32, COLUMN_U16, COLUMN_S64, COLUMN_S32, COLUMN_BOOL };

/* One column that holds a number of a struct. */
struct schema_column {
	const char *name;
	enum schema_type type;
	size_t offset;
};

/* The numbers of a row, in the order of the columns; the others stand before or behind them. */
struct schema_columns {
	const char *table;
	const char *before, *behind; /* names of the others, comma separated, "" = none */
	const struct schema_column *column;
	size_t nr;
	/* so many of them are in files of older versions, at [version - 1]; 0 = all */
	size_t nr_old[SCHEMA_VERSION - 1];
};

/* How many of them are in a file of that version. */
size_t schema__nr_columns(const struct schema_columns *c, uint32_t version);

extern const struct schema_columns schema_counters;   /* struct counters */
extern const struct schema_columns schema_sleeps;     /* struct sleep_sum */
extern const struct schema_columns schema_stall;      /* struct ev_stall */
extern const struct schema_columns schema_submit;     /* struct ev_submit */
extern const struct schema_columns schema_loss;	      /* struct loss */
extern const struct schema_columns schema_unfinished; /* struct ev_unfinished */

/* All of them, for tests; NULL past the end. */
const struct schema_columns *schema__columns(size_t i);

#endif
