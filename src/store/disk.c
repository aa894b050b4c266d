// SPDX-License-Identifier: GPL-2.0
#include "store/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/claim.h"
#include "store/sqlite.h"
#include "store/vfs.h"

/* A reader that is stopped in the middle makes a slice longer, and only then ends the recording. */
#define BUSY_MS 60000

#define SET_APPLICATION "PRAGMA application_id=" SQLITE_TEXT_OF(SCHEMA_APPLICATION_ID) ";"
#define SET_VERSION "PRAGMA user_version=" SQLITE_TEXT_OF(SCHEMA_VERSION) ";"

struct disk {
	char *path;
	struct claim claim;
	sqlite3_vfs *vfs;
	sqlite3 *db; /* NULL until the first batch */
	sqlite3_stmt *insert[TABLES], *delete_id[TABLES], *delete_slice[TABLES];
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	struct batch batch;
	bool busy, stop;
	int rc;
	struct err err; /* of the first batch that failed */
	uint64_t size_bytes;
};

static int open_db(struct disk *d, struct err *e)
{
	char name[320];
	char sql[SCHEMA_SQL_MAX];
	int rc;

	claim__name(&d->claim, name, sizeof(name));
	rc = sqlite__open(d->vfs, name, d->path, &d->db, e);
	if (rc)
		return rc;
	sqlite3_busy_timeout(d->db, BUSY_MS);
	rc = sqlite__exec(d->db, "PRAGMA page_size=4096; PRAGMA journal_mode=TRUNCATE;"
				 "PRAGMA synchronous=FULL; PRAGMA mmap_size=0;"
				 "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-2048;");
	if (!rc)
		rc = sqlite__exec(d->db, "BEGIN");
	for (size_t i = 0; !rc && schema__table(i, SCHEMA_VERSION); i++)
		rc = sqlite__exec(
			d->db, schema__sql(schema__table(i, SCHEMA_VERSION), SCHEMA_VERSION, sql));
	if (!rc)
		rc = sqlite__exec(d->db, SET_APPLICATION SET_VERSION "COMMIT");
	return rc ? sqlite__failed(d->db, "cannot write", d->path, e) : 0;
}

/* ---- one batch ---- */

static sqlite3_stmt *prepare(struct disk *d, sqlite3_stmt **slot, const char *sql)
{
	sqlite3_prepare_v3(d->db, sql, -1, SQLITE_PREPARE_PERSISTENT, slot, NULL);
	return *slot;
}

static sqlite3_stmt *inserting(struct disk *d, const struct batch_row *row)
{
	sqlite3_stmt **slot = &d->insert[row->table];
	char sql[256];
	int n;

	if (*slot)
		return *slot;
	n = snprintf(sql, sizeof(sql), "REPLACE INTO %s VALUES(?",
		     schema__table(row->table, SCHEMA_VERSION)->name);
	for (uint8_t i = 1; i < row->nr_values; i++)
		n += snprintf(sql + n, sizeof(sql) - (size_t)n, ",?");
	snprintf(sql + n, sizeof(sql) - (size_t)n, ")");
	return prepare(d, slot, sql);
}

static sqlite3_stmt *deleting(struct disk *d, sqlite3_stmt **slot, uint8_t table,
			      const char *column)
{
	char sql[128];

	if (*slot)
		return *slot;
	snprintf(sql, sizeof(sql), "DELETE FROM %s WHERE %s=?",
		 schema__table(table, SCHEMA_VERSION)->name, column);
	return prepare(d, slot, sql);
}

static void bind(sqlite3_stmt *stmt, int i, const struct batch_value *v)
{
	if (v->type == BATCH_INT)
		sqlite3_bind_int64(stmt, i, v->number);
	else if (v->type == BATCH_TEXT)
		sqlite3_bind_text(stmt, i, v->data, (int)v->size, SQLITE_STATIC);
	else if (v->size)
		sqlite3_bind_blob(stmt, i, v->data, (int)v->size, SQLITE_STATIC);
	else
		sqlite3_bind_null(stmt, i);
}

/* An SQLite status, SQLITE_OK if it went well. */
static int run(sqlite3_stmt *stmt)
{
	if (!stmt)
		return SQLITE_ERROR;
	sqlite3_step(stmt);
	return sqlite3_reset(stmt);
}

static int delete_slice(struct disk *d, const struct batch_value *v)
{
	int rc = SQLITE_OK;

	for (uint8_t t = 0; rc == SQLITE_OK && schema__table(t, SCHEMA_VERSION); t++) {
		bool is_slice = !strcmp(schema__table(t, SCHEMA_VERSION)->name, "slice");
		sqlite3_stmt *stmt;

		if (!is_slice && !schema__is_of_slices(schema__table(t, SCHEMA_VERSION)))
			continue;
		stmt = deleting(d, &d->delete_slice[t], t, is_slice ? "id" : "slice");
		if (stmt)
			bind(stmt, 1, v);
		rc = run(stmt);
	}
	return rc;
}

static int apply_row(struct disk *d, const struct batch *b, size_t *at, const struct batch_row *row)
{
	struct batch_value v = {0};
	sqlite3_stmt *stmt = NULL;

	if (row->op == BATCH_INSERT)
		stmt = inserting(d, row);
	else if (row->op == BATCH_DELETE_ID)
		stmt = deleting(d, &d->delete_id[row->table], row->table, "id");
	for (uint8_t i = 0; i < row->nr_values; i++) {
		batch__next_value(b, at, &v);
		if (stmt)
			bind(stmt, i + 1, &v);
	}
	return row->op == BATCH_DELETE_SLICE ? delete_slice(d, &v) : run(stmt);
}

