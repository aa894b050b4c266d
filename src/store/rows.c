// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/codec.h"
#include "store/reader.h"
#include "store/sqlite.h"

int reader__damaged(const struct store *s, const char *what, struct err *e)
{
	return err__set(e, -EBADMSG, "cannot read %s: the file is damaged (%s)", s->path, what);
}

void *reader__alloc(struct store *s, size_t n, size_t size, struct err *e)
{
	void *p = NULL;

	/* what the allocator adds to small pieces counts */
	if (size && n > (s->memory_left - (s->memory_left < 64 ? s->memory_left : 64)) / size) {
		err__set(e, -EFBIG, "cannot read %s: it has more names than fit into memory",
			 s->path);
		return NULL;
	}
	p = pool__array(&s->pool, n, size);
	if (!p) {
		err__set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	s->memory_left -= n * size + 32;
	return p;
}

int reader__text(struct store *s, const char *text, size_t size, const char **copy, struct err *e)
{
	char *p;

	*copy = "";
	if (!size)
		return 0;
	if (strnlen(text, size) != size)
		return reader__damaged(s, "a name with a NUL", e);
	p = reader__alloc(s, size + 1, 1, e);
	if (!p)
		return -ENOMEM;
	memcpy(p, text, size);
	*copy = p;
	return 0;
}

int rows__open(struct rows *r, struct store *s, const char *table, const char *sql, struct err *e)
{
	*r = (struct rows){.s = s, .table = table};
	if (sqlite3_prepare_v2(s->db, sql, -1, &r->stmt, NULL))
		return sqlite__failed(s->db, "cannot read", s->path, e);
	return 0;
}

int rows__next(struct rows *r, struct err *e)
{
	int rc = sqlite3_step(r->stmt);

	r->bad = false;
	if (rc == SQLITE_DONE)
		return 0;
	if (rc != SQLITE_ROW)
		return sqlite__failed(r->s->db, "cannot read", r->s->path, e);
	if (!r->s->rows_left)
		return reader__damaged(r->s, "more rows than its size allows", e);
	r->s->rows_left--;
	return 1;
}

int rows__check(const struct rows *r, struct err *e)
{
	return r->bad ? reader__damaged(r->s, r->table, e) : 0;
}

void rows__close(struct rows *r)
{
	sqlite3_finalize(r->stmt);
	r->stmt = NULL;
}

int64_t rows__int(struct rows *r, int column)
{
	if (sqlite3_column_type(r->stmt, column) == SQLITE_INTEGER)
		return sqlite3_column_int64(r->stmt, column);
	r->bad = true;
	return 0;
}

uint64_t rows__u64(struct rows *r, int column)
{
	return (uint64_t)rows__int(r, column);
}

static int64_t ranged(struct rows *r, int column, int64_t min, int64_t max)
{
	int64_t v = rows__int(r, column);

	if (v >= min && v <= max)
		return v;
	r->bad = true;
	return 0;
}

uint32_t rows__u32(struct rows *r, int column)
{
	return (uint32_t)ranged(r, column, 0, UINT32_MAX);
}

void rows__columns(struct rows *r, int first, const struct schema_columns *columns, void *to)
{
	size_t nr = schema__nr_columns(columns, r->s->info.schema);

	for (size_t i = nr; i < columns->nr; i++)
		memset((char *)to + columns->column[i].offset, 0,
		       columns->column[i].type == COLUMN_U64 ? sizeof(uint64_t) : sizeof(uint32_t));
	for (size_t i = 0; i < nr; i++) {
		void *at = (char *)to + columns->column[i].offset;
		int column = first + (int)i;

		switch (columns->column[i].type) {
		case COLUMN_U32:
			*(uint32_t *)at = rows__u32(r, column);
			break;
		case COLUMN_U16:
			*(uint16_t *)at = (uint16_t)ranged(r, column, 0, UINT16_MAX);
			break;
		case COLUMN_S32:
			*(int32_t *)at = (int32_t)ranged(r, column, INT32_MIN, INT32_MAX);
			break;
		case COLUMN_BOOL:
			*(bool *)at = ranged(r, column, 0, 1);
			break;
		default:
			*(uint64_t *)at = rows__u64(r, column);
		}
	}
}

void rows__hist(struct rows *r, int column, struct hist *h)
{
	int type = sqlite3_column_type(r->stmt, column);
	const void *blob;

	memset(h, 0, sizeof(*h));
	if (type == SQLITE_NULL)
		return;
	blob = sqlite3_column_blob(r->stmt, column);
	if (type != SQLITE_BLOB || !blob ||
	    codec__add_hist(blob, (size_t)sqlite3_column_bytes(r->stmt, column), h))
		r->bad = true;
}

static void *find_id(const struct id_table *t, int64_t id)
{
	size_t low = 0, high = t->nr;

	/* without gaps, as long as nothing has expired */
	if (t->nr && id >= t->id[0] && (uint64_t)(id - t->id[0]) < t->nr &&
	    t->id[id - t->id[0]] == id)
		return t->row[id - t->id[0]];
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->id[middle] == id)
			return t->row[middle];
		if (t->id[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

void *rows__ref(struct rows *r, int column, const struct id_table *t, bool may_be_none)
{
	int64_t id = rows__int(r, column);
	void *row = id ? find_id(t, id) : NULL;

	if (!row && (id || !may_be_none))
		r->bad = true;
	return row;
}

const char *rows__string(struct rows *r, int column)
{
	const char *s = rows__ref(r, column, &r->s->strings, true);

	return s ? s : "";
}
