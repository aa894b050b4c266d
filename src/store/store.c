// SPDX-License-Identifier: GPL-2.0
#include "store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/reader.h"
#include "store/sqlite.h"

#define DEFAULT_TIME_NS (60 * NSEC_PER_SEC)
#define DEFAULT_MEMORY_BYTES (256ULL << 20)
/* The largest number that a system call returns as an error. */
#define ERR_MAX 4095

static int begin(struct store *s, struct err *e)
{
	s->deadline_ns = clock__mono_ns() + s->time_ns;
	s->rows_left = s->info.size_bytes / 2 + 16;
	if (sqlite__exec(s->db, "BEGIN"))
		return sqlite__failed(s->db, "cannot read", s->path, e);
	return 0;
}

static void end(struct store *s)
{
	sqlite__exec(s->db, "COMMIT");
}

static int open_store(struct store *s, struct err *e)
{
	int rc = file__open(s, e);

	if (!rc)
		rc = begin(s, e);
	if (rc)
		return rc;
	rc = tables__read(s, e);
	end(s);
	return rc;
}

struct store *store__open_input(struct store_input *in, const struct store_limits *limits,
				struct err *e)
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s) {
		err__set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	s->input = in;
	s->path = store_input__path(in);
	s->time_ns = limits && limits->time_ns ? limits->time_ns : DEFAULT_TIME_NS;
	s->deadline_ns = clock__mono_ns() + s->time_ns;
	s->memory_left =
		limits && limits->memory_bytes ? limits->memory_bytes : DEFAULT_MEMORY_BYTES;
	if (open_store(s, e)) {
		store__free(s);
		return NULL;
	}
	return s;
}

struct store *store__open(const char *path, const struct store_limits *limits, struct err *e)
{
	struct store_input *in = store_input__open(path, e);
	struct store *s = in ? store__open_input(in, limits, e) : NULL;

	if (s)
		s->owns_input = true;
	else
		store_input__free(in);
	return s;
}

void store__release(struct store *s)
{
	file__close(s);
}

void store__free(struct store *s)
{
	if (!s)
		return;
	file__close(s);
	tables__free(s);
	if (s->owns_input)
		store_input__free(s->input);
	free(s);
}

const char *store__path(const struct store *s)
{
	return s->path;
}

const struct capture_info *store__capture(const struct store *s)
{
	return &s->capture;
}

const struct store_info *store__info(const struct store *s)
{
	return &s->info;
}

const struct store_fact *store__fact(const struct store *s, size_t i)
{
	return i < s->nr_facts ? &s->facts[i] : NULL;
}

const char *store__container(const struct store *s, const char *id)
{
	const struct store_fact *f;

	for (size_t i = 0; (f = store__fact(s, i)); i++)
		if (!strcmp(f->what, "container") && !strcmp(f->of, id))
			return f->value;
	return NULL;
}

const struct store_here *store__here(const struct store *s, size_t i)
{
	return i < s->heres.nr ? s->heres.row[i] : NULL;
}

size_t store__nr_keys(const struct store *s)
{
	return s->keys.nr;
}

const struct store_key *store__key(const struct store *s, size_t no)
{
	return no < s->keys.nr ? s->keys.row[no] : NULL;
}

size_t store__nr_fs(const struct store *s)
{
	return s->filesystems.nr;
}

const struct fs_info *store__fs(const struct store *s, size_t i)
{
	return i < s->filesystems.nr ? s->filesystems.row[i] : NULL;
}

/* ---- reading ---- */

struct cursor {
	struct rows rows;
	bool open, done;
	int64_t slice;
	int (*deliver)(struct cursor *c, struct err *e);
	const struct store_visitor *v;
};

static int advance(struct cursor *c, struct err *e)
{
	int rc = rows__next(&c->rows, e);

	c->done = rc == 0;
	if (rc == 1)
		c->slice = sqlite3_column_int64(c->rows.stmt, 0);
	return rc < 0 ? rc : 0;
}

