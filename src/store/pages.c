// SPDX-License-Identifier: GPL-2.0
#include "store/pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JOURNAL_HEADER_BYTES 28
#define RECORD_BYTES (4 + PAGE_BYTES + 4) /* number, content, checksum */
#define SECTOR_MIN 32
#define SECTOR_MAX 65536
#define RECORDS_TO_THE_END UINT32_MAX
/* SQLite keeps locks at this offset, and nothing else on its page. */
#define LOCK_PAGE (0x40000000 / PAGE_BYTES + 1)

/* A journal as it is read: the places as SQLite's pager_playback() has them. */
struct journal {
	uint64_t size, at;
	uint32_t sector, checksum, records;
};

uint32_t pages__be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static long read_at(int fd, void *buf, size_t size, uint64_t at)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, (char *)buf + done, size - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += (size_t)n;
	}
	return (long)done;
}

/* Not by fstat(2), which as the C library does it can ask for any file: a confined process may not. */
static int size_of(int fd, uint64_t *size)
{
	off_t end = lseek(fd, 0, SEEK_END);

	*size = end < 0 ? 0 : (uint64_t)end;
	return end < 0 ? -errno : 0;
}

/* ---- the journal ---- */

static bool is_sector(uint32_t n)
{
	return n >= SECTOR_MIN && n <= SECTOR_MAX && !(n & (n - 1));
}

/* 1 = a header, 0 = none where one would be: the journal ends here. */
static int read_header(struct store_input *in, struct journal *j)
{
	uint8_t h[JOURNAL_HEADER_BYTES];
	bool first = !j->at;
	long n;

	if (!first)
		j->at = (j->at + j->sector - 1) / j->sector * j->sector;
	n = read_at(in->journal, h, sizeof(h), j->at);
	if (n < 0)
		return (int)n;
	if (n < (long)sizeof(h) || memcmp(h, JOURNAL_MAGIC, 8) != 0)
		return 0;
	j->records = pages__be32(h + 8);
	j->checksum = pages__be32(h + 12);
	if (first) {
		in->nr_pages = pages__be32(h + 16);
		j->sector = pages__be32(h + 20);
		if (!is_sector(j->sector) || pages__be32(h + 24) != PAGE_BYTES)
			return -EBADMSG;
		/* half a header: nothing was changed yet */
		if (j->sector > j->size) {
			j->sector = 0;
			return 0;
		}
	}
	j->at += j->sector;
	if (j->records == RECORDS_TO_THE_END)
		j->records = (uint32_t)((j->size - j->at) / RECORD_BYTES);
	return j->at <= j->size;
}

static uint32_t checksum(const uint8_t *page, uint32_t sum)
{
	for (int i = PAGE_BYTES - 200; i > 0; i -= 200)
		sum += page[i];
	return sum;
}

