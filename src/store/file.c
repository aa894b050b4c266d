// SPDX-License-Identifier: GPL-2.0
/* The file itself: what it says it is, what state it is in, what it may do. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "store/pages.h"
#include "store/reader.h"
#include "store/share.h"
#include "store/sqlite.h"
#include "store/vfs.h"

#define HEADER_BYTES 100
/* Checking all pages of a larger file takes too long; its rows are checked as they are read. */
#define QUICK_CHECK_MAX_BYTES (1ULL << 30)
#define HEAP_MAX_BYTES (64 << 20)
#define OPS_BETWEEN_CLOCKS 20000
#define BUSY_MS 5000
#define BUSY_STEP_MS 10

/* ---- what it says it is ---- */

/* Bytes of the header that are the same in every recording: a page of 4096, no write-ahead log, ... */
static const struct {
	uint8_t at, value;
} fixed[] = {
	{16, PAGE_BYTES >> 8},
	{17, 0},
	{18, 1},
	{19, 1},
	{20, 0},
	{21, 64},
	{22, 32},
	{23, 32},
	{56, 0},
	{57, 0},
	{58, 0},
	{59, 1},
};

static int check_fixed(const struct store *s, const uint8_t *h, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		if (h[fixed[i].at] != fixed[i].value)
			return err__set(e, -EBADMSG, "%s is no recording: %s", s->path,
					fixed[i].at == 18 || fixed[i].at == 19
						? "it has a write-ahead log"
						: "an SQLite file of another kind");
	return 0;
}

static int check_header(struct store *s, const uint8_t *h, long size, struct err *e)
{
	uint32_t version = pages__be32(h + 60);

	if (size < HEADER_BYTES || memcmp(h, "SQLite format 3", 16) != 0)
		return err__set(e, -EBADMSG, "%s is no recording: not an SQLite file", s->path);
	if (pages__be32(h + 68) != SCHEMA_APPLICATION_ID || !version)
		return err__set(e, -EBADMSG,
				"%s is no recording: an SQLite file that aiostall has not written, "
				"or has not begun to",
				s->path);
	if (version > SCHEMA_VERSION) {
		err__set(e, -EPROTONOSUPPORT,
			 "%s has version %u of the schema, this aiostall reads up to version %d",
			 s->path, version, SCHEMA_VERSION);
		err__hint(e, "Report it with the aiostall that recorded it, or a newer one.");
		return -EPROTONOSUPPORT;
	}
	s->info.schema = version;
	return check_fixed(s, h, e);
}

static int look_at(struct store *s, struct err *e)
{
	uint8_t header[HEADER_BYTES] = {0};
	long n = pages__read(s->input, header, sizeof(header), 0);

	s->info.size_bytes = s->input->size_bytes;
	s->rows_left = s->info.size_bytes / 2 + 16;
	return n < 0 ? err__set(e, (int)n, "cannot read %s: %s", s->path, strerror((int)-n))
		     : check_header(s, header, n, e);
}

/* ---- what it may do ---- */

static int authorize(void *ctx, int what, const char *a, const char *b, const char *db,
		     const char *trigger)
{
	static const char *const functions[] = {"count", "min", "max"};

	(void)ctx;
	(void)db;
	if (trigger)
		return SQLITE_DENY;
	if (what == SQLITE_SELECT || what == SQLITE_READ || what == SQLITE_TRANSACTION)
		return SQLITE_OK;
	for (size_t i = 0; what == SQLITE_FUNCTION && i < ARRAY_SIZE(functions); i++)
		if (b && !strcmp(b, functions[i]))
			return SQLITE_OK;
	if (what == SQLITE_PRAGMA && a && !strcmp(a, "quick_check"))
		return SQLITE_OK;
	return SQLITE_DENY;
}

static int watch_clock(void *ctx)
{
	const struct store *s = ctx;

	return clock__mono_ns() > s->deadline_ns;
}

