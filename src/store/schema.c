// SPDX-License-Identifier: GPL-2.0
#include "store/schema.h"

#include <assert.h>

#include "base/base.h"

#define REQUEST_SQL                                                                                \
	"how INTEGER, idx INTEGER, nr INTEGER, opcode INTEGER, fd INTEGER, offset INTEGER,"        \
	" len_bytes INTEGER, rw_flags INTEGER, shape INTEGER, ino INTEGER"

/* What the versions of a statement have in common: the older one ends where the newer goes on. */
#define KEY_SQL                                                                                    \
	"CREATE TABLE key(id INTEGER PRIMARY KEY, fs INTEGER, cause INTEGER, stack "               \
	"INTEGER,"                                                                                 \
	" user_stack INTEGER, path INTEGER, comm INTEGER, cgroup INTEGER, waker INTEGER,"          \
	" holder INTEGER, pid INTEGER, cgroup_id INTEGER, opcode INTEGER, holder_pid "             \
	"INTEGER"
#define COUNTERS_SQL                                                                               \
	"CREATE TABLE counters(slice INTEGER, fs INTEGER,"                                         \
	" submits INTEGER, submits_blocked INTEGER, requests INTEGER, sleeps INTEGER,"             \
	" wall_ns INTEGER, on_cpu_ns INTEGER, blocked_ns INTEGER, blocked_elsewhere_ns "           \
	"INTEGER,"                                                                                 \
	" runqueue_ns INTEGER, preempted_ns INTEGER, held_up_requests INTEGER,"                    \
	" held_up_ns INTEGER, submit_errors INTEGER, short_submits INTEGER, bytes INTEGER,"        \
	" bytes_unknown INTEGER, inside_buffered INTEGER, inside_direct INTEGER,"                  \
	" nowait INTEGER, nowait_refused INTEGER, nowait_sleeps INTEGER, nowait_ns "               \
	"INTEGER,"                                                                                 \
	" below_min_sleeps INTEGER, below_min_ns INTEGER,"                                         \
	" op_pread INTEGER, op_pwrite INTEGER, op_fsync INTEGER, op_fdsync INTEGER,"               \
	" op_poll INTEGER, op_preadv INTEGER, op_pwritev INTEGER, op_other INTEGER,"               \
	" max_sleep_ns INTEGER, max_submit_ns INTEGER"
#define COUNTERS_END ", sleep BLOB, submit BLOB, PRIMARY KEY(slice, fs)) WITHOUT ROWID"
#define STALL_SQL                                                                                  \
	"CREATE TABLE stall(slice INTEGER, no INTEGER, key INTEGER, waker_comm INTEGER,"           \
	" end_ns INTEGER, blocked_ns INTEGER, runqueue_ns INTEGER, call_seq INTEGER,"              \
	" sleep_no INTEGER, tid INTEGER, " REQUEST_SQL ","                                         \
	" held_up_requests INTEGER, state INTEGER, iowait INTEGER, waker_kind INTEGER,"            \
	" waker_pid INTEGER, waker_tid INTEGER, lock_kind INTEGER, holder_tid INTEGER"
#define STALL_END ", PRIMARY KEY(slice, no)) WITHOUT ROWID"
#define SUBMIT_SQL                                                                                 \
	"CREATE TABLE submit(slice INTEGER, no INTEGER, fs INTEGER, comm INTEGER, cgroup "         \
	"INTEGER,"                                                                                 \
	" end_ns INTEGER, wall_ns INTEGER, on_cpu_ns INTEGER, blocked_ns INTEGER,"                 \
	" runqueue_ns INTEGER, preempted_ns INTEGER, call_seq INTEGER, sleeps INTEGER,"            \
	" preemptions INTEGER, nr INTEGER, fs_count INTEGER, ret INTEGER, pid INTEGER,"            \
	" tid INTEGER, cgroup_id INTEGER"
#define SUBMIT_END ", PRIMARY KEY(slice, no)) WITHOUT ROWID"
#define UNFINISHED_SQL                                                                             \
	"CREATE TABLE unfinished(id INTEGER PRIMARY KEY, fs INTEGER, cause INTEGER,"               \
	" stack INTEGER, path INTEGER, comm INTEGER, cgroup INTEGER,"                              \
	" age_ns INTEGER, before_tracing INTEGER, pid INTEGER, tid INTEGER, cgroup_id "            \
	"INTEGER, " REQUEST_SQL ", held_up_requests INTEGER, state INTEGER"

