// SPDX-License-Identifier: GPL-2.0
#include "store/names.h"

#include <stdlib.h>
#include <string.h>

#include "model/pseudo.h"

#define DEFAULT_MAX_KEYS 20000
/* Of a longer one the end is kept. */
#define STRING_MAX 65535
#define FRAMES_MAX 256

struct string_row {
	UT_hash_handle hh;
	uint32_t no, last_slice;
	char text[];
};

struct cause_row {
	UT_hash_handle hh; /* by pointer */
	const struct cause *cause;
	uint32_t no;
};

struct stack_row {
	UT_hash_handle hh; /* by pointer: the source keeps them */
	const struct stack *stack;
	uint32_t no, last_slice, cause;
};

struct names {
	const struct causes *causes;
	struct batch *out;
	size_t max_keys;
	uint32_t slice;
	struct string_row *strings;
	struct stack_row *stacks;
	struct cause_row *cause_rows;
	struct fs_row *filesystems;
	struct key_row *keys;
	uint32_t last_string, last_stack, last_key, last_fs, last_cause;
	uint64_t evicted;
};

struct names *names__new(const struct causes *causes, size_t max_keys, struct batch *out)
{
	struct names *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->causes = causes;
	n->max_keys = max_keys ? max_keys : DEFAULT_MAX_KEYS;
	n->out = out;
	n->slice = 1;
	return n;
}

void names__begin_slice(struct names *n, uint32_t slice)
{
	n->slice = slice;
}

uint64_t names__evicted(const struct names *n)
{
	return n->evicted;
}

static struct string_row *add_string(struct names *n, const char *s, size_t len)
{
	struct string_row *row = calloc(1, sizeof(*row) + len + 1);

	if (!row)
		return NULL;
	memcpy(row->text, s, len);
	HASH_ADD(hh, n->strings, text[0], len, row);
	if (!row->hh.tbl) {
		free(row);
		return NULL;
	}
	row->no = ++n->last_string;
	batch__row(n->out, BATCH_INSERT, TABLE_STRING, 2);
	batch__int(n->out, row->no);
	batch__text(n->out, row->text);
	return row;
}

/* 0 if there is no such string and none may be added, or on lack of memory. */
static uint32_t string_no(struct names *n, const char *s, bool may_add)
{
	size_t len = s ? strlen(s) : 0;
	struct string_row *row;

	if (len > STRING_MAX) {
		s += len - STRING_MAX;
		len = STRING_MAX;
	}
	s = s ? s : "";
	HASH_FIND(hh, n->strings, s, len, row);
	if (!row && may_add) {
		row = add_string(n, s, len);
		n->evicted += !row;
	}
	if (!row)
		return 0;
	row->last_slice = n->slice;
	return row->no;
}

uint32_t names__string(struct names *n, const char *s)
{
	return string_no(n, s, true);
}

/* ---- causes ---- */

static const struct cause *cause_of(const struct names *n, const struct stack *s)
{
	if (!s || !s->depth)
		return pseudo__cause(PSEUDO_NO_STACK);
	if (!n->causes)
		return pseudo__cause(PSEUDO_UNKNOWN);
	return causes__match(n->causes, s->frames, s->depth);
}

static uint32_t cause_no(struct names *n, const struct cause *cause)
{
	struct cause_row *row;

	HASH_FIND_PTR(n->cause_rows, &cause, row);
	if (row)
		return row->no;
	row = calloc(1, sizeof(*row));
	if (!row)
		return 0;
	row->cause = cause;
	HASH_ADD_PTR(n->cause_rows, cause, row);
	if (!row->hh.tbl) {
		free(row);
		return 0;
	}
	row->no = ++n->last_cause;
	batch__row(n->out, BATCH_INSERT, TABLE_CAUSE, 6);
	batch__int(n->out, row->no);
	batch__text(n->out, cause->id);
	batch__text(n->out, cause->name);
	batch__text(n->out, cause->todo);
	batch__text(n->out, cause->operator_advice);
	batch__text(n->out, cause->author_advice);
	return row->no;
}

/* ---- stacks ---- */