static int nr_columns(const struct cursor *c, const struct schema_columns *columns)
{
	return (int)schema__nr_columns(columns, c->rows.s->info.schema);
}

static int deliver_counts(struct cursor *c, struct err *e)
{
	struct fs_counts delta;
	bool total = !rows__int(&c->rows, 1);
	const struct fs_info *fs = rows__ref(&c->rows, 1, &c->rows.s->filesystems, true);
	int behind = 2 + nr_columns(c, &schema_counters), rc;

	rows__columns(&c->rows, 2, &schema_counters, &delta.c);
	rows__hist(&c->rows, behind, &delta.sleep);
	rows__hist(&c->rows, behind + 1, &delta.submit);
	rc = rows__check(&c->rows, e);
	return rc ? rc : c->v->fs_counts(c->v->ctx, total ? NULL : fs, &delta);
}

static int deliver_stalls(struct cursor *c, struct err *e)
{
	const struct store_key *key = rows__ref(&c->rows, 1, &c->rows.s->keys, false);
	struct sleep_sum sum;
	struct hist hist;
	int rc;

	rows__columns(&c->rows, 2, &schema_sleeps, &sum);
	if (c->v->stalls_hist)
		rows__hist(&c->rows, 2 + nr_columns(c, &schema_sleeps), &hist);
	/* of older ones nobody knows which calls they blocked */
	if (c->rows.s->info.schema < 3)
		sum.further_sleeps = SUBMITS_UNKNOWN;
	rc = rows__check(&c->rows, e);
	if (!rc && c->v->stalls)
		rc = c->v->stalls(c->v->ctx, key, &sum);
	if (!rc && c->v->stalls_hist)
		rc = c->v->stalls_hist(c->v->ctx, key, &sum, &hist);
	return rc;
}

static bool is_request(const struct request *r)
{
	return (unsigned int)r->how <= HOW_BATCH;
}

static int deliver_stall(struct cursor *c, struct err *e)
{
	const struct store_key *key = rows__ref(&c->rows, 2, &c->rows.s->keys, false);
	struct ev_stall ev = {.waker_comm = rows__string(&c->rows, 3)};
	int rc;

	rows__columns(&c->rows, 4, &schema_stall, &ev);
	c->rows.bad |= !is_request(&ev.req) || (unsigned int)ev.waker_kind > WAKER_IRQ ||
		       (unsigned int)ev.lock_kind > LOCK_OTHER;
	rc = rows__check(&c->rows, e);
	if (rc)
		return rc;
	ev.who.pid = key->pid;
	ev.who.comm = key->comm;
	ev.who.cgroup_id = key->cgroup_id;
	ev.who.cgroup = key->cgroup;
	ev.holder_pid = key->holder_pid;
	ev.holder_comm = key->holder;
	ev.behind = key->behind;
	ev.fs = key->fs;
	ev.plane = key->plane;
	ev.req.path = key->path;
	ev.stack = key->stack;
	ev.user_stack = key->user_stack;
	return c->v->stall(c->v->ctx, &ev, key);
}

static int deliver_submit(struct cursor *c, struct err *e)
{
	struct ev_submit ev = {
		.fs = rows__ref(&c->rows, 2, &c->rows.s->filesystems, true),
		.who = {.comm = rows__string(&c->rows, 3), .cgroup = rows__string(&c->rows, 4)},
	};
	int rc;

	rows__columns(&c->rows, 5, &schema_submit, &ev);
	rc = rows__check(&c->rows, e);
	return rc ? rc : c->v->submit(c->v->ctx, &ev);
}

static int deliver_loss(struct cursor *c, struct err *e)
{
	struct loss delta;
	int rc;

	rows__columns(&c->rows, 1, &schema_loss, &delta);
	rc = rows__check(&c->rows, e);
	return rc ? rc : c->v->loss(c->v->ctx, &delta);
}

enum { CURSORS = 5 };

