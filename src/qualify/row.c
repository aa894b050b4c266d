// SPDX-License-Identifier: GPL-2.0
#include "qualify/row.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

static const struct row_kind kinds[] = {
	{"append", "writes behind the end of the file", "append", NULL, NULL,
	 ROW_WRITES | ROW_FILE_ONLY, "appends"},
	{"fill-hole", "writes into a sparse file", "hole", NULL, NULL, ROW_WRITES | ROW_FILE_ONLY,
	 "writes into holes"},
	{"fill-unwritten", "writes into preallocated blocks", "unwritten", NULL, NULL,
	 ROW_WRITES | ROW_FILE_ONLY, "writes into preallocated blocks"},
	{"overwrite", "writes of written blocks", "overwrite", NULL, NULL, ROW_WRITES,
	 "overwrites"},
	{"read", "reads of written blocks", "read", NULL, NULL, 0, "reads"},
	{"read-hole", "reads of a sparse file", "read", "hole", NULL,
	 ROW_FILE_ONLY | ROW_NO_DEVICE_IO, "reads of holes"},
	{"read-cold", "reads through the page cache, which has nothing of it", "buffered-read",
	 NULL, NULL, ROW_CACHED, "reads that miss the page cache"},
	{"read-cached", "reads of what the page cache has", "cached-read", NULL, NULL, ROW_CACHED,
	 "reads of cached pages"},
	{"fsync", "IOCB_CMD_FSYNC, after a buffered write", "fsync", NULL, NULL,
	 ROW_NO_DATA | ROW_ALONE, "fsyncs"},
	{"fdsync", "IOCB_CMD_FDSYNC, after a buffered write", "fdsync", NULL, NULL,
	 ROW_NO_DATA | ROW_ALONE, "fdsyncs"},
	{"poll", "IOCB_CMD_POLL of a pipe", "poll", NULL, NULL,
	 ROW_NO_DATA | ROW_ALONE | ROW_NO_DEVICE_IO, "polls"},
	{"append-beside-fdatasync", "appends while another thread syncs the file", "append", NULL,
	 "fdatasync", ROW_WRITES | ROW_FILE_ONLY | ROW_ALONE, "appends beside fdatasync"},
	{"read-beside-truncate", "direct reads while another thread cuts and extends the file",
	 "read", NULL, "truncate", ROW_FILE_ONLY | ROW_ALONE, "reads beside truncate"},
	{"direct-beside-buffered",
	 "direct writes while another thread writes through the page cache", "overwrite", NULL,
	 "buffered-writer", ROW_WRITES | ROW_ALONE, "direct writes beside buffered ones"},
};

static const unsigned int depths[] = {1, 4, 32};
#define PER_KIND (ROW_SIZES * ARRAY_SIZE(depths) * 8)

static const char *const size_words[ROW_SIZES] = {"", "-lba", "-64k", "-1m"};

/* What is run without --full: what people do, and what is known to differ. */
static const char *const standard[] = {
	"append",
	"append-d4",
	"append-d32",
	"append-lba",
	"append-64k-d4",
	"append-dsync",
	"append-nowait",
	"append-buffered",
	"fill-hole",
	"fill-hole-d4",
	"fill-hole-lba",
	"fill-hole-64k-d4",
	"fill-hole-nowait",
	"fill-unwritten",
	"fill-unwritten-d4",
	"fill-unwritten-lba",
	"fill-unwritten-64k-d4",
	"fill-unwritten-nowait",
	"overwrite",
	"overwrite-d4",
	"overwrite-d32",
	"overwrite-lba",
	"overwrite-64k-d4",
	"overwrite-1m",
	"overwrite-dsync",
	"overwrite-nowait",
	"overwrite-buffered",
	"read",
	"read-d4",
	"read-d32",
	"read-lba",
	"read-1m-d4",
	"read-nowait",
	"read-hole",
	"read-cold",
	"read-cold-d4",
	"read-cold-nowait",
	"read-cached",
	"fsync",
	"fdsync",
	"poll",
	"append-beside-fdatasync",
	"read-beside-truncate",
	"direct-beside-buffered",
};