static int save(struct store_input *in, uint32_t no, uint64_t at)
{
	if (in->nr_saved == in->room_saved) {
		size_t room = in->room_saved ? 2 * in->room_saved : 64;
		struct saved_page *grown = reallocarray(in->saved, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		in->saved = grown;
		in->room_saved = room;
	}
	/* each page once, so that no journal has more of them than the file */
	if (in->nr_saved >= in->nr_pages)
		return -EBADMSG;
	in->saved[in->nr_saved++] = (struct saved_page){no, at};
	return 0;
}

/* 1 = a record, 0 = none: the journal ends here, what follows was not written. */
static int read_record(struct store_input *in, struct journal *j)
{
	uint8_t r[RECORD_BYTES];
	long n = read_at(in->journal, r, sizeof(r), j->at);
	uint32_t no = pages__be32(r);
	int rc;

	if (n < 0)
		return (int)n;
	if (n < RECORD_BYTES || !no || no == LOCK_PAGE ||
	    checksum(r + 4, j->checksum) != pages__be32(r + 4 + PAGE_BYTES))
		return 0;
	rc = no <= in->nr_pages ? save(in, no, j->at + 4) : 0;
	j->at += RECORD_BYTES;
	return rc ? rc : 1;
}

static int read_journal(struct store_input *in, struct journal *j)
{
	int rc;

	while ((rc = read_header(in, j)) == 1) {
		for (uint32_t i = 0; rc == 1 && i < j->records; i++)
			rc = read_record(in, j);
		if (rc != 1)
			break;
	}
	return rc;
}

static int by_number(const void *a, const void *b)
{
	const struct saved_page *x = a, *y = b;

	return x->no < y->no ? -1 : x->no > y->no;
}

/*
 * The last bytes can name a file that SQLite would read and remove: the
 * journal of a transaction over several databases, which a recording never has.
 */
static bool names_other_file(const struct store_input *in, uint64_t size)
{
	char end[8];

	return size >= sizeof(end) &&
	       read_at(in->journal, end, sizeof(end), size - sizeof(end)) == sizeof(end) &&
	       !memcmp(end, JOURNAL_MAGIC, sizeof(end));
}

void pages__ignore_journal(struct store_input *in)
{
	in->unfinished = false;
	in->nr_saved = 0;
}

int pages__look_at_journal(struct store_input *in)
{
	struct journal j = {0};
	char first = 0;
	int rc;

	pages__ignore_journal(in);
	if (in->journal < 0)
		return 0;
	rc = size_of(in->journal, &j.size);
	if (rc)
		return rc;
	/* after a whole transaction it is empty, or begins with zeros */
	if (read_at(in->journal, &first, 1, 0) != 1 || !first)
		return 0;
	if (names_other_file(in, j.size))
		return -EBADMSG;
	rc = read_journal(in, &j);
	if (rc < 0 || !j.sector)
		return rc;
	if ((uint64_t)in->nr_pages * PAGE_BYTES > in->size_bytes)
		return -EBADMSG;
	if (in->nr_saved)
		qsort(in->saved, in->nr_saved, sizeof(*in->saved), by_number);
	for (size_t i = 1; i < in->nr_saved; i++)
		if (in->saved[i].no == in->saved[i - 1].no)
			return -EBADMSG;
	in->unfinished = true;
	return 0;
}

/* ---- pages ---- */

static const struct saved_page *find_saved(const struct store_input *in, uint32_t no)
{
	const struct saved_page key = {.no = no};

	if (!in->unfinished || !in->nr_saved)
		return NULL;
	return bsearch(&key, in->saved, in->nr_saved, sizeof(key), by_number);
}

int pages__size(const struct store_input *in, uint64_t *size)
{
	if (!in->unfinished)
		return size_of(in->fd, size);
	*size = (uint64_t)in->nr_pages * PAGE_BYTES;
	return 0;
}

/* What lies on one page. */
static long read_part(const struct store_input *in, void *buf, size_t size, uint64_t at)
{
	const struct saved_page *saved = find_saved(in, (uint32_t)(at / PAGE_BYTES) + 1);

	return saved ? read_at(in->journal, buf, size, saved->at + at % PAGE_BYTES)
		     : read_at(in->fd, buf, size, at);
}

long pages__read(const struct store_input *in, void *buf, size_t size, uint64_t at)
{
	uint64_t end;
	size_t done = 0;
	int rc = pages__size(in, &end);

	if (rc)
		return rc;
	size = at >= end ? 0 : size < end - at ? size : (size_t)(end - at);
	while (done < size) {
		size_t part = PAGE_BYTES - (at + done) % PAGE_BYTES;
		long n;

		if (part > size - done)
			part = size - done;
		n = read_part(in, (char *)buf + done, part, at + done);
		if (n < 0)
			return n;
		done += (size_t)n;
		if ((size_t)n < part)
			break;
	}
	return (long)done;
}

/* ---- the tree of the table of tables ---- */

#define TABLE_INTERIOR 0x05
#define TABLE_LEAF 0x0d
#define FILE_HEADER_BYTES 100
#define SCHEMA_PAGES_MAX 32
#define SCHEMA_ROWS_MAX 64
#define SCHEMA_ROW_MAX_BYTES 8192

struct schema_walk {
	const struct store_input *in;
	uint32_t seen[SCHEMA_PAGES_MAX]; /* pages; also those still to be visited */
	size_t nr_seen, rows;
};

static bool visit_later(struct schema_walk *w, uint32_t no)
{
	for (size_t i = 0; i < w->nr_seen; i++)
		if (w->seen[i] == no)
			return false;
	if (w->nr_seen == ARRAY_SIZE(w->seen))
		return false;
	w->seen[w->nr_seen++] = no;
	return true;
}

/* A number of 1 to 9 bytes, as SQLite writes them; only sizes below 2^28 are of interest. */
static bool is_short_row(const uint8_t *p, const uint8_t *end)
{
	uint32_t v = 0;

	for (int i = 0; i < 4 && p + i < end; i++) {
		v = v << 7 | (p[i] & 0x7f);
		if (!(p[i] & 0x80))
			return v <= SCHEMA_ROW_MAX_BYTES;
	}
	return false;
}

static bool visit_cell(struct schema_walk *w, const uint8_t *page, uint32_t at, bool leaf)
{
	if (at + 4 > PAGE_BYTES)
		return false;
	return leaf ? is_short_row(page + at, page + PAGE_BYTES)
		    : visit_later(w, pages__be32(page + at));
}

static bool visit_page(struct schema_walk *w, uint32_t no)
{
	uint8_t page[PAGE_BYTES];
	uint32_t start = no == 1 ? FILE_HEADER_BYTES : 0, cells;
	const uint8_t *h = page + start, *pointers;
	bool leaf;

	if (!no ||
	    pages__read(w->in, page, sizeof(page), (uint64_t)(no - 1) * PAGE_BYTES) != PAGE_BYTES)
		return false;
	leaf = h[0] == TABLE_LEAF;
	if (!leaf && h[0] != TABLE_INTERIOR)
		return false;
	cells = (uint32_t)h[3] << 8 | h[4];
	pointers = h + (leaf ? 8 : 12);
	if (leaf)
		w->rows += cells;
	if (cells > SCHEMA_ROWS_MAX || w->rows > SCHEMA_ROWS_MAX)
		return false;
	for (uint32_t i = 0; i < cells; i++)
		if (!visit_cell(w, page, (uint32_t)pointers[2 * i] << 8 | pointers[2 * i + 1],
				leaf))
			return false;
	return leaf || visit_later(w, pages__be32(h + 8));
}

bool pages__schema_is_small(const struct store_input *in)
{
	struct schema_walk w = {.in = in, .seen = {1}, .nr_seen = 1};

	for (size_t i = 0; i < w.nr_seen; i++)
		if (!visit_page(&w, w.seen[i]))
			return false;
	return true;
}
