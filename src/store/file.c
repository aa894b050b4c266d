// SPDX-License-Identifier: GPL-2.0
/* The file itself: what it says it is, what state it is in, what it may do. */
#define _GNU_SOURCE /* asprintf */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/reader.h"
#include "store/sqlite.h"

#define HEADER_BYTES 100
#define JOURNAL_MAGIC "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
#define JOURNAL_MAGIC_BYTES 8
/* Checking all pages of a larger file takes too long; its rows are checked as they are read. */
#define QUICK_CHECK_MAX_BYTES (1ULL << 30)
#define HEAP_MAX_BYTES (64 << 20)
#define OPS_BETWEEN_CLOCKS 20000

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* ---- what it says it is ---- */

static int check_header(struct store *s, const uint8_t *h, size_t size, struct err *e)
{
	uint32_t version = be32(h + 60);

	if (size < HEADER_BYTES || memcmp(h, "SQLite format 3", 16) != 0)
		return err__set(e, -EBADMSG, "%s is no recording: not an SQLite file", s->path);
	if (be32(h + 68) != SCHEMA_APPLICATION_ID || !version)
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
	/* with a write-ahead log SQLite would look for, and make, files beside it */
	if (h[18] != 1 || h[19] != 1)
		return err__set(e, -EBADMSG, "%s is no recording: it has a write-ahead log",
				s->path);
	s->info.schema = version;
	return 0;
}

static int look_at(struct store *s, struct err *e)
{
	uint8_t header[HEADER_BYTES] = {0};
	/* a pipe must not make us wait for its writer */
	int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc;
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return err__set(e, -errno, "cannot open %s: %s", s->path, strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		rc = err__set(e, -EINVAL, "%s is not a regular file", s->path);
	} else {
		n = pread(fd, header, sizeof(header), 0);
		s->info.size_bytes = (uint64_t)st.st_size;
		s->rows_left = (uint64_t)st.st_size / 2 + 16;
		rc = n < 0 ? err__set(e, -errno, "cannot read %s: %s", s->path, strerror(errno))
			   : check_header(s, header, (size_t)n, e);
	}
	close(fd);
	return rc;
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

static int confine(struct store *s)
{
	int rc = sqlite__exec(s->db,
			      "PRAGMA mmap_size=0; PRAGMA query_only=1; PRAGMA cache_size=-2048;"
			      "PRAGMA temp_store=MEMORY; PRAGMA cell_size_check=1;");

	sqlite3_hard_heap_limit64(HEAP_MAX_BYTES);
	sqlite3_progress_handler(s->db, OPS_BETWEEN_CLOCKS, watch_clock, s);
	sqlite3_set_authorizer(s->db, authorize, NULL);
	return rc;
}

/* ---- what state it is in ---- */

/* Copy at most what a recording can be; the target is in a directory of our own. */
static int copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK), out, rc = 0;
	char buf[65536];
	ssize_t n;

	if (in < 0)
		return -errno;
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		rc = -errno;
	while (!rc && (n = read(in, buf, sizeof(buf))) != 0) {
		if (n < 0)
			rc = -errno;
		else if (write(out, buf, (size_t)n) != n)
			rc = errno ? -errno : -EIO;
	}
	if (out >= 0 && close(out) && !rc)
		rc = -errno;
	close(in);
	return rc;
}

/*
 * A journal can name a file that SQLite then reads and removes: the journal of
 * a transaction over several databases, which a recording never has.
 */
static bool names_other_file(const char *journal)
{
	int fd = open(journal, O_RDONLY | O_CLOEXEC);
	char end[JOURNAL_MAGIC_BYTES];
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	bool bad = true;

	if (size >= JOURNAL_MAGIC_BYTES &&
	    pread(fd, end, sizeof(end), size - JOURNAL_MAGIC_BYTES) == JOURNAL_MAGIC_BYTES)
		/* a journal of a header alone ends with zeros */
		bad = !memcmp(end, JOURNAL_MAGIC, sizeof(end));
	if (fd >= 0)
		close(fd);
	return bad;
}

