// SPDX-License-Identifier: GPL-2.0
/* Names, and what is said of host and capture: read as a whole when a recording is opened. */
#define _GNU_SOURCE /* reallocarray */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/reader.h"
#include "store/sqlite.h"

#define FRAMES_MAX 256
#define FACTS_MAX 20000

/* ---- tables of names ---- */

static int add_row(struct store *s, struct id_table *t, int64_t id, void *row, struct err *e)
{
	/* b-trees give ids in order, damaged ones do not */
	if (id <= 0 || (t->nr && id <= t->id[t->nr - 1]))
		return reader__damaged(s, "ids", e);
	if (t->nr == t->room) {
		size_t room = t->room ? 2 * t->room : 64, bytes = sizeof(*t->id) + sizeof(*t->row);
		int64_t *ids = reallocarray(t->id, room, sizeof(*ids));
		void **rows;

		if (ids)
			t->id = ids;
		rows = ids ? reallocarray(t->row, room, sizeof(*rows)) : NULL;
		if (!rows)
			return err__set(e, -ENOMEM, "out of memory");
		t->row = rows;
		if ((room - t->room) * bytes > s->memory_left)
			return err__set(e, -EFBIG,
					"cannot read %s: it has more names than fit into memory",
					s->path);
		s->memory_left -= (room - t->room) * bytes;
		t->room = room;
	}
	t->id[t->nr] = id;
	t->row[t->nr++] = row;
	return 0;
}

/* A text column's copy. */
static int text_at(struct rows *r, int column, const char **copy, struct err *e)
{
	int type = sqlite3_column_type(r->stmt, column);
	const char *text = (const char *)sqlite3_column_text(r->stmt, column);

	*copy = "";
	if (type != SQLITE_TEXT || !text) {
		r->bad = true;
		return 0;
	}
	return reader__text(r->s, text, (size_t)sqlite3_column_bytes(r->stmt, column), copy, e);
}

static int read_string(struct rows *r, void **row, struct err *e)
{
	const char *text;
	int rc = text_at(r, 1, &text, e);

	*row = (void *)text;
	return rc;
}

/* Take the escapes out of a frame, in place. */
static char *unescaped(char *frame)
{
	char *to = frame;

	for (const char *c = frame; *c; c++) {
		if (*c == '\\' && c[1])
			*to++ = *++c == 'n' ? '\n' : *c;
		else
			*to++ = *c;
	}
	*to = '\0';
	return frame;
}

static int read_stack(struct rows *r, void **row, struct err *e)
{
	const char *text;
	struct stack *st;
	char *frames;
	uint32_t depth = 1;
	int rc = text_at(r, 1, &text, e);

	if (rc || r->bad)
		return rc;
	for (const char *c = text; *c; c++)
		depth += *c == '\n';
	if (!*text || depth > FRAMES_MAX)
		return reader__damaged(r->s, "a stack", e);
	st = reader__alloc(r->s, 1, sizeof(*st), e);
	*row = st;
	if (!st)
		return -ENOMEM;
	st->frames = reader__alloc(r->s, depth, sizeof(*st->frames), e);
	if (!st->frames)
		return -ENOMEM;
	/* the copy is ours to cut */
	frames = (char *)text;
	while (frames)
		st->frames[st->depth++] = unescaped(strsep(&frames, "\n"));
	return 0;
}

static int api_at(struct rows *r, int column, enum api *api, struct err *e)
{
	const char *name;
	int rc = text_at(r, column, &name, e);

	if (rc)
		return rc;
	*api = api__find(name);
	if (*api == APIS) {
		*api = API_AIO;
		r->bad = true;
	}
	return 0;
}

static int read_fs(struct rows *r, void **row, struct err *e)
{
	struct fs_info *fs = reader__alloc(r->s, 1, sizeof(*fs), e);
	const char **texts[4];
	int rc = fs ? 0 : -ENOMEM;

	if (rc)
		return rc;
	fs->major = rows__u32(r, 1);
	fs->minor = rows__u32(r, 2);
	texts[0] = &fs->fstype;
	texts[1] = &fs->device_name;
	texts[2] = &fs->mount;
	texts[3] = &fs->mount_options;
	for (int i = 0; !rc && i < 4; i++)
		rc = text_at(r, 3 + i, texts[i], e);
	if (!rc && r->s->info.schema > 1)
		rc = api_at(r, 7, &fs->api, e);
	if (!rc && r->s->info.schema > 2)
		fs->generation = rows__u32(r, 8);
	*row = fs;
	return rc;
}