/* Frames joined by newlines; one inside a name becomes \n, a backslash \\. NULL on lack of memory. */
static char *joined(const struct stack *s)
{
	uint32_t depth = s->depth < FRAMES_MAX ? s->depth : FRAMES_MAX;
	size_t size = 1, used = 0;
	char *text;

	for (uint32_t i = 0; i < depth; i++)
		size += 2 * strlen(s->frames[i] ? s->frames[i] : "") + 1;
	text = malloc(size);
	if (!text)
		return NULL;
	for (uint32_t i = 0; i < depth; i++) {
		for (const char *c = s->frames[i] ? s->frames[i] : ""; *c; c++) {
			if (*c == '\n' || *c == '\\')
				text[used++] = '\\';
			text[used++] = *c == '\n' ? 'n' : *c;
		}
		text[used++] = '\n';
	}
	text[used ? used - 1 : 0] = '\0';
	return text;
}

static struct stack_row *add_stack(struct names *n, const struct stack *s)
{
	struct stack_row *row = calloc(1, sizeof(*row));
	char *text = joined(s);

	if (!row || !text)
		goto out;
	row->stack = s;
	HASH_ADD_PTR(n->stacks, stack, row);
	if (!row->hh.tbl)
		goto out;
	row->no = ++n->last_stack;
	batch__row(n->out, BATCH_INSERT, TABLE_STACK, 2);
	batch__int(n->out, row->no);
	batch__text(n->out, text);
	free(text);
	return row;
out:
	free(text);
	free(row);
	return NULL;
}

static struct stack_row *stack_row(struct names *n, const struct stack *s)
{
	struct stack_row *row;

	if (!s || !s->depth)
		return NULL;
	HASH_FIND_PTR(n->stacks, &s, row);
	if (!row)
		row = add_stack(n, s);
	if (!row)
		n->evicted = sat_add(n->evicted, 1);
	else
		row->last_slice = n->slice;
	return row;
}

uint32_t names__stack(struct names *n, const struct stack *s)
{
	struct stack_row *row = stack_row(n, s);

	return row ? row->no : 0;
}

uint32_t names__cause(struct names *n, const struct stack *s)
{
	struct stack_row *row = stack_row(n, s);

	if (!row)
		return cause_no(n, cause_of(n, s));
	if (!row->cause)
		row->cause = cause_no(n, cause_of(n, s));
	return row->cause;
}

/* ---- filesystems ---- */

static void describe_fs(struct names *n, const struct fs_row *row, const struct fs_info *fs)
{
	batch__row(n->out, BATCH_INSERT, TABLE_FS, 7);
	batch__int(n->out, row->no);
	batch__int(n->out, fs->major);
	batch__int(n->out, fs->minor);
	batch__text(n->out, fs->fstype);
	batch__text(n->out, fs->device_name);
	batch__text(n->out, fs->mount);
	batch__text(n->out, fs->mount_options);
}

struct fs_row *names__fs(struct names *n, const struct fs_info *fs)
{
	struct fs_row *row, probe = {0};

	fs = fs ? fs : &pseudo_fs_unknown;
	probe.key.major = fs->major;
	probe.key.minor = fs->minor;
	if (fs->fstype)
		memcpy(probe.key.fstype, fs->fstype, strnlen(fs->fstype, sizeof(probe.key.fstype)));
	HASH_FIND(hh, n->filesystems, &probe.key, sizeof(probe.key), row);
	if (row)
		return row;
	row = calloc(1, sizeof(*row));
	if (!row)
		return NULL;
	row->key = probe.key;
	HASH_ADD(hh, n->filesystems, key, sizeof(row->key), row);
	if (!row->hh.tbl) {
		free(row);
		return NULL;
	}
	row->no = ++n->last_fs;
	describe_fs(n, row, fs);
	return row;
}

struct fs_row *names__filesystems(struct names *n)
{
	return n->filesystems;
}

/* ---- keys ---- */

static const char *waker_name(const struct ev_stall *ev)
{
	if (ev->waker_kind == WAKER_IRQ)
		return "(interrupt)";
	if (ev->waker_kind == WAKER_TASK && ev->waker_comm && *ev->waker_comm)
		return ev->waker_comm;
	return "(unknown)";
}

static struct key_row *add_key(struct names *n, const struct key_id *id)
{
	struct key_row *row = calloc(1, sizeof(*row));

	if (!row)
		return NULL;
	row->id = *id;
	HASH_ADD(hh, n->keys, id, sizeof(*id), row);
	if (!row->hh.tbl) {
		free(row);
		return NULL;
	}
	row->no = ++n->last_key;
	batch__row(n->out, BATCH_INSERT, TABLE_KEY, 14);
	batch__int(n->out, row->no);
	batch__int(n->out, id->fs);
	batch__int(n->out, id->cause);
	batch__int(n->out, id->stack);
	batch__int(n->out, id->user_stack);
	batch__int(n->out, id->path);
	batch__int(n->out, id->comm);
	batch__int(n->out, id->cgroup);
	batch__int(n->out, id->waker);
	batch__int(n->out, id->holder);
	batch__int(n->out, id->pid);
	batch__int(n->out, id->cgroup_id);
	batch__int(n->out, id->opcode);
	batch__int(n->out, id->holder_pid);
	return row;
}