static const char *const comparing[] = {"append-d4", "overwrite-d4", "read-d4", "read-cold-d4"};

const struct row_kind *row_kind__at(size_t i)
{
	return i < ARRAY_SIZE(kinds) ? &kinds[i] : NULL;
}

static bool is_sensible(const struct row *r)
{
	unsigned int flags = r->kind->flags;

	if (flags & ROW_ALONE)
		return r->size == SIZE_BLOCK && r->depth == ((flags & ROW_NO_DATA) ? 1 : 4) &&
		       !r->buffered && !r->dsync && !r->nowait;
	if (r->dsync && !(flags & ROW_WRITES))
		return false;
	/* a read through the page cache is cold or cached */
	return !r->buffered || (flags & ROW_WRITES);
}

/* Every combination, numbered: most significant the kind. */
static bool combination(size_t i, struct row *r)
{
	if (i >= ARRAY_SIZE(kinds) * PER_KIND)
		return false;
	r->kind = &kinds[i / PER_KIND];
	i %= PER_KIND;
	r->nowait = i & 1;
	r->dsync = i & 2;
	r->buffered = i & 4;
	r->depth = depths[i / 8 % ARRAY_SIZE(depths)];
	r->size = (enum row_size)(i / 8 / ARRAY_SIZE(depths));
	return true;
}

static bool is_among(const char *id, const char *const *list, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (!strcmp(id, list[i]))
			return true;
	return false;
}

bool row__find(const char *id, struct row *r)
{
	char other[ROW_ID_MAX];

	for (size_t i = 0; combination(i, r); i++)
		if (is_sensible(r) && !strcmp(row__id(r, other, sizeof(other)), id))
			return true;
	return false;
}

struct row *row__all(size_t *nr)
{
	struct row *rows = calloc(ARRAY_SIZE(kinds) * PER_KIND, sizeof(*rows)), r;
	char id[ROW_ID_MAX];

	*nr = 0;
	if (!rows)
		return NULL;
	while (*nr < ARRAY_SIZE(standard)) {
		row__find(standard[*nr], &rows[*nr]);
		(*nr)++;
	}
	for (size_t i = 0; combination(i, &r); i++)
		if (is_sensible(&r) &&
		    !is_among(row__id(&r, id, sizeof(id)), standard, ARRAY_SIZE(standard)))
			rows[(*nr)++] = r;
	return rows;
}

size_t row__nr_standard(void)
{
	return ARRAY_SIZE(standard);
}

bool row__compares_engines(const struct row *r)
{
	char id[ROW_ID_MAX];

	return is_among(row__id(r, id, sizeof(id)), comparing, ARRAY_SIZE(comparing));
}

char *row__id(const struct row *r, char *buf, size_t size)
{
	char depth[16] = "";

	if (r->depth > 1 && !(r->kind->flags & ROW_ALONE))
		snprintf(depth, sizeof(depth), "-d%u", r->depth);
	snprintf(buf, size, "%s%s%s%s%s%s", r->kind->word, r->buffered ? "-buffered" : "",
		 size_words[r->size], depth, r->dsync ? "-dsync" : "", r->nowait ? "-nowait" : "");
	return buf;
}

static bool begins(const char *id, const char *word)
{
	size_t len = strlen(word);

	return !strncmp(id, word, len) && (!id[len] || id[len] == '-');
}

/* "read-cold-d4" is no "read", but a "read-cold". */
static const struct row_kind *kind_of(const char *id)
{
	const struct row_kind *best = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (begins(id, kinds[i].word) &&
		    (!best || strlen(kinds[i].word) > strlen(best->word)))
			best = &kinds[i];
	return best;
}

bool row__matches(const char *id, const char *pattern)
{
	const struct row_kind *kind = kind_of(pattern);

	if (!strcmp(pattern, "any"))
		return true;
	if (strpbrk(pattern, "*?["))
		return !fnmatch(pattern, id, 0);
	if (kind && !strcmp(kind->word, pattern))
		return kind_of(id) == kind;
	return begins(id, pattern);
}