static int read_cause(struct rows *r, void **row, struct err *e)
{
	struct cause *c = reader__alloc(r->s, 1, sizeof(*c), e);
	const char **texts[5];
	int rc = c ? 0 : -ENOMEM;

	if (rc)
		return rc;
	*c = (struct cause){.meaning = "", .kernels = "", .evidence = "", .refs = ""};
	texts[0] = &c->id;
	texts[1] = &c->name;
	texts[2] = &c->todo;
	texts[3] = &c->operator_advice;
	texts[4] = &c->author_advice;
	for (int i = 0; !rc && i < 5; i++)
		rc = text_at(r, 1 + i, texts[i], e);
	*row = c;
	return rc;
}

/* Version 1 has two kinds by name. */
static enum waker_kind waker_kind(struct rows *r, const char **name)
{
	bool irq = !strcmp(*name, "(interrupt)");
	uint32_t kind;

	if (r->s->info.schema > 1) {
		kind = rows__u32(r, 14);
		r->bad |= kind > WAKER_IRQ;
		return (enum waker_kind)kind;
	}
	if (!irq && strcmp(*name, "(unknown)") != 0)
		return WAKER_TASK;
	*name = "";
	return irq ? WAKER_IRQ : WAKER_UNKNOWN;
}

static int read_key(struct rows *r, void **row, struct err *e)
{
	struct store *s = r->s;
	struct store_key *k = reader__alloc(s, 1, sizeof(*k), e);
	uint32_t opcode = rows__u32(r, 12), plane = s->info.schema > 2 ? rows__u32(r, 15) : 0;
	const char *waker;

	if (!k)
		return -ENOMEM;
	waker = rows__string(r, 8);
	*k = (struct store_key){
		.no = s->keys.nr,
		.fs = rows__ref(r, 1, &s->filesystems, false),
		.cause = rows__ref(r, 2, &s->causes, false),
		.stack = rows__ref(r, 3, &s->stacks, true),
		.user_stack = rows__ref(r, 4, &s->stacks, true),
		.path = rows__string(r, 5),
		.comm = rows__string(r, 6),
		.cgroup = rows__string(r, 7),
		.waker_kind = waker_kind(r, &waker),
		.waker = waker,
		.holder = rows__string(r, 9),
		.pid = rows__u32(r, 10),
		.cgroup_id = rows__u64(r, 11),
		.holder_pid = rows__u32(r, 13),
		.opcode = (uint16_t)opcode,
		.plane = (enum plane)plane,
		.behind = s->info.schema > 6 ? rows__ref(r, 16, &s->causes, true) : NULL,
	};
	r->bad |= opcode > UINT16_MAX || plane >= PLANES;
	*row = k;
	return 0;
}

static int read_here(struct rows *r, void **row, struct err *e)
{
	struct store_here *h = reader__alloc(r->s, 1, sizeof(*h), e);
	int rc = h ? 0 : -ENOMEM;

	if (rc)
		return rc;
	h->fs = rows__ref(r, 1, &r->s->filesystems, false);
	rc = text_at(r, 2, &h->cause, e);
	if (!rc)
		rc = text_at(r, 3, &h->text, e);
	*row = h;
	return rc;
}

static const struct table_kind {
	const char *name;
	size_t offset; /* of the id_table in struct store */
	int (*read)(struct rows *r, void **row, struct err *e);
} kinds[] = {
	/* what others refer to comes before them */
	{"string", offsetof(struct store, strings), read_string},
	{"stack", offsetof(struct store, stacks), read_stack},
	{"fs", offsetof(struct store, filesystems), read_fs},
	{"cause", offsetof(struct store, causes), read_cause},
	{"key", offsetof(struct store, keys), read_key},
	{"here", offsetof(struct store, heres), read_here},
};

