// SPDX-License-Identifier: GPL-2.0
#include "store/schema.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"

/* of: the struct; since: the version that the column came with. */
#define COLUMN(of, name, type, member, since)                                                      \
	{                                                                                          \
		name, COLUMN_##type, offsetof(struct of, member), since                            \
	}
#define U64(of, name, member) COLUMN(of, name, U64, member, 1)
#define U32(of, name, member) COLUMN(of, name, U32, member, 1)
#define OP(i, name) U64(counters, "op_" name, ops[i])

static const struct schema_column counters_columns[] = {
#define COUNTER(name, adds, since, json, csv) COLUMN(counters, #name, U64, name, since),
#define OPS()                                                                                      \
	OP(0, "pread"), OP(1, "pwrite"), OP(2, "fsync"), OP(3, "fdsync"), OP(4, "poll"),           \
		OP(5, "preadv"), OP(6, "pwritev"), OP(7, "other"),
#include "model/counters.def"
};

#define S(member) U64(sleep_sum, #member, member)
static const struct schema_column sleeps_columns[] = {
	S(sleeps),
	S(blocked_ns),
	S(runqueue_ns),
	S(max_ns),
	S(held_up_requests),
	S(iowait_sleeps),
	S(nowait_sleeps),
	U64(sleep_sum, "how_unknown", how[0]),
	U64(sleep_sum, "how_exact", how[1]),
	U64(sleep_sum, "how_scanned", how[2]),
	U64(sleep_sum, "how_batch", how[3]),
	COLUMN(sleep_sum, "further_sleeps", U64, further_sleeps, 3),
	COLUMN(sleep_sum, "together", U64, together, 7),
};

static const struct schema_column loss_columns[] = {
#define LOSS(name, since, kind, words) COLUMN(loss, #name, U64, name, since),
#include "model/loss.def"
#undef LOSS
};

/* A number that these structs gain must become a column of the next schema version. */
static_assert(sizeof(struct counters) == 8 * ARRAY_SIZE(counters_columns), "a column each");
static_assert(sizeof(struct sleep_sum) == 8 * ARRAY_SIZE(sleeps_columns), "a column each");
static_assert(sizeof(struct loss) == 8 * ARRAY_SIZE(loss_columns), "a column each");

#define REQUEST(of)                                                                                \
	U32(of, "how", req.how), U32(of, "idx", req.index), U32(of, "nr", req.nr),                 \
		COLUMN(of, "opcode", U16, req.opcode, 1), COLUMN(of, "fd", S32, req.fd, 1),        \
		U64(of, "offset", req.offset), U64(of, "len_bytes", req.len_bytes),                \
		U32(of, "rw_flags", req.rw_flags), U32(of, "shape", req.shape),                    \
		U64(of, "ino", req.ino)

#define E(member) U64(ev_stall, #member, member)
#define E32(member) U32(ev_stall, #member, member)
static const struct schema_column stall_columns[] = {
	E(end_ns),
	E(blocked_ns),
	E(runqueue_ns),
	E(call_seq),
	E32(sleep_no),
	U32(ev_stall, "tid", who.tid),
	REQUEST(ev_stall),
	E32(held_up_requests),
	E32(state),
	COLUMN(ev_stall, "iowait", BOOL, iowait, 1),
	E32(waker_kind),
	E32(waker_pid),
	E32(waker_tid),
	E32(lock_kind),
	E32(holder_tid),
	COLUMN(ev_stall, "user_data", U64, req.user_data, 3),
	COLUMN(ev_stall, "submitter_tid", U32, submitter_tid, 4),
};