static struct key_row *find_key(struct names *n, const struct key_id *id)
{
	struct key_row *row;

	HASH_FIND(hh, n->keys, id, sizeof(*id), row);
	return row;
}

/* There are more keys than may be: first without what tells most of them apart, then all in one. */
static struct key_row *fold_key(struct names *n, struct key_id *id)
{
	struct key_row *row;
	uint32_t other = names__string(n, NAMES_OTHER);

	n->evicted = sat_add(n->evicted, 1);
	id->path = id->waker = id->comm = id->cgroup = id->holder = other;
	id->pid = id->opcode = id->user_stack = id->holder_pid = 0;
	id->cgroup_id = 0;
	row = find_key(n, id);
	if (row || HASH_COUNT(n->keys) < n->max_keys + n->max_keys / 4)
		return row ? row : add_key(n, id);
	id->stack = 0;
	row = find_key(n, id);
	return row ? row : add_key(n, id);
}

struct key_row *names__key(struct names *n, const struct ev_stall *ev)
{
	/* names that programs choose without end must not come in by way of keys that are folded */
	bool may_add = HASH_COUNT(n->keys) < n->max_keys;
	struct fs_row *fs = names__fs(n, ev->fs);
	struct key_id id;
	struct key_row *row;

	memset(&id, 0, sizeof(id));
	if (!fs)
		return NULL;
	id.fs = fs->no;
	id.cause = names__cause(n, ev->stack);
	id.stack = names__stack(n, ev->stack);
	id.user_stack = names__stack(n, ev->user_stack);
	id.path = string_no(n, ev->req.path, may_add);
	id.comm = string_no(n, ev->who.comm, may_add);
	id.cgroup = string_no(n, ev->who.cgroup, may_add);
	id.waker = string_no(n, waker_name(ev), may_add);
	id.holder = string_no(n, ev->holder_pid ? ev->holder_comm : "", may_add);
	id.holder_pid = ev->holder_pid;
	id.pid = ev->who.pid;
	id.cgroup_id = ev->who.cgroup_id;
	id.opcode = ev->req.opcode;
	row = find_key(n, &id);
	if (!row)
		row = may_add ? add_key(n, &id) : fold_key(n, &id);
	if (row)
		row->fs = fs;
	return row;
}

/* ---- expiry and end ---- */

static void delete_row(struct names *n, enum schema_table_no table, uint32_t no)
{
	batch__row(n->out, BATCH_DELETE_ID, (uint8_t)table, 1);
	batch__int(n->out, no);
}

void names__expire(struct names *n, uint32_t before_slice)
{
	struct string_row *s, *next_s;
	struct stack_row *st, *next_st;
	struct key_row *k, *next_k;

	HASH_ITER(hh, n->keys, k, next_k)
	{
		if (k->last_slice >= before_slice)
			continue;
		delete_row(n, TABLE_KEY, k->no);
		HASH_DEL(n->keys, k);
		sparse__free(&k->hist);
		free(k);
	}
	HASH_ITER(hh, n->strings, s, next_s)
	{
		if (s->last_slice >= before_slice)
			continue;
		delete_row(n, TABLE_STRING, s->no);
		HASH_DEL(n->strings, s);
		free(s);
	}
	HASH_ITER(hh, n->stacks, st, next_st)
	{
		if (st->last_slice >= before_slice)
			continue;
		delete_row(n, TABLE_STACK, st->no);
		HASH_DEL(n->stacks, st);
		free(st);
	}
}

void names__free(struct names *n)
{
	struct cause_row *c, *next_c;
	struct fs_row *f, *next_f;
	struct batch unused = {0};

	if (!n)
		return;
	n->out = &unused;
	names__expire(n, UINT32_MAX);
	HASH_ITER(hh, n->cause_rows, c, next_c)
	{
		HASH_DEL(n->cause_rows, c);
		free(c);
	}
	HASH_ITER(hh, n->filesystems, f, next_f)
	{
		HASH_DEL(n->filesystems, f);
		free(f);
	}
	batch__free(&unused);
	free(n);
}