static int apply(struct disk *d, const struct batch *b, struct err *e)
{
	struct batch_row row;
	size_t at = 0;
	int rc;

	if (b->err)
		return err__set(e, b->err, "cannot write %s: out of memory", d->path);
	rc = sqlite__exec(d->db, "BEGIN IMMEDIATE");
	while (!rc && batch__next_row(b, &at, &row))
		rc = apply_row(d, b, &at, &row);
	if (!rc)
		rc = sqlite__exec(d->db, "COMMIT");
	if (!rc)
		return 0;
	rc = sqlite__failed(d->db, "cannot write", d->path, e);
	sqlite__exec(d->db, "ROLLBACK");
	if (rc == -ENOSPC)
		err__hint(e, "What was recorded until then is in the file and can be reported.");
	return rc;
}

/* ---- the thread ---- */

static uint64_t file_size(const struct disk *d)
{
	struct stat st;

	return d->claim.fd < 0 || fstat(d->claim.fd, &st) ? 0 : (uint64_t)st.st_size;
}

/* Only now does what has the name go away: what runs before may fail. */
static int begin(struct disk *d, struct err *e)
{
	int rc = claim__take(&d->claim, e);

	return rc ? rc : open_db(d, e);
}

static void write_one(struct disk *d)
{
	struct err e = {0};
	uint64_t size;
	int rc;

	pthread_mutex_unlock(&d->lock);
	rc = d->db ? 0 : begin(d, &e);
	if (!rc)
		rc = apply(d, &d->batch, &e);
	size = file_size(d);
	pthread_mutex_lock(&d->lock);
	batch__clear(&d->batch);
	d->size_bytes = size;
	if (rc) {
		d->rc = rc;
		d->err = e;
	}
	d->busy = false;
	pthread_cond_broadcast(&d->changed);
}

static void *write_batches(void *arg)
{
	struct disk *d = arg;

	pthread_mutex_lock(&d->lock);
	for (;;) {
		if (d->busy)
			write_one(d);
		else if (d->stop)
			break;
		else
			pthread_cond_wait(&d->changed, &d->lock);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

/* Signals are for the thread that traces: they must interrupt its waiting. */
static int start_thread(struct disk *d, struct err *e)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&d->thread, NULL, write_batches, d);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	d->has_thread = !rc;
	return rc ? err__set(e, -rc, "cannot start a thread: %s", strerror(rc)) : 0;
}

int disk__new(const char *path, struct disk **out, struct err *e)
{
	struct disk *d = calloc(1, sizeof(*d));
	int rc;

	if (!d)
		return err__set(e, -ENOMEM, "out of memory");
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->changed, NULL);
	d->claim = (struct claim){.place = {.dir = -1, .there = -1}, .fd = -1, .old = -1};
	d->path = strdup(path);
	d->vfs = vfs__new_by_name();
	rc = d->path && d->vfs ? claim__check(d->path, &d->claim, e)
			       : err__set(e, -ENOMEM, "out of memory");
	if (!rc)
		rc = start_thread(d, e);
	if (rc) {
		disk__free(d);
		return rc;
	}
	*out = d;
	return 0;
}

bool disk__is_busy(struct disk *d)
{
	bool busy;

	pthread_mutex_lock(&d->lock);
	busy = d->busy;
	pthread_mutex_unlock(&d->lock);
	return busy;
}

int disk__write(struct disk *d, struct batch *b, struct err *e)
{
	struct batch empty;
	int rc;

	pthread_mutex_lock(&d->lock);
	while (d->busy)
		pthread_cond_wait(&d->changed, &d->lock);
	rc = d->rc;
	if (rc) {
		*e = d->err;
		batch__clear(b);
	} else {
		empty = d->batch;
		d->batch = *b;
		*b = empty;
		d->busy = true;
		pthread_cond_broadcast(&d->changed);
	}
	pthread_mutex_unlock(&d->lock);
	return rc;
}

static void stop_thread(struct disk *d)
{
	if (!d->has_thread)
		return;
	pthread_mutex_lock(&d->lock);
	d->stop = true;
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->lock);
	pthread_join(d->thread, NULL);
	d->has_thread = false;
}

int disk__close(struct disk *d, struct err *e)
{
	stop_thread(d);
	if (d->rc) {
		*e = d->err;
		return d->rc;
	}
	/* without a journal beside it the file says that it is whole */
	sqlite__exec(d->db, "PRAGMA journal_mode=DELETE");
	return 0;
}

uint64_t disk__size(struct disk *d)
{
	uint64_t size;

	pthread_mutex_lock(&d->lock);
	size = d->size_bytes;
	pthread_mutex_unlock(&d->lock);
	return size;
}

void disk__free(struct disk *d)
{
	if (!d)
		return;
	stop_thread(d);
	for (size_t i = 0; i < TABLES; i++) {
		sqlite3_finalize(d->insert[i]);
		sqlite3_finalize(d->delete_id[i]);
		sqlite3_finalize(d->delete_slice[i]);
	}
	sqlite3_close(d->db);
	vfs__free(d->vfs);
	claim__abandon(&d->claim);
	/* after SQLite's, whose locks would go with it */
	claim__drop(&d->claim);
	pthread_cond_destroy(&d->changed);
	pthread_mutex_destroy(&d->lock);
	batch__free(&d->batch);
	free(d->path);
	free(d);
}
