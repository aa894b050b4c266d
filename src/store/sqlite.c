// SPDX-License-Identifier: GPL-2.0
#include "store/sqlite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/vfs.h"

#define BUSY_MS 5000

/* A recording has short statements, rows of some kilobytes and nothing else. */
static const struct {
	int what, limit;
} limits[] = {
	{SQLITE_LIMIT_LENGTH, 4 << 20},
	{SQLITE_LIMIT_SQL_LENGTH, 8192},
	{SQLITE_LIMIT_COLUMN, 96},
	{SQLITE_LIMIT_EXPR_DEPTH, 20},
	{SQLITE_LIMIT_COMPOUND_SELECT, 2},
	{SQLITE_LIMIT_VDBE_OP, 25000},
	{SQLITE_LIMIT_FUNCTION_ARG, 8},
	{SQLITE_LIMIT_ATTACHED, 0},
	{SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 64},
	{SQLITE_LIMIT_VARIABLE_NUMBER, 96},
	{SQLITE_LIMIT_TRIGGER_DEPTH, 0},
	{SQLITE_LIMIT_WORKER_THREADS, 0},
};

/* What a schema from elsewhere could make a connection do. */
static const struct {
	int what, on;
} settings[] = {
	{SQLITE_DBCONFIG_DEFENSIVE, 1},
	{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
	{SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
	{SQLITE_DBCONFIG_ENABLE_VIEW, 0},
	{SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
	{SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
	{SQLITE_DBCONFIG_DQS_DDL, 0},
	{SQLITE_DBCONFIG_DQS_DML, 0},
};

static void set_up(sqlite3 *db)
{
	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, BUSY_MS);
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		sqlite3_limit(db, limits[i].what, limits[i].limit);
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		sqlite3_db_config(db, settings[i].what, settings[i].on, NULL);
}

int sqlite__open(sqlite3_vfs *vfs, const char *name, const char *path, sqlite3 **db, struct err *e)
{
	if (sqlite3_open_v2(name, db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, vfs->zName))
		return sqlite__failed(*db, "cannot open", path, e);
	set_up(*db);
	return 0;
}

int sqlite__open_input(sqlite3_vfs *vfs, const char *path, sqlite3 **db, struct err *e)
{
	if (sqlite3_open_v2(VFS_FILE, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, vfs->zName))
		return sqlite__failed(*db, "cannot open", path, e);
	set_up(*db);
	return 0;
}

int sqlite__exec(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

int sqlite__failed(sqlite3 *db, const char *what, const char *path, struct err *e)
{
	static const struct {
		int code, err;
		const char *text; /* NULL = SQLite's own */
	} known[] = {
		{SQLITE_NOMEM, ENOMEM, "out of memory"},
		{SQLITE_FULL, ENOSPC, "no room left on the device"},
		{SQLITE_CORRUPT, EBADMSG, "the file is damaged"},
		{SQLITE_NOTADB, EBADMSG, "this is no recording: not an SQLite file"},
		{SQLITE_INTERRUPT, ETIME, "it takes too long to read"},
		{SQLITE_BUSY, EBUSY, "another process is using it"},
		{SQLITE_TOOBIG, EBADMSG, "the file is damaged: a value is too large"},
		{SQLITE_PERM, EACCES, NULL},
		{SQLITE_READONLY, EROFS, NULL},
	};
	int code = db ? sqlite3_errcode(db) : SQLITE_NOMEM, os = db ? sqlite3_system_errno(db) : 0;

	/* the disk can also be full for the journal, or for a file that must grow */
	if ((code & 0xff) == SQLITE_IOERR && (os == ENOSPC || os == EDQUOT))
		code = SQLITE_FULL;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if ((code & 0xff) == known[i].code)
			return err__set(e, -known[i].err, "%s %s: %s", what, path,
					known[i].text ? known[i].text : sqlite3_errmsg(db));
	if (((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN) && os)
		return err__set(e, -os, "%s %s: %s", what, path, strerror(os));
	return err__set(e, -EIO, "%s %s: %s", what, path, db ? sqlite3_errmsg(db) : "");
}