static int open_cursors(struct store *s, const struct store_visitor *v, struct cursor *cursors,
			struct err *e)
{
	const struct {
		bool wanted;
		const char *table, *order;
		int (*deliver)(struct cursor *c, struct err *e);
	} kinds[CURSORS] = {
		{v->fs_counts, "counters", "slice, fs", deliver_counts},
		{v->stalls || v->stalls_hist, "sleeps", "slice, key", deliver_stalls},
		{v->stall, "stall", "slice, no", deliver_stall},
		{v->submit, "submit", "slice, no", deliver_submit},
		{v->loss, "loss", "slice", deliver_loss},
	};
	int rc = 0;

	for (size_t i = 0; !rc && i < CURSORS; i++) {
		struct cursor *c = &cursors[i];
		char sql[128];

		*c = (struct cursor){.v = v, .deliver = kinds[i].deliver, .done = true};
		if (!kinds[i].wanted)
			continue;
		snprintf(sql, sizeof(sql),
			 "SELECT * FROM %s WHERE slice BETWEEN ? AND ? ORDER BY %s", kinds[i].table,
			 kinds[i].order);
		rc = rows__open(&c->rows, s, kinds[i].table, sql, e);
		c->open = !rc;
	}
	return rc;
}

/* What rows there are of this slice, in all tables that are wanted. */
static int visit_slice(struct cursor *cursors, int64_t slice, struct err *e)
{
	for (size_t i = 0; i < CURSORS; i++) {
		struct cursor *c = &cursors[i];

		while (!c->done && c->slice <= slice) {
			int rc = c->slice == slice ? c->deliver(c, e) : 0;

			if (!rc)
				rc = advance(c, e);
			if (rc)
				return rc;
		}
	}
	return 0;
}

static int start_cursors(struct cursor *cursors, int64_t first, int64_t last, struct err *e)
{
	for (size_t i = 0; i < CURSORS; i++) {
		int rc;

		if (!cursors[i].open)
			continue;
		sqlite3_bind_int64(cursors[i].rows.stmt, 1, first);
		sqlite3_bind_int64(cursors[i].rows.stmt, 2, last);
		rc = advance(&cursors[i], e);
		if (rc)
			return rc;
	}
	return 0;
}

static int visit_slices(struct store *s, const struct store_range *range,
			const struct store_visitor *v, struct cursor *cursors, struct err *e)
{
	bool started = false;
	struct rows r;
	int rc = rows__open(&r, s, "slice",
			    "SELECT * FROM slice WHERE id<=? AND start_ns>=? AND "
			    "(?=0 OR start_ns<?) ORDER BY id",
			    e);

	sqlite3_bind_int64(r.stmt, 1, s->last_slice);
	sqlite3_bind_int64(r.stmt, 2, (int64_t)range->since_ns);
	sqlite3_bind_int64(r.stmt, 3, (int64_t)range->until_ns);
	sqlite3_bind_int64(r.stmt, 4, (int64_t)range->until_ns);
	while (!rc && (rc = rows__next(&r, e)) == 1) {
		struct store_slice slice = {rows__u64(&r, 0), rows__u64(&r, 1), rows__u64(&r, 2),
					    rows__u64(&r, 3)};

		r.bad |= slice.end_ns < slice.start_ns;
		rc = rows__check(&r, e);
		if (!rc && !started)
			rc = start_cursors(cursors, (int64_t)slice.no, s->last_slice, e);
		started = true;
		if (!rc && v->slice)
			rc = v->slice(v->ctx, &slice);
		if (!rc)
			rc = visit_slice(cursors, (int64_t)slice.no, e);
	}
	rows__close(&r);
	return rc;
}