static const struct schema_table tables[TABLES] = {
	[TABLE_INFO] = {"info", "CREATE TABLE info(name TEXT PRIMARY KEY, value) WITHOUT ROWID"},
	[TABLE_FACT] =
		{"fact",
		 "CREATE TABLE fact(id INTEGER PRIMARY KEY, what TEXT, of TEXT, value TEXT)"},
	[TABLE_STRING] = {"string", "CREATE TABLE string(id INTEGER PRIMARY KEY, text TEXT)"},
	[TABLE_STACK] = {"stack", "CREATE TABLE stack(id INTEGER PRIMARY KEY, frames TEXT)"},
	[TABLE_FS] = {"fs",
		      "CREATE TABLE fs(id INTEGER PRIMARY KEY, major INTEGER, minor INTEGER, "
		      "fstype TEXT,"
		      " device TEXT, mount TEXT, options TEXT, api TEXT, generation INTEGER)",
		      {"CREATE TABLE fs(id INTEGER PRIMARY KEY, major INTEGER, minor INTEGER, "
		       "fstype TEXT,"
		       " device TEXT, mount TEXT, options TEXT)",
		       "CREATE TABLE fs(id INTEGER PRIMARY KEY, major INTEGER, minor INTEGER, "
		       "fstype TEXT,"
		       " device TEXT, mount TEXT, options TEXT, api TEXT)"}},
	[TABLE_CAUSE] =
		{"cause",
		 "CREATE TABLE cause(id INTEGER PRIMARY KEY, name TEXT, title TEXT, todo TEXT,"
		 " operator_advice TEXT, author_advice TEXT)"},
	[TABLE_KEY] = {"key",
		       KEY_SQL ", waker_kind INTEGER, plane INTEGER)",
		       {KEY_SQL ")", KEY_SQL ", waker_kind INTEGER)"}},
	[TABLE_SLICE] =
		{"slice",
		 "CREATE TABLE slice(id INTEGER PRIMARY KEY, start_ns INTEGER, end_ns INTEGER,"
		 " slow_submits INTEGER)"},
	[TABLE_COUNTERS] = {"counters",
			    COUNTERS_SQL ", waits INTEGER, waited_ns INTEGER, wait_calls INTEGER,"
					 " taskwork_sleeps INTEGER, taskwork_blocked_ns "
					 "INTEGER" COUNTERS_END,
			    {NULL, COUNTERS_SQL COUNTERS_END}},
	[TABLE_SLEEPS] =
		{"sleeps",
		 "CREATE TABLE sleeps(slice INTEGER, key INTEGER,"
		 " sleeps INTEGER, blocked_ns INTEGER, runqueue_ns INTEGER, max_ns INTEGER,"
		 " held_up_requests INTEGER, iowait_sleeps INTEGER, nowait_sleeps INTEGER,"
		 " how_unknown INTEGER, how_exact INTEGER, how_scanned INTEGER, how_batch INTEGER,"
		 " further_sleeps INTEGER, hist BLOB,"
		 " PRIMARY KEY(slice, key)) WITHOUT ROWID",
		 {NULL, "CREATE TABLE sleeps(slice INTEGER, key INTEGER,"
			" sleeps INTEGER, blocked_ns INTEGER, runqueue_ns INTEGER, max_ns INTEGER,"
			" held_up_requests INTEGER, iowait_sleeps INTEGER, nowait_sleeps INTEGER,"
			" how_unknown INTEGER, how_exact INTEGER, how_scanned INTEGER, how_batch "
			"INTEGER, hist BLOB,"
			" PRIMARY KEY(slice, key)) WITHOUT ROWID"}},
	[TABLE_STALL] = {"stall",
			 STALL_SQL ", user_data INTEGER" STALL_END,
			 {NULL, STALL_SQL STALL_END}},
	[TABLE_SUBMIT] = {"submit",
			  SUBMIT_SQL ", waited_ns INTEGER, waits INTEGER" SUBMIT_END,
			  {NULL, SUBMIT_SQL SUBMIT_END}},
	[TABLE_LOSS] =
		{"loss",
		 "CREATE TABLE loss(slice INTEGER PRIMARY KEY, events INTEGER, stacks INTEGER,"
		 " map_full INTEGER, unmatched INTEGER, before_tracing INTEGER,"
		 " unattributed INTEGER, model_evicted INTEGER, malformed INTEGER,"
		 " scan_agree INTEGER, scan_disagree INTEGER,"
		 " skipped INTEGER, misjudged INTEGER, recovered INTEGER,"
		 " refused INTEGER, in_flight INTEGER, uncounted_sleeps INTEGER)",
		 {"CREATE TABLE loss(slice INTEGER PRIMARY KEY, events INTEGER, stacks INTEGER,"
		  " map_full INTEGER, unmatched INTEGER, before_tracing INTEGER,"
		  " unattributed INTEGER, model_evicted INTEGER, malformed INTEGER,"
		  " scan_agree INTEGER, scan_disagree INTEGER)"}},
	[TABLE_UNFINISHED] = {"unfinished",
			      UNFINISHED_SQL ", user_data INTEGER, plane INTEGER)",
			      {NULL, UNFINISHED_SQL ")"}},
	[TABLE_SAMPLE] = {"sample", "CREATE TABLE sample(id INTEGER PRIMARY KEY, fs INTEGER,"
				    " stack INTEGER, count INTEGER)"},
	[TABLE_HERE] =
		{"here",
		 "CREATE TABLE here(id INTEGER PRIMARY KEY, fs INTEGER, cause TEXT, text TEXT)"},
};

