/* SPDX-License-Identifier: GPL-2.0 */
/* What reading and writing share of SQLite's API. */
#ifndef AIOSTALL_STORE_SQLITE_H
#define AIOSTALL_STORE_SQLITE_H

#include <sqlite3.h>

#include "base/base.h"

#define SQLITE_TEXT_OF_(x) #x
#define SQLITE_TEXT_OF(x) SQLITE_TEXT_OF_(x)

/*
 * Open what has an absolute name to write, in defensive mode, with nothing that a schema could
 * run, lowered limits. One thread at a time may use it. path is for messages. 0, or -errno with
 * e set.
 */
int sqlite__open(sqlite3_vfs *vfs, const char *name, const char *path, sqlite3 **db, struct err *e);
/* The same, to read what a VFS of vfs.h has; path is for messages. No byte is read yet. */
int sqlite__open_input(sqlite3_vfs *vfs, const char *path, sqlite3 **db, struct err *e);
/* Statements of our own. An SQLite status. */
int sqlite__exec(sqlite3 *db, const char *sql);
/* "WHAT PATH: why" from the connection's last error. Returns -errno. */
int sqlite__failed(sqlite3 *db, const char *what, const char *path, struct err *e);

#endif