static int open_db(struct store *s, struct err *e)
{
	int rc;

	/* before the first byte: the table of tables is read before a statement is */
	sqlite3_hard_heap_limit64(HEAP_MAX_BYTES);
	s->vfs = vfs__new(s->input);
	if (!s->vfs)
		return err__set(e, -ENOMEM, "out of memory");
	rc = sqlite__open_input(s->vfs, s->path, &s->db, e);
	if (rc)
		return rc;
	sqlite3_progress_handler(s->db, OPS_BETWEEN_CLOCKS, watch_clock, s);
	rc = sqlite__exec(s->db, "PRAGMA mmap_size=0; PRAGMA query_only=1; PRAGMA cache_size=-2048;"
				 "PRAGMA temp_store=MEMORY; PRAGMA cell_size_check=1;");
	sqlite3_set_authorizer(s->db, authorize, NULL);
	return rc ? sqlite__failed(s->db, "cannot read", s->path, e) : 0;
}

/* ---- what is in it ---- */

/* Byte by byte what we write: a foreign schema has no way in. */
static int check_schema(struct store *s, struct err *e)
{
	char want[SCHEMA_SQL_MAX];
	struct rows r;
	size_t i = 0;
	int rc = rows__open(&r, s, "schema", "SELECT sql FROM sqlite_schema ORDER BY rowid", e);

	while (!rc && (rc = rows__next(&r, e)) == 1) {
		const struct schema_table *t = schema__table(i++, s->info.schema);
		const char *sql = (const char *)sqlite3_column_text(r.stmt, 0);

		rc = t && sql && !strcmp(sql, schema__sql(t, s->info.schema, want)) ? 0 : 1;
		if (rc)
			break;
	}
	rows__close(&r);
	if (rc < 0)
		return rc;
	return rc || schema__table(i, s->info.schema)
		       ? err__set(e, -EBADMSG, "%s is no recording: other tables", s->path)
		       : 0;
}

static int check_pages(struct store *s, struct err *e)
{
	struct rows r;
	int rc;

	if (s->info.size_bytes > QUICK_CHECK_MAX_BYTES)
		return 0;
	rc = rows__open(&r, s, "pages", "PRAGMA quick_check(1)", e);
	if (!rc)
		rc = rows__next(&r, e);
	if (rc == 1) {
		const char *said = (const char *)sqlite3_column_text(r.stmt, 0);

		rc = said && !strcmp(said, "ok") ? 0 : reader__damaged(s, "its pages", e);
	}
	rows__close(&r);
	return rc;
}

static int take_share(struct store *s, struct err *e)
{
	const struct timespec step = {.tv_nsec = BUSY_STEP_MS * NSEC_PER_MSEC};
	int rc = share__take(s->input);

	for (int ms = 0; rc == -EBUSY && ms < BUSY_MS; ms += BUSY_STEP_MS) {
		nanosleep(&step, NULL);
		rc = share__take(s->input);
	}
	if (rc == -EBADMSG)
		return err__set(e, rc, "%s is no recording: other tables, or a damaged journal",
				s->path);
	if (rc == -EBUSY)
		return err__set(e, rc, "cannot read %s: another process is using it", s->path);
	return rc ? err__set(e, rc, "cannot read %s: %s", s->path, strerror(-rc)) : 0;
}

int file__open(struct store *s, struct err *e)
{
	int rc = look_at(s, e);

	if (rc)
		return rc;
	rc = take_share(s, e);
	if (rc)
		return rc;
	/* again: a journal can have another first page */
	rc = look_at(s, e);
	if (!rc)
		rc = open_db(s, e);
	if (!rc)
		rc = check_schema(s, e);
	if (!rc)
		rc = check_pages(s, e);
	share__drop(s->input);
	return rc;
}

void file__close(struct store *s)
{
	sqlite3_close(s->db);
	vfs__free(s->vfs);
	s->db = NULL;
	s->vfs = NULL;
}
