/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SQLite's view of the world while it reads what is not trusted: one file that
 * cannot be written to, and nothing beside it.
 */
#ifndef AIOSTALL_STORE_VFS_H
#define AIOSTALL_STORE_VFS_H

#include <sqlite3.h>

#include "store/input.h"

/* The name under which the one file is opened. */
#define VFS_FILE "recording"

/* To be given to sqlite__open_input; in outlives it. NULL on lack of memory. */
sqlite3_vfs *vfs__new(struct store_input *in);
/* The system's own, but a name is taken as it is: SQLite would resolve its links itself. NULL on lack of memory. */
sqlite3_vfs *vfs__new_by_name(void);
void vfs__free(sqlite3_vfs *vfs); /* free(NULL) works */

#endif