#define W(member) U64(ev_submit, #member, member)
#define W32(member) U32(ev_submit, #member, member)
static const struct schema_column submit_columns[] = {
	W(end_ns),
	W(wall_ns),
	W(on_cpu_ns),
	W(blocked_ns),
	W(runqueue_ns),
	W(preempted_ns),
	W(call_seq),
	W32(sleeps),
	W32(preemptions),
	W32(nr),
	W32(fs_count),
	COLUMN(ev_submit, "ret", S64, ret, 1),
	U32(ev_submit, "pid", who.pid),
	U32(ev_submit, "tid", who.tid),
	U64(ev_submit, "cgroup_id", who.cgroup_id),
	COLUMN(ev_submit, "waited_ns", U64, waited_ns, 3),
	COLUMN(ev_submit, "waits", U32, waits, 3),
};

static const struct schema_column unfinished_columns[] = {
	U64(ev_unfinished, "age_ns", age_ns),
	COLUMN(ev_unfinished, "before_tracing", BOOL, before_tracing, 1),
	U32(ev_unfinished, "pid", who.pid),
	U32(ev_unfinished, "tid", who.tid),
	U64(ev_unfinished, "cgroup_id", who.cgroup_id),
	REQUEST(ev_unfinished),
	U32(ev_unfinished, "held_up_requests", held_up_requests),
	U32(ev_unfinished, "state", state),
	COLUMN(ev_unfinished, "user_data", U64, req.user_data, 3),
	COLUMN(ev_unfinished, "plane", U32, plane, 3),
	COLUMN(ev_unfinished, "submitter_tid", U32, submitter_tid, 4),
};

#define P(member) COLUMN(ev_process, #member, U64, member, 5)
static const struct schema_column process_columns[] = {
	COLUMN(ev_process, "pid", U32, pid, 5),
	P(submits),
	P(submits_blocked),
	P(requests),
	P(sleeps),
	P(blocked_ns),
};

static_assert(sizeof(enum request_how) == 4 && sizeof(enum waker_kind) == 4 &&
		      sizeof(enum lock_kind) == 4 && sizeof(enum plane) == 4,
	      "enums are U32");

#define COLUMNS(list)                                                                              \
	{                                                                                          \
		list, ARRAY_SIZE(list)                                                             \
	}
const struct schema_columns schema_counters = COLUMNS(counters_columns);
const struct schema_columns schema_sleeps = COLUMNS(sleeps_columns);
const struct schema_columns schema_stall = COLUMNS(stall_columns);
const struct schema_columns schema_submit = COLUMNS(submit_columns);
const struct schema_columns schema_loss = COLUMNS(loss_columns);
const struct schema_columns schema_unfinished = COLUMNS(unfinished_columns);
const struct schema_columns schema_process = COLUMNS(process_columns);