const struct schema_table *schema__table(size_t i)
{
	return i < ARRAY_SIZE(tables) ? &tables[i] : NULL;
}

const char *schema__sql(const struct schema_table *t, uint32_t version)
{
	for (uint32_t v = version ? version : 1; v < SCHEMA_VERSION; v++)
		if (t->old[v - 1])
			return t->old[v - 1];
	return t->sql;
}

size_t schema__nr_columns(const struct schema_columns *c, uint32_t version)
{
	for (uint32_t v = version ? version : 1; v < SCHEMA_VERSION; v++)
		if (c->nr_old[v - 1])
			return c->nr_old[v - 1];
	return c->nr;
}

#define U64(of, name, member)                                                                      \
	{                                                                                          \
		name, COLUMN_U64, offsetof(struct of, member)                                      \
	}
#define U32(of, name, member)                                                                      \
	{                                                                                          \
		name, COLUMN_U32, offsetof(struct of, member)                                      \
	}
#define C(member) U64(counters, #member, member)
#define OP(i, name) U64(counters, "op_" name, ops[i])

static const struct schema_column counters_columns[] = {
	C(submits),
	C(submits_blocked),
	C(requests),
	C(sleeps),
	C(wall_ns),
	C(on_cpu_ns),
	C(blocked_ns),
	C(blocked_elsewhere_ns),
	C(runqueue_ns),
	C(preempted_ns),
	C(held_up_requests),
	C(held_up_ns),
	C(submit_errors),
	C(short_submits),
	C(bytes),
	C(bytes_unknown),
	C(inside_buffered),
	C(inside_direct),
	C(nowait),
	C(nowait_refused),
	C(nowait_sleeps),
	C(nowait_ns),
	C(below_min_sleeps),
	C(below_min_ns),
	OP(0, "pread"),
	OP(1, "pwrite"),
	OP(2, "fsync"),
	OP(3, "fdsync"),
	OP(4, "poll"),
	OP(5, "preadv"),
	OP(6, "pwritev"),
	OP(7, "other"),
	C(max_sleep_ns),
	C(max_submit_ns),
	C(waits),
	C(waited_ns),
	C(wait_calls),
	C(taskwork_sleeps),
	C(taskwork_blocked_ns),
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
	S(further_sleeps),
};

static const struct schema_column loss_columns[] = {
#define LOSS(name, kind, words) U64(loss, #name, name),
#include "model/loss.def"
#undef LOSS
};

