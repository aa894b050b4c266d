// SPDX-License-Identifier: GPL-2.0
#include "store/vfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/pages.h"
#include "store/share.h"

#define SECTOR_BYTES 4096
#define UNIX_EPOCH_MS 210866760000000LL /* in Julian days, as SQLite counts */

struct vfs {
	sqlite3_vfs vfs;
	struct store_input *in;
	char name[40];
};

struct file {
	sqlite3_file file;
	struct store_input *in;
	int level;
};

static struct store_input *input_of(sqlite3_file *f)
{
	return ((struct file *)f)->in;
}

/* ---- the file ---- */

static int close_file(sqlite3_file *f)
{
	(void)f;
	return SQLITE_OK;
}

static int read_file(sqlite3_file *f, void *buf, int size, sqlite3_int64 at)
{
	long n = pages__read(input_of(f), buf, (size_t)size, (uint64_t)at);

	if (n < 0)
		return SQLITE_IOERR_READ;
	if (n == size)
		return SQLITE_OK;
	memset((char *)buf + n, 0, (size_t)(size - n));
	return SQLITE_IOERR_SHORT_READ;
}

static int write_file(sqlite3_file *f, const void *buf, int size, sqlite3_int64 at)
{
	(void)f;
	(void)buf;
	(void)size;
	(void)at;
	return SQLITE_READONLY;
}

static int truncate_file(sqlite3_file *f, sqlite3_int64 size)
{
	(void)f;
	(void)size;
	return SQLITE_READONLY;
}

static int sync_file(sqlite3_file *f, int flags)
{
	(void)f;
	(void)flags;
	return SQLITE_OK;
}

static int size_of_file(sqlite3_file *f, sqlite3_int64 *size)
{
	uint64_t n;

	if (pages__size(input_of(f), &n))
		return SQLITE_IOERR_FSTAT;
	*size = (sqlite3_int64)n;
	return SQLITE_OK;
}

static int status_of(int rc, int otherwise)
{
	switch (rc) {
	case 0:
		return SQLITE_OK;
	case -EBUSY:
		return SQLITE_BUSY;
	case -EBADMSG:
		return SQLITE_CORRUPT;
	case -ENOMEM:
		return SQLITE_NOMEM;
	default:
		return otherwise;
	}
}

static int lock_file(sqlite3_file *f, int level)
{
	struct file *file = (struct file *)f;
	int rc;

	if (level <= file->level)
		return SQLITE_OK;
	if (level != SQLITE_LOCK_SHARED)
		return SQLITE_READONLY;
	rc = share__take(file->in);
	if (!rc)
		file->level = level;
	return status_of(rc, SQLITE_IOERR_LOCK);
}

static int unlock_file(sqlite3_file *f, int level)
{
	struct file *file = (struct file *)f;

	if (level != SQLITE_LOCK_NONE || !file->level)
		return SQLITE_OK;
	file->level = SQLITE_LOCK_NONE;
	return status_of(share__drop(file->in), SQLITE_IOERR_UNLOCK);
}

static int check_reserved(sqlite3_file *f, int *reserved)
{
	int rc = share__is_reserved(input_of(f));

	*reserved = rc == 1;
	return rc < 0 ? SQLITE_IOERR_CHECKRESERVEDLOCK : SQLITE_OK;
}

static int control_file(sqlite3_file *f, int what, void *arg)
{
	(void)f;
	(void)what;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int sector_size(sqlite3_file *f)
{
	(void)f;
	return SECTOR_BYTES;
}

static int characteristics(sqlite3_file *f)
{
	(void)f;
	return 0;
}

/* Version 1: no shared memory, hence no write-ahead log, and nothing is mapped. */
static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = close_file,
	.xRead = read_file,
	.xWrite = write_file,
	.xTruncate = truncate_file,
	.xSync = sync_file,
	.xFileSize = size_of_file,
	.xLock = lock_file,
	.xUnlock = unlock_file,
	.xCheckReservedLock = check_reserved,
	.xFileControl = control_file,
	.xSectorSize = sector_size,
	.xDeviceCharacteristics = characteristics,
};

/* ---- the world ---- */

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
	struct file *file = (struct file *)f;

	f->pMethods = NULL;
	/* no journal, no temporary file: what would need one is an error */
	if (!name || strcmp(name, VFS_FILE) != 0 || !(flags & SQLITE_OPEN_MAIN_DB))
		return SQLITE_CANTOPEN;
	*file = (struct file){{&methods}, ((struct vfs *)vfs)->in, SQLITE_LOCK_NONE};
	if (out_flags)
		*out_flags = SQLITE_OPEN_READONLY;
	return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs;
	(void)name;
	(void)sync;
	return SQLITE_READONLY;
}

/* There is nothing beside it: no journal, no log. */
static int access_file(sqlite3_vfs *vfs, const char *name, int flags, int *yes)
{
	(void)vfs;
	(void)name;
	(void)flags;
	*yes = 0;
	return SQLITE_OK;
}

static int full_name(sqlite3_vfs *vfs, const char *name, int size, char *full)
{
	(void)vfs;
	return snprintf(full, (size_t)size, "%s", name) < size ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int no_randomness(sqlite3_vfs *vfs, int size, char *buf)
{
	(void)vfs;
	memset(buf, 0, (size_t)size);
	return size;
}

static int sleep_us(sqlite3_vfs *vfs, int us)
{
	const struct timespec t = {us / 1000000, us % 1000000 * 1000L};

	(void)vfs;
	nanosleep(&t, NULL);
	return us;
}

static int now(sqlite3_vfs *vfs, double *days)
{
	(void)vfs;
	*days = (double)(clock__wall_ns() / (int64_t)NSEC_PER_MSEC + UNIX_EPOCH_MS) / 86400000.0;
	return SQLITE_OK;
}

static int last_error(sqlite3_vfs *vfs, int size, char *text)
{
	(void)vfs;
	(void)size;
	(void)text;
	return 0;
}

sqlite3_vfs *vfs__new(struct store_input *in)
{
	struct vfs *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	snprintf(v->name, sizeof(v->name), "input %p", (void *)in);
	v->in = in;
	v->vfs = (sqlite3_vfs){
		.iVersion = 1,
		.szOsFile = sizeof(struct file),
		.mxPathname = 64,
		.zName = v->name,
		.xOpen = open_file,
		.xDelete = delete_file,
		.xAccess = access_file,
		.xFullPathname = full_name,
		.xRandomness = no_randomness,
		.xSleep = sleep_us,
		.xCurrentTime = now,
		.xGetLastError = last_error,
	};
	if (!sqlite3_vfs_register(&v->vfs, 0))
		return &v->vfs;
	free(v);
	return NULL;
}

sqlite3_vfs *vfs__new_by_name(void)
{
	const sqlite3_vfs *system = sqlite3_vfs_find(NULL);
	struct vfs *v = calloc(1, sizeof(*v));

	if (!v || !system) {
		free(v);
		return NULL;
	}
	v->vfs = *system;
	snprintf(v->name, sizeof(v->name), "by name %p", (void *)v);
	v->vfs.zName = v->name;
	v->vfs.xFullPathname = full_name;
	if (!sqlite3_vfs_register(&v->vfs, 0))
		return &v->vfs;
	free(v);
	return NULL;
}

void vfs__free(sqlite3_vfs *vfs)
{
	if (!vfs)
		return;
	sqlite3_vfs_unregister(vfs);
	free(vfs);
}