static int read_table(struct store *s, const struct table_kind *kind, struct err *e)
{
	struct id_table *t = (struct id_table *)((char *)s + kind->offset);
	struct rows r;
	char sql[64];
	int rc;

	snprintf(sql, sizeof(sql), "SELECT * FROM %s ORDER BY id", kind->name);
	rc = rows__open(&r, s, kind->name, sql, e);
	while (!rc && (rc = rows__next(&r, e)) == 1) {
		void *row = NULL;

		rc = kind->read(&r, &row, e);
		if (!rc)
			rc = rows__check(&r, e);
		if (!rc)
			rc = add_row(s, t, sqlite3_column_int64(r.stmt, 0), row, e);
	}
	rows__close(&r);
	/* the same stack has the same id */
	for (size_t i = 0; !rc && t == &s->stacks && i < t->nr; i++)
		((struct stack *)t->row[i])->id = (uint64_t)t->id[i];
	return rc;
}

/* ---- info ---- */

enum info_type { INFO_TEXT, INFO_ARRAY, INFO_U64, INFO_U32, INFO_INT, INFO_BOOL };

#define HOST(member)                                                                               \
	offsetof(struct store, capture.host.member), sizeof(((struct host_info *)0)->member)
#define CAPTURE(member) offsetof(struct store, capture.member), 0
#define INFO(member) offsetof(struct store, info.member), 0
static const struct info_field {
	const char *name;
	enum info_type type;
	size_t offset, size;
} fields[] = {
	{"hostname", INFO_ARRAY, HOST(hostname)},
	{"kernel", INFO_ARRAY, HOST(kernel)},
	{"arch", INFO_ARRAY, HOST(arch)},
	{"cpus", INFO_U32, HOST(cpus)},
	{"kernel_build", INFO_TEXT, INFO(kernel_build)},
	{"boot_id", INFO_TEXT, INFO(boot_id)},
	{"tool_version", INFO_TEXT, INFO(tool_version)},
	{"started_unix_ns", INFO_U64, CAPTURE(started_unix_ns)},
	{"started_mono_ns", INFO_U64, INFO(started_mono_ns)},
	{"duration_ns", INFO_U64, CAPTURE(duration_ns)},
	{"command", INFO_TEXT, CAPTURE(command)},
	{"filters", INFO_TEXT, CAPTURE(filters)},
#define NEED(id, name, api, what) {"probe_" name, INFO_TEXT, CAPTURE(probe[NEED_##id])},
#include "model/probes.def"
	{"skips", INFO_TEXT, CAPTURE(skips)},
	{"skips_unknown", INFO_TEXT, CAPTURE(skips_unknown)},
	{"sample_hz", INFO_U64, CAPTURE(sample_hz)},
	{"spilled", INFO_U64, CAPTURE(spilled)},
	{"min_ns", INFO_U64, CAPTURE(min_ns)},
	{"slow_ns", INFO_U64, INFO(slow_ns)},
	{"user_stacks", INFO_BOOL, CAPTURE(user_stacks)},
	{"events", INFO_BOOL, INFO(events)},
	{"keep_ns", INFO_U64, INFO(keep_ns)},
	{"trigger_ns", INFO_U64, INFO(trigger_ns)},
	{"child_ran", INFO_BOOL, CAPTURE(child_ran)},
	{"child_stopped", INFO_BOOL, CAPTURE(child_stopped)},
	{"child_status", INFO_INT, CAPTURE(child_status)},
	{"complete", INFO_BOOL, INFO(complete)},
};

static int take_text(struct rows *r, void *at, const struct info_field *f, struct err *e)
{
	const char *text;
	int rc = text_at(r, 1, &text, e);

	if (rc)
		return rc;
	if (f->type == INFO_TEXT)
		*(const char **)at = text;
	else
		snprintf(at, f->size, "%s", text);
	return 0;
}

static int take_info(struct store *s, struct rows *r, const struct info_field *f, struct err *e)
{
	void *at = (char *)s + f->offset;
	int64_t v;

	if (f->type == INFO_TEXT || f->type == INFO_ARRAY)
		return take_text(r, at, f, e);
	v = rows__int(r, 1);
	if (f->type == INFO_U64)
		*(uint64_t *)at = (uint64_t)v;
	else if (f->type == INFO_U32)
		*(uint32_t *)at = rows__u32(r, 1);
	else if (f->type == INFO_BOOL)
		*(bool *)at = v != 0;
	else
		*(int *)at = v >= INT32_MIN && v <= INT32_MAX ? (int)v : 0;
	return 0;
}

