/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pages of an input as they were after its last whole transaction. One
 * that was under way when its writer died left the pages that it changed in the
 * journal: they are read from there, and neither file is written to.
 */
#ifndef AIOSTALL_STORE_PAGES_H
#define AIOSTALL_STORE_PAGES_H

#include "store/input.h"

#define PAGE_BYTES 4096 /* of every recording */
#define JOURNAL_MAGIC "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"

/* Where a page's content is in the journal. */
struct saved_page {
	uint32_t no; /* from 1 */
	uint64_t at;
};

struct store_input {
	char *path;
	int fd, journal; /* -1 = none */
	uint64_t size_bytes, weight_bytes;
	unsigned int shares; /* share.h */
	/* A transaction to take back. */
	bool unfinished;
	uint32_t nr_pages; /* that there were before it */
	struct saved_page *saved;
	size_t nr_saved, room_saved;
};

/*
 * Look whether there is a transaction to take back; no other process may be
 * writing. 0 or -errno.
 */
int pages__look_at_journal(struct store_input *in);
/* As if there were none: its writer is alive. */
void pages__ignore_journal(struct store_input *in);
/* Bytes that were read, less than size at the end; -errno. */
long pages__read(const struct store_input *in, void *buf, size_t size, uint64_t at);
/* Bytes that there are. 0 or -errno. */
int pages__size(const struct store_input *in, uint64_t *size);
/*
 * Walk the tree of the table of tables: few pages, each once, few rows, short ones. What
 * SQLite does with it before any limit of ours is asked is bounded then. False = no recording's.
 */
bool pages__schema_is_small(const struct store_input *in);

uint32_t pages__be32(const uint8_t *p);

#endif