static const struct schema_table tables[TABLES] = {
	[TABLE_INFO] = {"info", "name TEXT PRIMARY KEY, value", .options = " WITHOUT ROWID"},
	[TABLE_FACT] = {"fact", "id INTEGER PRIMARY KEY, what TEXT, of TEXT, value TEXT"},
	[TABLE_STRING] = {"string", "id INTEGER PRIMARY KEY, text TEXT"},
	[TABLE_STACK] = {"stack", "id INTEGER PRIMARY KEY, frames TEXT"},
	[TABLE_FS] =
		{"fs",
		 "id INTEGER PRIMARY KEY, major INTEGER, minor INTEGER, fstype TEXT, device TEXT,"
		 " mount TEXT, options TEXT",
		 .more = {{"api TEXT", 2}, {"generation INTEGER", 3}}},
	[TABLE_CAUSE] = {"cause", "id INTEGER PRIMARY KEY, name TEXT, title TEXT, todo TEXT,"
				  " operator_advice TEXT, author_advice TEXT"},
	[TABLE_KEY] = {"key",
		       "id INTEGER PRIMARY KEY, fs INTEGER, cause INTEGER, stack INTEGER,"
		       " user_stack INTEGER, path INTEGER, comm INTEGER, cgroup INTEGER,"
		       " waker INTEGER, holder INTEGER, pid INTEGER, cgroup_id INTEGER,"
		       " opcode INTEGER, holder_pid INTEGER",
		       .more = {{"waker_kind INTEGER", 2},
				{"plane INTEGER", 3},
				{"behind INTEGER", 7}}},
	[TABLE_SLICE] = {"slice", "id INTEGER PRIMARY KEY, start_ns INTEGER, end_ns INTEGER,"
				  " slow_submits INTEGER"},
	[TABLE_COUNTERS] = {"counters", "slice INTEGER, fs INTEGER", &schema_counters,
			    .behind = ", sleep BLOB, submit BLOB, PRIMARY KEY(slice, fs)",
			    .options = " WITHOUT ROWID"},
	[TABLE_SLEEPS] = {"sleeps", "slice INTEGER, key INTEGER", &schema_sleeps,
			  .behind = ", hist BLOB, PRIMARY KEY(slice, key)",
			  .options = " WITHOUT ROWID"},
	[TABLE_STALL] = {"stall", "slice INTEGER, no INTEGER, key INTEGER, waker_comm INTEGER",
			 &schema_stall, .behind = ", PRIMARY KEY(slice, no)",
			 .options = " WITHOUT ROWID"},
	[TABLE_SUBMIT] = {"submit",
			  "slice INTEGER, no INTEGER, fs INTEGER, comm INTEGER, cgroup INTEGER",
			  &schema_submit, .behind = ", PRIMARY KEY(slice, no)",
			  .options = " WITHOUT ROWID"},
	[TABLE_LOSS] = {"loss", "slice INTEGER PRIMARY KEY", &schema_loss},
	[TABLE_UNFINISHED] = {"unfinished",
			      "id INTEGER PRIMARY KEY, fs INTEGER, cause INTEGER, stack INTEGER,"
			      " path INTEGER, comm INTEGER, cgroup INTEGER",
			      &schema_unfinished},
	[TABLE_SAMPLE] = {"sample",
			  "id INTEGER PRIMARY KEY, fs INTEGER, stack INTEGER, count INTEGER"},
	[TABLE_HERE] = {"here", "id INTEGER PRIMARY KEY, fs INTEGER, cause TEXT, text TEXT"},
	[TABLE_PROCESS] = {"process", "id INTEGER PRIMARY KEY, comm INTEGER, cgroup INTEGER",
			   &schema_process, .since = 5},
	[TABLE_FAILURE] = {"failure", "id INTEGER PRIMARY KEY, err INTEGER, calls INTEGER",
			   .since = 5},
};

const struct schema_table *schema__table(size_t i, uint32_t version)
{
	return i < ARRAY_SIZE(tables) && tables[i].since <= version ? &tables[i] : NULL;
}

bool schema__is_of_slices(const struct schema_table *t)
{
	return !strncmp(t->before, "slice ", strlen("slice "));
}

/* What does not fit is cut off; no table comes near to it. */
static void __attribute__((format(printf, 3, 4)))
append(char buf[SCHEMA_SQL_MAX], size_t *used, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (*used < SCHEMA_SQL_MAX)
		*used += (size_t)vsnprintf(buf + *used, SCHEMA_SQL_MAX - *used, fmt, ap);
	va_end(ap);
}

const char *schema__sql(const struct schema_table *t, uint32_t version, char buf[SCHEMA_SQL_MAX])
{
	size_t used = 0, nr = t->columns ? schema__nr_columns(t->columns, version) : 0;

	append(buf, &used, "CREATE TABLE %s(%s", t->name, t->before);
	for (size_t i = 0; i < nr; i++)
		append(buf, &used, ", %s INTEGER", t->columns->column[i].name);
	for (size_t i = 0; i < ARRAY_SIZE(t->more) && t->more[i].decl; i++)
		if (t->more[i].since <= version)
			append(buf, &used, ", %s", t->more[i].decl);
	append(buf, &used, "%s)%s", t->behind ? t->behind : "", t->options ? t->options : "");
	return buf;
}

size_t schema__nr_columns(const struct schema_columns *c, uint32_t version)
{
	size_t nr = c->nr;

	while (nr && c->column[nr - 1].since > version)
		nr--;
	return nr;
}