static void no_infos(struct store *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].type == INFO_TEXT)
			*(const char **)((char *)s + fields[i].offset) = "";
}

static int read_info(struct store *s, struct err *e)
{
	struct rows r;
	int rc = rows__open(&r, s, "info", "SELECT name, value FROM info", e);

	no_infos(s);
	if (s->info.schema == 1)
		s->capture.skips_unknown = "the recording is older than their count";
	while (!rc && (rc = rows__next(&r, e)) == 1) {
		const char *name = (const char *)sqlite3_column_text(r.stmt, 0);

		rc = 0;
		for (size_t i = 0; name && !rc && i < ARRAY_SIZE(fields); i++)
			if (!strcmp(name, fields[i].name))
				rc = take_info(s, &r, &fields[i], e);
		if (!rc)
			rc = rows__check(&r, e);
	}
	rows__close(&r);
	return rc;
}

/* ---- facts ---- */

static int add_fact(struct store *s, struct rows *r, struct err *e)
{
	struct store_fact *f, *grown;
	int rc;

	if (s->nr_facts == s->room_facts) {
		size_t room = s->room_facts ? 2 * s->room_facts : 64;

		if (room > FACTS_MAX * 2)
			return reader__damaged(s, "too many facts", e);
		grown = reallocarray(s->facts, room, sizeof(*grown));
		if (!grown)
			return err__set(e, -ENOMEM, "out of memory");
		s->facts = grown;
		s->room_facts = room;
	}
	f = &s->facts[s->nr_facts];
	rc = text_at(r, 0, &f->what, e);
	if (!rc)
		rc = text_at(r, 1, &f->of, e);
	if (!rc)
		rc = text_at(r, 2, &f->value, e);
	s->nr_facts += !rc;
	return rc;
}

static int read_facts(struct store *s, struct err *e)
{
	struct rows r;
	int rc = rows__open(&r, s, "fact", "SELECT what, of, value FROM fact ORDER BY id", e);

	while (!rc && (rc = rows__next(&r, e)) == 1) {
		rc = add_fact(s, &r, e);
		if (!rc)
			rc = rows__check(&r, e);
	}
	rows__close(&r);
	return rc;
}

/* ---- how much there is ---- */

static int read_number(struct store *s, const char *sql, uint64_t *v, struct err *e)
{
	struct rows r;
	int rc = rows__open(&r, s, "counts", sql, e);

	*v = 0;
	if (!rc)
		rc = rows__next(&r, e);
	if (rc == 1) {
		/* min() and max() of no rows are NULL */
		*v = (uint64_t)sqlite3_column_int64(r.stmt, 0);
		rc = 0;
	}
	rows__close(&r);
	return rc;
}

static int read_sizes(struct store *s, struct err *e)
{
	const struct {
		const char *sql;
		uint64_t *to;
	} numbers[] = {
		{"SELECT count(*) FROM slice", &s->info.nr_slices},
		{"SELECT count(*) FROM stall", &s->info.nr_stalls},
		{"SELECT count(*) FROM submit", &s->info.nr_submits},
		{"SELECT min(id) FROM slice", (uint64_t *)&s->first_slice},
		{"SELECT max(id) FROM slice", (uint64_t *)&s->last_slice},
	};
	int rc = 0;

	for (size_t i = 0; !rc && i < ARRAY_SIZE(numbers); i++)
		rc = read_number(s, numbers[i].sql, numbers[i].to, e);
	s->info.nr_keys = s->keys.nr;
	s->info.nr_stacks = s->stacks.nr;
	return rc;
}

int tables__read(struct store *s, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < ARRAY_SIZE(kinds); i++)
		rc = read_table(s, &kinds[i], e);
	if (!rc)
		rc = read_info(s, e);
	if (!rc)
		rc = read_facts(s, e);
	return rc ? rc : read_sizes(s, e);
}

void tables__free(struct store *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct id_table *t = (struct id_table *)((char *)s + kinds[i].offset);

		free(t->id);
		free(t->row);
	}
	free(s->facts);
	pool__clear(&s->pool);
}
