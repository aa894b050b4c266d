// SPDX-License-Identifier: GPL-2.0
#include "host/filenames.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define FILENAMES_MAX 65536

struct filename {
	UT_hash_handle hh;
	uint64_t id;
	char path[];
};

/* As the last one in the table. NULL on lack of memory. */
static const char *append(struct filenames *f, struct filename *name)
{
	HASH_ADD(hh, f->all, id, sizeof(name->id), name);
	if (name->hh.tbl)
		return name->path;
	free(name);
	return NULL;
}

const char *filenames__get(struct filenames *f, uint64_t id)
{
	struct filename *name;

	HASH_FIND(hh, f->all, &id, sizeof(id), name);
	if (!name || !name->hh.next)
		return name ? name->path : NULL;
	HASH_DEL(f->all, name);
	return append(f, name);
}

static void drop_first(struct filenames *f)
{
	struct filename *name = f->all;

	HASH_DEL(f->all, name);
	free(name);
}

const char *filenames__add(struct filenames *f, uint64_t id, const char *path)
{
	size_t size = strlen(path) + 1;
	struct filename *name = calloc(1, sizeof(*name) + size);

	if (!name)
		return NULL;
	name->id = id;
	memcpy(name->path, path, size);
	if (HASH_COUNT(f->all) >= FILENAMES_MAX) {
		drop_first(f);
		f->recycled++;
	}
	return append(f, name);
}

void filenames__release(struct filenames *f)
{
	while (f->all)
		drop_first(f);
}
