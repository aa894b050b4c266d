// SPDX-License-Identifier: GPL-2.0
#include "host/intern.h"

#include <stdlib.h>
#include <string.h>

/* uthash calls exit() when memory is out, unless told otherwise. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(el) ((el)->len = SIZE_MAX)
#include <uthash.h>

struct name {
	UT_hash_handle hh;
	size_t len;
	char s[];
};

struct intern {
	struct name *names;
	size_t bytes, max_bytes;
	bool full;
};

struct intern *intern__new(size_t max_bytes)
{
	struct intern *in = calloc(1, sizeof(*in));

	if (in)
		in->max_bytes = max_bytes;
	return in;
}

void intern__free(struct intern *in)
{
	struct name *n, *tmp;

	if (!in)
		return;
	HASH_ITER(hh, in->names, n, tmp)
	{
		HASH_DEL(in->names, n);
		free(n);
	}
	free(in);
}

static const char *intern__add(struct intern *in, const char *s, size_t len)
{
	size_t need = sizeof(struct name) + len + 1;
	struct name *n;

	if (need > in->max_bytes - in->bytes)
		goto full;
	n = malloc(need);
	if (!n)
		goto full;
	memcpy(n->s, s, len);
	n->s[len] = '\0';
	n->len = len;
	HASH_ADD_KEYPTR(hh, in->names, n->s, len, n);
	if (n->len == SIZE_MAX) {
		free(n);
		goto full;
	}
	in->bytes += need;
	return n->s;
full:
	in->full = true;
	return INTERN_FULL;
}

const char *intern__mem(struct intern *in, const char *s, size_t len)
{
	struct name *n;

	if (!s)
		return NULL;
	len = strnlen(s, len);
	HASH_FIND(hh, in->names, s, len, n);
	return n ? n->s : intern__add(in, s, len);
}

const char *intern__str(struct intern *in, const char *s)
{
	return s ? intern__mem(in, s, strlen(s)) : NULL;
}

bool intern__full(const struct intern *in)
{
	return in->full;
}
