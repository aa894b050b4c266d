/* SPDX-License-Identifier: GPL-2.0 */
/* Tables of a recording and the columns that are members of structs: docs/recording.md in code. */
#ifndef AIOSTALL_STORE_SCHEMA_H
#define AIOSTALL_STORE_SCHEMA_H

#include <stddef.h>

#include "model/event.h"
#include "store/store.h"

#define SCHEMA_APPLICATION_ID 0x61696f73 /* "aios" */
#define SCHEMA_VERSION 7

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
	TABLE_PROCESS,
	TABLE_FAILURE,
	TABLES,
};

/* A column that is no member of a struct. */
struct schema_more {
	const char *decl;
	uint32_t since; /* version of the schema that it came with */
};

/* Its CREATE statement: columns before those of a struct, these, and what is behind. */
struct schema_table {
	const char *name, *before;
	const struct schema_columns *columns; /* NULL = none */
	struct schema_more more[3];
	const char *behind; /* ", PRIMARY KEY(...)"; NULL = nothing */
	const char *options;
	uint32_t since; /* 0 = the first version; the last tables are the latest */
};
/* The i-th table of a file of that version, NULL past the end. */
const struct schema_table *schema__table(size_t i, uint32_t version);
/* The CREATE statement, byte by byte as in a file of that version. Returns buf. */
#define SCHEMA_SQL_MAX 4096
const char *schema__sql(const struct schema_table *t, uint32_t version, char buf[SCHEMA_SQL_MAX]);
/* Whether its rows are of a slice each. */
bool schema__is_of_slices(const struct schema_table *t);

enum schema_type { COLUMN_U64, COLUMN_U32, COLUMN_U16, COLUMN_S64, COLUMN_S32, COLUMN_BOOL };

/* One column that holds a number of a struct. */
struct schema_column {
	const char *name;
	enum schema_type type;
	size_t offset;
	uint32_t since; /* version of the schema that it came with; the last ones are the latest */
};

/* The numbers of a row, in the order of the columns; others stand before or behind them. */
struct schema_columns {
	const struct schema_column *column;
	size_t nr;
};

/* How many of them are in a file of that version. */
size_t schema__nr_columns(const struct schema_columns *c, uint32_t version);

extern const struct schema_columns schema_counters;   /* struct counters */
extern const struct schema_columns schema_sleeps;     /* struct sleep_sum */
extern const struct schema_columns schema_stall;      /* struct ev_stall */
extern const struct schema_columns schema_submit;     /* struct ev_submit */
extern const struct schema_columns schema_loss;	      /* struct loss */
extern const struct schema_columns schema_unfinished; /* struct ev_unfinished */
extern const struct schema_columns schema_process;    /* struct ev_process */

#endif