static int visit_unfinished(struct store *s, const struct store_visitor *v, struct err *e)
{
	struct rows r;
	int rc = rows__open(&r, s, "unfinished", "SELECT * FROM unfinished ORDER BY id", e);

	while (!rc && (rc = rows__next(&r, e)) == 1) {
		const struct cause *cause = rows__ref(&r, 2, &s->causes, false);
		struct ev_unfinished ev = {
			.fs = rows__ref(&r, 1, &s->filesystems, true),
			.stack = rows__ref(&r, 3, &s->stacks, true),
			.who = {.comm = rows__string(&r, 5), .cgroup = rows__string(&r, 6)},
		};

		rows__columns(&r, 7, &schema_unfinished, &ev);
		ev.req.path = rows__string(&r, 4);
		r.bad |= !is_request(&ev.req) || (unsigned int)ev.plane >= PLANES;
		rc = rows__check(&r, e);
		if (!rc)
			rc = v->unfinished(v->ctx, &ev, cause);
	}
	rows__close(&r);
	return rc;
}

static int visit_samples(struct store *s, const struct store_visitor *v, struct err *e)
{
	struct rows r;
	int rc = rows__open(&r, s, "sample", "SELECT * FROM sample ORDER BY id", e);

	while (!rc && (rc = rows__next(&r, e)) == 1) {
		const struct ev_sample ev = {
			.fs = rows__ref(&r, 1, &s->filesystems, true),
			.stack = rows__ref(&r, 2, &s->stacks, true),
			.count = rows__u64(&r, 3),
		};

		rc = rows__check(&r, e);
		if (!rc)
			rc = v->sample(v->ctx, &ev);
	}
	rows__close(&r);
	return rc;
}

static int visit_processes(struct store *s, const struct store_visitor *v, struct err *e)
{
	struct rows r;
	int rc = rows__open(&r, s, "process", "SELECT * FROM process ORDER BY id", e);

	while (!rc && (rc = rows__next(&r, e)) == 1) {
		struct ev_process ev = {.comm = rows__string(&r, 1), .cgroup = rows__string(&r, 2)};

		rows__columns(&r, 3, &schema_process, &ev);
		rc = rows__check(&r, e);
		if (!rc)
			rc = v->process(v->ctx, &ev);
	}
	rows__close(&r);
	return rc;
}

static int visit_failures(struct store *s, const struct store_visitor *v, struct err *e)
{
	struct rows r;
	int rc = rows__open(&r, s, "failure", "SELECT * FROM failure ORDER BY id", e);

	while (!rc && (rc = rows__next(&r, e)) == 1) {
		uint32_t err = rows__u32(&r, 1);
		const struct ev_failed ev = {.err = (int)err, .calls = rows__u64(&r, 2)};

		r.bad |= !err || err > ERR_MAX;
		rc = rows__check(&r, e);
		if (!rc)
			rc = v->failed(v->ctx, &ev);
	}
	rows__close(&r);
	return rc;
}

bool store__tells_who(const struct store *s)
{
	return s->info.schema >= 5;
}

/* Whether it is the whole file, and has that. */
static bool tells_who(const struct store *s, const struct store_range *range)
{
	return !range->since_ns && !range->until_ns && store__tells_who(s);
}

/* Whether what happened at the end is in the range. */
static bool reaches_end(const struct store *s, const struct store_range *range)
{
	return !range->until_ns || range->until_ns >= s->capture.duration_ns;
}

int store__read(struct store *s, const struct store_range *range, const struct store_visitor *v,
		struct err *e)
{
	static const struct store_range all;
	struct cursor cursors[CURSORS] = {0};
	int rc = begin(s, e);

	if (rc)
		return rc;
	range = range ? range : &all;
	rc = open_cursors(s, v, cursors, e);
	if (!rc)
		rc = visit_slices(s, range, v, cursors, e);
	if (!rc && v->unfinished && reaches_end(s, range))
		rc = visit_unfinished(s, v, e);
	if (!rc && v->sample && reaches_end(s, range))
		rc = visit_samples(s, v, e);
	if (!rc && v->process && tells_who(s, range))
		rc = visit_processes(s, v, e);
	if (!rc && v->failed && tells_who(s, range))
		rc = visit_failures(s, v, e);
	for (size_t i = 0; i < CURSORS; i++)
		rows__close(&cursors[i].rows);
	end(s);
	return rc;
}
