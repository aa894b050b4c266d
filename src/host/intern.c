// SPDX-License-Identifier: GPL-2.0
#include "host/intern.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* uthash calls exit() when memory is out, unless told otherwise. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(el) ((el)->len = SIZE_MAX)
#include <uthash.h>

struct name {
	UT_hash_handle hh;
	size_t len, refs;
	char s[];
};

struct intern {
	struct name *names;
	size_t bytes, max_bytes;
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

static struct name *intern__add(struct intern *in, const char *s, size_t len)
{
	size_t need = sizeof(struct name) + len + 1;
	struct name *n;

	if (need > in->max_bytes - in->bytes)
		return NULL;
	n = calloc(1, need);
	if (!n)
		return NULL;
	memcpy(n->s, s, len);
	n->len = len;
	HASH_ADD_KEYPTR(hh, in->names, n->s, len, n);
	if (n->len == SIZE_MAX) {
		free(n);
		return NULL;
	}
	in->bytes += need;
	return n;
}

const char *intern__mem(struct intern *in, const char *s, size_t len)
{
	struct name *n;

	if (!s)
		return NULL;
	len = strnlen(s, len);
	HASH_FIND(hh, in->names, s, len, n);
	if (!n)
		n = intern__add(in, s, len);
	if (!n)
		return NULL;
	n->refs++;
	return n->s;
}

const char *intern__str(struct intern *in, const char *s)
{
	return s ? intern__mem(in, s, strlen(s)) : NULL;
}

void intern__put(struct intern *in, const char *s)
{
	struct name *n = s ? (struct name *)(s - offsetof(struct name, s)) : NULL;

	if (!n || --n->refs)
		return;
	in->bytes -= sizeof(*n) + n->len + 1;
	HASH_DEL(in->names, n);
	free(n);
}