/* A number that these structs gain must become a column of the next schema version. */
static_assert(sizeof(struct counters) == 8 * ARRAY_SIZE(counters_columns), "a column each");
static_assert(sizeof(struct sleep_sum) == 8 * ARRAY_SIZE(sleeps_columns), "a column each");
static_assert(sizeof(struct loss) == 8 * ARRAY_SIZE(loss_columns), "a column each");

#define REQUEST(of)                                                                                \
	U32(of, "how", req.how), U32(of, "idx", req.index), U32(of, "nr", req.nr),                 \
		{"opcode", COLUMN_U16, offsetof(struct of, req.opcode)},                           \
		{"fd", COLUMN_S32, offsetof(struct of, req.fd)}, U64(of, "offset", req.offset),    \
		U64(of, "len_bytes", req.len_bytes), U32(of, "rw_flags", req.rw_flags),            \
		U32(of, "shape", req.shape), U64(of, "ino", req.ino)

#define E(member) U64(ev_stall, #member, member)
#define E32(member) U32(ev_stall, #member, member)
static const struct schema_column stall_columns[] = {
	E(end_ns),	   E(blocked_ns),
	E(runqueue_ns),	   E(call_seq),
	E32(sleep_no),	   U32(ev_stall, "tid", who.tid),
	REQUEST(ev_stall), E32(held_up_requests),
	E32(state),	   {"iowait", COLUMN_BOOL, offsetof(struct ev_stall, iowait)},
	E32(waker_kind),   E32(waker_pid),
	E32(waker_tid),	   E32(lock_kind),
	E32(holder_tid),   U64(ev_stall, "user_data", req.user_data),
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
	{"ret", COLUMN_S64, offsetof(struct ev_submit, ret)},
	U32(ev_submit, "pid", who.pid),
	U32(ev_submit, "tid", who.tid),
	U64(ev_submit, "cgroup_id", who.cgroup_id),
	W(waited_ns),
	W32(waits),
};

static const struct schema_column unfinished_columns[] = {
	U64(ev_unfinished, "age_ns", age_ns),
	{"before_tracing", COLUMN_BOOL, offsetof(struct ev_unfinished, before_tracing)},
	U32(ev_unfinished, "pid", who.pid),
	U32(ev_unfinished, "tid", who.tid),
	U64(ev_unfinished, "cgroup_id", who.cgroup_id),
	REQUEST(ev_unfinished),
	U32(ev_unfinished, "held_up_requests", held_up_requests),
	U32(ev_unfinished, "state", state),
	U64(ev_unfinished, "user_data", req.user_data),
	U32(ev_unfinished, "plane", plane),
};
static_assert(sizeof(enum request_how) == 4 && sizeof(enum waker_kind) == 4 &&
		      sizeof(enum lock_kind) == 4 && sizeof(enum plane) == 4,
	      "enums are U32");

#define COLUMNS(list) .column = list, .nr = ARRAY_SIZE(list)
/* Version 2 lacks so many of the last ones. */
#define COLUMNS_BUT(list, more) COLUMNS(list), .nr_old = {0, ARRAY_SIZE(list) - (more)}
const struct schema_columns schema_counters = {"counters", "slice, fs", "sleep, submit",
					       COLUMNS_BUT(counters_columns, 5)};
const struct schema_columns schema_sleeps = {"sleeps", "slice, key", "hist",
					     COLUMNS(sleeps_columns), .nr_old = {0, 11}};
const struct schema_columns schema_stall = {"stall", "slice, no, key, waker_comm", "",
					    COLUMNS_BUT(stall_columns, 1)};
const struct schema_columns schema_submit = {"submit", "slice, no, fs, comm, cgroup", "",
					     COLUMNS_BUT(submit_columns, 2)};
const struct schema_columns schema_loss = {"loss", "slice", "", COLUMNS(loss_columns),
					   .nr_old = {10}};
const struct schema_columns schema_unfinished = {"unfinished",
						 "id, fs, cause, stack, path, comm, cgroup", "",
						 COLUMNS_BUT(unfinished_columns, 2)};

const struct schema_columns *schema__columns(size_t i)
{
	static const struct schema_columns *const all[] = {
		&schema_counters, &schema_sleeps, &schema_stall,
		&schema_submit,	  &schema_loss,	  &schema_unfinished,
	};

	return i < ARRAY_SIZE(all) ? all[i] : NULL;
}