static char *in_dir(const char *dir, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

static void remove_copy(struct store *s)
{
	static const char *const names[] = {"recording", "recording-journal"};

	for (size_t i = 0; s->copy_dir && i < ARRAY_SIZE(names); i++) {
		char *path = in_dir(s->copy_dir, names[i]);

		if (path)
			unlink(path);
		free(path);
	}
	if (s->copy_dir)
		rmdir(s->copy_dir);
	free(s->copy_dir);
	s->copy_dir = NULL;
}

static int make_copy(struct store *s, const char *copy, const char *copy_journal, struct err *e)
{
	char *journal;
	int rc;

	if (asprintf(&journal, "%s-journal", s->path) < 0)
		return err__set(e, -ENOMEM, "out of memory");
	rc = copy_file(s->path, copy);
	if (!rc)
		rc = copy_file(journal, copy_journal);
	if (rc)
		err__set(e, rc, "cannot copy %s to put it right: %s", s->path, strerror(-rc));
	else if (names_other_file(copy_journal))
		rc = err__set(e, -EBADMSG, "cannot read %s: %s is not the journal of a recording",
			      s->path, journal);
	free(journal);
	return rc;
}

/* A transaction was under way when it was written last: take it back, in a copy. */
static int put_right(struct store *s, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	char *copy = NULL, *journal = NULL;
	int rc;

	s->copy_dir = in_dir(tmp && *tmp ? tmp : "/tmp", "aiostall.XXXXXX");
	if (!s->copy_dir || !mkdtemp(s->copy_dir)) {
		free(s->copy_dir);
		s->copy_dir = NULL;
		return err__set(e, -errno, "cannot make a directory for a copy of %s: %s", s->path,
				strerror(errno));
	}
	copy = in_dir(s->copy_dir, "recording");
	journal = in_dir(s->copy_dir, "recording-journal");
	rc = copy && journal ? make_copy(s, copy, journal, e)
			     : err__set(e, -ENOMEM, "out of memory");
	if (!rc)
		rc = sqlite__open(copy, SQLITE_OPEN_READWRITE, &s->db, e);
	if (!rc && sqlite__exec(s->db, "PRAGMA mmap_size=0; SELECT count(*) FROM sqlite_schema"))
		rc = sqlite__failed(s->db, "cannot read", s->path, e);
	free(copy);
	free(journal);
	return rc;
}

static bool is_unfinished_transaction(int code)
{
	return code == SQLITE_READONLY_ROLLBACK || code == SQLITE_READONLY_RECOVERY ||
	       code == SQLITE_READONLY_CANTLOCK;
}

static int open_db(struct store *s, struct err *e)
{
	int rc = sqlite__open(s->path, SQLITE_OPEN_READONLY, &s->db, e);

	if (rc)
		return rc;
	if (!sqlite__exec(s->db, "PRAGMA mmap_size=0; SELECT count(*) FROM sqlite_schema"))
		return 0;
	if (!is_unfinished_transaction(sqlite3_extended_errcode(s->db)))
		return sqlite__failed(s->db, "cannot read", s->path, e);
	sqlite3_close(s->db);
	s->db = NULL;
	return put_right(s, e);
}

/* Byte by byte what we write: a foreign schema has no way in. */
static int check_schema(struct store *s, struct err *e)
{
	struct rows r;
	size_t i = 0;
	int rc = rows__open(&r, s, "schema", "SELECT sql FROM sqlite_schema ORDER BY rowid", e);

	while (!rc && (rc = rows__next(&r, e)) == 1) {
		const struct schema_table *t = schema__table(i++);
		const char *sql = (const char *)sqlite3_column_text(r.stmt, 0);

		rc = t && sql && !strcmp(sql, schema__sql(t, s->info.schema)) ? 0 : 1;
		if (rc)
			break;
	}
	rows__close(&r);
	if (rc < 0)
		return rc;
	return rc || schema__table(i)
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

int file__open(struct store *s, struct err *e)
{
	int rc = look_at(s, e);

	if (!rc)
		rc = open_db(s, e);
	if (!rc && confine(s))
		rc = sqlite__failed(s->db, "cannot read", s->path, e);
	if (!rc)
		rc = check_schema(s, e);
	return rc ? rc : check_pages(s, e);
}

void file__close(struct store *s)
{
	sqlite3_close(s->db);
	s->db = NULL;
	remove_copy(s);
}
