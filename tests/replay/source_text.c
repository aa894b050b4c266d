// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "source_text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "model/pool.h"

/* What "fs" and "stack" lines define, under "fs NAME" and "stack NUMBER". */
struct defined {
	UT_hash_handle hh;
	const void *what;
	char name[];
};

struct text {
	struct source source;
	FILE *in;
	struct err *err;
	unsigned int line_no;
	struct pool pool; /* all that events and definitions point to */
	struct defined *defined;
	struct capture_info capture;
};

enum type {
	T_U64,
	T_U32,
	T_U16,
	T_S64,
	T_S32,
	T_BOOL,
	T_STR,
	T_NAME,
	T_TIME,
	T_HIST,
	T_FRAMES,
	T_WORD,
	T_BITS,
	T_FS,
	T_STACK
};

struct word {
	const char *name;
	uint32_t value;
};

struct field {
	const char *key;
	enum type type;
	size_t offset;
	const struct word *words; /* T_WORD, T_BITS */
};

static const struct word how_words[] = {
	{"unknown", HOW_UNKNOWN},
	{"exact", HOW_EXACT},
	{"scanned", HOW_SCANNED},
	{"batch", HOW_BATCH},
	{NULL, 0},
};
static const struct word lock_words[] = {
	{"none", LOCK_NONE}, {"mutex", LOCK_MUTEX},   {"rwsem", LOCK_RWSEM},
	{"rt", LOCK_RT},     {"percpu", LOCK_PERCPU}, {"other", LOCK_OTHER},
	{NULL, 0},
};
static const struct word waker_words[] = {
	{"unknown", WAKER_UNKNOWN},
	{"task", WAKER_TASK},
	{"irq", WAKER_IRQ},
	{NULL, 0},
};
static const struct word api_words[] = {
	{"aio", API_AIO},
	{"io_uring", API_URING},
	{NULL, 0},
};
static const struct word plane_words[] = {
	{"submit", PLANE_SUBMIT},
	{"taskwork", PLANE_TASKWORK},
	{"worker", PLANE_WORKER},
	{"sqpoll", PLANE_SQPOLL},
	{NULL, 0},
};
static const struct word shape_words[] = {
	{"eof", SHAPE_BEYOND_EOF},
	{"unaligned", SHAPE_UNALIGNED},
	{"unaligned_lb", SHAPE_UNALIGNED_LB},
	{"direct", SHAPE_DIRECT},
	{"dsync", SHAPE_DSYNC},
	{"nowait", SHAPE_NOWAIT},
	{"append", SHAPE_APPEND},
	{NULL, 0},
};

/* What a line is read into; one struct for each kind. */
struct fs_line {
	const char *id;
	struct fs_info fs;
};
struct stack_line {
	struct stack stack;
};
struct counts_line {
	const char *fs;
	struct fs_counts counts;
};
struct stall_line {
	uint64_t repeat;
	struct ev_stalls all; /* of "stall" only the longest */
};
struct submit_line {
	uint64_t repeat;
	struct ev_submit ev;
};
struct capture_line {
	struct capture_info info;
	const char *child_status;
};
union line {
	struct host_info host;
	struct capture_line capture;
	struct fs_line fs;
	struct stack_line stack;
	struct counts_line counts;
	struct stall_line stall;
	struct submit_line submit;
	struct ev_unfinished unfinished;
	struct ev_sample sample;
	struct ev_process process;
	struct ev_failed failed;
	struct loss loss;
};

#define F(type, key, member, kind)                                                                 \
	{                                                                                          \
		key, kind, offsetof(type, member), NULL                                            \
	}
#define WHO(type, at)                                                                              \
	F(type, "pid", at.pid, T_U32), F(type, "tid", at.tid, T_U32),                              \
		F(type, "comm", at.comm, T_STR), F(type, "cgroup", at.cgroup, T_STR),              \
		F(type, "cgroup_id", at.cgroup_id, T_U64)
#define REQUEST(type, at)                                                                          \
	{"how", T_WORD, offsetof(type, at.how), how_words},                                        \
		{"shape", T_BITS, offsetof(type, at.shape), shape_words},                          \
		F(type, "index", at.index, T_U32), F(type, "nr", at.nr, T_U32),                    \
		F(type, "op", at.opcode, T_U16), F(type, "fd", at.fd, T_S32),                      \
		F(type, "offset", at.offset, T_U64), F(type, "len", at.len_bytes, T_U64),          \
		F(type, "rw_flags", at.rw_flags, T_U32), F(type, "ino", at.ino, T_U64),            \
		F(type, "user_data", at.user_data, T_U64), F(type, "path", at.path, T_STR)

static const struct field host_fields[] = {
	F(struct host_info, "hostname", hostname, T_NAME),
	F(struct host_info, "kernel", kernel, T_NAME),
	F(struct host_info, "arch", arch, T_NAME),
	F(struct host_info, "cpus", cpus, T_U32),
	{0},
};
static const struct field capture_fields[] = {
	F(struct capture_line, "started", info.started_unix_ns, T_S64),
	F(struct capture_line, "started_mono", info.started_mono_ns, T_U64),
	F(struct capture_line, "duration", info.duration_ns, T_TIME),
	F(struct capture_line, "command", info.command, T_STR),
	F(struct capture_line, "filters", info.filters, T_STR),
#define NEED(id, name, api, what)                                                                  \
	F(struct capture_line, "probe_" name, info.probe[NEED_##id], T_STR),
#include "model/probes.def"
	F(struct capture_line, "skips", info.skips, T_STR),
	F(struct capture_line, "skips_unknown", info.skips_unknown, T_STR),
	F(struct capture_line, "spilled", info.spilled, T_U64),
	F(struct capture_line, "sample_hz", info.sample_hz, T_U64),
	F(struct capture_line, "user_stacks", info.user_stacks, T_BOOL),
	F(struct capture_line, "min", info.min_ns, T_TIME),
	F(struct capture_line, "child_status", child_status, T_STR),
	{0},
};
static const struct field fs_fields[] = {
	F(struct fs_line, "id", id, T_STR),
	F(struct fs_line, "type", fs.fstype, T_STR),
	F(struct fs_line, "major", fs.major, T_U32),
	F(struct fs_line, "minor", fs.minor, T_U32),
	F(struct fs_line, "device", fs.device_name, T_STR),
	F(struct fs_line, "mount", fs.mount, T_STR),
	F(struct fs_line, "options", fs.mount_options, T_STR),
	{"api", T_WORD, offsetof(struct fs_line, fs.api), api_words},
	{0},
};
static const struct field stack_fields[] = {
	F(struct stack_line, "id", stack.id, T_U64),
	F(struct stack_line, "frames", stack, T_FRAMES),
	{0},
};
#define C(name) F(struct counts_line, #name, counts.c.name, T_U64)
#define C_TIME(name) F(struct counts_line, #name, counts.c.name##_ns, T_TIME)
static const struct field counts_fields[] = {
	F(struct counts_line, "fs", fs, T_STR),
	C(submits),
	C(submits_blocked),
	C(requests),
	C(sleeps),
	C(held_up_requests),
	C(submit_errors),
	C(short_submits),
	C(bytes),
	C(bytes_unknown),
	C(inside_buffered),
	C(inside_direct),
	C(nowait),
	C(nowait_refused),
	C(nowait_sleeps),
	F(struct counts_line, "nowait_ns", counts.c.nowait_ns, T_TIME),
	C(below_min_sleeps),
	C_TIME(wall),
	C_TIME(on_cpu),
	C_TIME(blocked),
	C_TIME(blocked_elsewhere),
	C_TIME(runqueue),
	C_TIME(preempted),
	C_TIME(held_up),
	C_TIME(below_min),
	C_TIME(max_sleep),
	C_TIME(max_submit),
	C(waits),
	C_TIME(waited),
	C(wait_calls),
	C(taskwork_sleeps),
	C_TIME(taskwork_blocked),
	C(worker_sleeps),
	C_TIME(worker_blocked),
	C(sqpoll_sleeps),
	C_TIME(sqpoll_blocked),
	C(punted),
	C(punted_asked),
	C(punted_forced),
	C(punted_unable),
	C(punted_tried),
	C(punted_serial),
	C(punted_reads),
	C(punted_writes),
	C(punted_syncs),
	C(queue_delays),
	C_TIME(queue_delay),
	C_TIME(max_queue_delay),
	C(punted_refused),
	C(punted_reissued),
	C(punted_device),
	C(queued_reads),
	F(struct counts_line, "queued_reads_time", counts.c.queued_reads_ns, T_TIME),
	C(queued_writes),
	F(struct counts_line, "queued_writes_time", counts.c.queued_writes_ns, T_TIME),
	C(queued_syncs),
	F(struct counts_line, "queued_syncs_time", counts.c.queued_syncs_ns, T_TIME),
	F(struct counts_line, "pread", counts.c.ops[0], T_U64),
	F(struct counts_line, "pwrite", counts.c.ops[1], T_U64),
	F(struct counts_line, "fsync", counts.c.ops[2], T_U64),
	F(struct counts_line, "fdsync", counts.c.ops[3], T_U64),
	F(struct counts_line, "poll", counts.c.ops[4], T_U64),
	F(struct counts_line, "preadv", counts.c.ops[5], T_U64),
	F(struct counts_line, "pwritev", counts.c.ops[6], T_U64),
	F(struct counts_line, "other", counts.c.ops[7], T_U64),
	F(struct counts_line, "sleep", counts.sleep, T_HIST),
	F(struct counts_line, "submit", counts.submit, T_HIST),
	{0},
};
static const struct field stall_fields[] = {
	F(struct stall_line, "repeat", repeat, T_U64),
	F(struct stall_line, "fs", all.longest.fs, T_FS),
	F(struct stall_line, "stack", all.longest.stack, T_STACK),
	F(struct stall_line, "user_stack", all.longest.user_stack, T_STACK),
	F(struct stall_line, "end", all.longest.end_ns, T_TIME),
	F(struct stall_line, "blocked", all.longest.blocked_ns, T_TIME),
	F(struct stall_line, "runqueue", all.longest.runqueue_ns, T_TIME),
	F(struct stall_line, "call_seq", all.longest.call_seq, T_U64),
	F(struct stall_line, "sleep_no", all.longest.sleep_no, T_U32),
	{"plane", T_WORD, offsetof(struct stall_line, all.longest.plane), plane_words},
	F(struct stall_line, "submitter", all.longest.submitter_tid, T_U32),
	F(struct stall_line, "held_up", all.longest.held_up_requests, T_U32),
	F(struct stall_line, "state", all.longest.state, T_U32),
	F(struct stall_line, "iowait", all.longest.iowait, T_BOOL),
	{"waker", T_WORD, offsetof(struct stall_line, all.longest.waker_kind), waker_words},
	F(struct stall_line, "waker_pid", all.longest.waker_pid, T_U32),
	F(struct stall_line, "waker_tid", all.longest.waker_tid, T_U32),
	F(struct stall_line, "waker_comm", all.longest.waker_comm, T_STR),
	{"lock", T_WORD, offsetof(struct stall_line, all.longest.lock_kind), lock_words},
	F(struct stall_line, "holder_pid", all.longest.holder_pid, T_U32),
	F(struct stall_line, "holder_tid", all.longest.holder_tid, T_U32),
	F(struct stall_line, "holder_comm", all.longest.holder_comm, T_STR),
	F(struct stall_line, "sleeps", all.sum.sleeps, T_U64),
	F(struct stall_line, "all_blocked", all.sum.blocked_ns, T_TIME),
	F(struct stall_line, "all_runqueue", all.sum.runqueue_ns, T_TIME),
	F(struct stall_line, "all_held_up", all.sum.held_up_requests, T_U64),
	F(struct stall_line, "iowait_sleeps", all.sum.iowait_sleeps, T_U64),
	F(struct stall_line, "nowait_sleeps", all.sum.nowait_sleeps, T_U64),
	F(struct stall_line, "hist", all.hist, T_HIST),
	WHO(struct stall_line, all.longest.who),
	REQUEST(struct stall_line, all.longest.req),
	{0},
};
static const struct field submit_fields[] = {
	F(struct submit_line, "repeat", repeat, T_U64),
	F(struct submit_line, "fs", ev.fs, T_FS),
	F(struct submit_line, "end", ev.end_ns, T_TIME),
	F(struct submit_line, "wall", ev.wall_ns, T_TIME),
	F(struct submit_line, "on_cpu", ev.on_cpu_ns, T_TIME),
	F(struct submit_line, "blocked", ev.blocked_ns, T_TIME),
	F(struct submit_line, "runqueue", ev.runqueue_ns, T_TIME),
	F(struct submit_line, "preempted", ev.preempted_ns, T_TIME),
	F(struct submit_line, "call_seq", ev.call_seq, T_U64),
	F(struct submit_line, "sleeps", ev.sleeps, T_U32),
	F(struct submit_line, "preemptions", ev.preemptions, T_U32),
	F(struct submit_line, "nr", ev.nr, T_U32),
	F(struct submit_line, "waits", ev.waits, T_U32),
	F(struct submit_line, "waited", ev.waited_ns, T_TIME),
	F(struct submit_line, "fs_count", ev.fs_count, T_U32),
	F(struct submit_line, "ret", ev.ret, T_S64),
	WHO(struct submit_line, ev.who),
	{0},
};
static const struct field unfinished_fields[] = {
	F(struct ev_unfinished, "fs", fs, T_FS),
	F(struct ev_unfinished, "stack", stack, T_STACK),
	F(struct ev_unfinished, "age", age_ns, T_TIME),
	F(struct ev_unfinished, "before_tracing", before_tracing, T_BOOL),
	{"plane", T_WORD, offsetof(struct ev_unfinished, plane), plane_words},
	F(struct ev_unfinished, "submitter", submitter_tid, T_U32),
	F(struct ev_unfinished, "held_up", held_up_requests, T_U32),
	F(struct ev_unfinished, "state", state, T_U32),
	WHO(struct ev_unfinished, who),
	REQUEST(struct ev_unfinished, req),
	{0},
};
static const struct field sample_fields[] = {
	F(struct ev_sample, "fs", fs, T_FS),
	F(struct ev_sample, "stack", stack, T_STACK),
	F(struct ev_sample, "count", count, T_U64),
	{0},
};
static const struct field process_fields[] = {
	F(struct ev_process, "pid", pid, T_U32),
	F(struct ev_process, "comm", comm, T_STR),
	F(struct ev_process, "cgroup", cgroup, T_STR),
	F(struct ev_process, "submits", submits, T_U64),
	F(struct ev_process, "submits_blocked", submits_blocked, T_U64),
	F(struct ev_process, "requests", requests, T_U64),
	F(struct ev_process, "sleeps", sleeps, T_U64),
	F(struct ev_process, "blocked", blocked_ns, T_TIME),
	{0},
};
static const struct field failed_fields[] = {
	F(struct ev_failed, "pid", pid, T_U32),
	F(struct ev_failed, "err", err, T_S32),
	F(struct ev_failed, "calls", calls, T_U64),
	{0},
};
static const struct field loss_fields[] = {
#define LOSS(name, since, kind, words) F(struct loss, #name, name, T_U64),
#include "model/loss.def"
#undef LOSS
	{0},
};

static int complain(struct text *t, const char *what, const char *text)
{
	return err__set(t->err, -EINVAL, "line %u: %s: %s", t->line_no, what, text);
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, tolower(c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* In place; what is written is never longer than what was read. */
static bool unescape(char *s)
{
	char *out = s;

	while (*s) {
		int high, low;

		if (*s != '\\') {
			*out++ = *s++;
			continue;
		}
		if (s[1] == '\\') {
			*out++ = '\\';
			s += 2;
			continue;
		}
		high = s[1] == 'x' ? hex_digit(s[2]) : -1;
		low = high >= 0 ? hex_digit(s[3]) : -1;
		if (low < 0 || !(high | low))
			return false;
		*out++ = (char)(high << 4 | low);
		s += 4;
	}
	*out = '\0';
	return true;
}

static const void *find_defined(struct text *t, const char *kind, const char *id)
{
	struct defined *d;
	char name[256];

	snprintf(name, sizeof(name), "%s %s", kind, id);
	HASH_FIND_STR(t->defined, name, d);
	return d ? d->what : NULL;
}

static int define(struct text *t, const char *kind, const char *id, const void *what, size_t size)
{
	size_t len = strlen(kind) + strlen(id) + 2;
	void *kept = pool__array(&t->pool, 1, size);
	struct defined *d = pool__array(&t->pool, 1, sizeof(*d) + len);

	if (!kept || !d)
		return -ENOMEM;
	if (!*id || find_defined(t, kind, id))
		return complain(t, "no id, or defined twice", id);
	memcpy(kept, what, size);
	snprintf(d->name, len, "%s %s", kind, id);
	d->what = kept;
	HASH_ADD_STR(t->defined, name, d);
	return d->hh.tbl ? 0 : -ENOMEM;
}

/* Both kinds of number, each written with its own width. */
static bool set_number(void *at, enum type type, const char *s)
{
	bool negative = *s == '-';
	uint64_t v;

	if (type == T_S64 || type == T_S32) {
		uint64_t max = type == T_S64 ? INT64_MAX : INT32_MAX;
		int64_t sv;

		if (parse__u64(s + negative, 0, max, &v))
			return false;
		sv = negative ? -(int64_t)v : (int64_t)v;
		if (type == T_S64)
			*(int64_t *)at = sv;
		else
			*(int32_t *)at = (int32_t)sv;
		return true;
	}
	if (parse__u64(s, 0,
		       type == T_U64   ? UINT64_MAX
		       : type == T_U32 ? UINT32_MAX
		       : type == T_U16 ? UINT16_MAX
				       : 1,
		       &v))
		return false;
	if (type == T_U64)
		*(uint64_t *)at = v;
	else if (type == T_U32)
		*(uint32_t *)at = (uint32_t)v;
	else if (type == T_U16)
		*(uint16_t *)at = (uint16_t)v;
	else
		*(bool *)at = v;
	return true;
}

static bool set_words(uint32_t *at, const struct word *words, char *s, bool several)
{
	char *save = NULL;

	for (char *one = strtok_r(s, "+", &save); one; one = strtok_r(NULL, "+", &save)) {
		const struct word *w = words;

		while (w->name && strcmp(w->name, one) != 0)
			w++;
		if (!w->name)
			return false;
		*at = several ? *at | w->value : w->value;
	}
	return true;
}

static bool set_hist(struct hist *h, char *s)
{
	char *save = NULL;

	for (char *one = strtok_r(s, ",", &save); one; one = strtok_r(NULL, ",", &save)) {
		char *x = strchr(one, 'x');
		uint64_t ns, count;

		if (!x)
			return false;
		*x = '\0';
		if (parse__duration(one, 1, &ns) || parse__u64(x + 1, 0, UINT64_MAX, &count))
			return false;
		hist__add(h, ns, count);
	}
	return true;
}

/* Escapes are undone after the split, so that a name can hold a "<". */
static bool set_frames(struct text *t, struct stack *st, char *s)
{
	size_t n = 1;
	char *save = NULL;

	for (const char *c = s; *c; c++)
		n += *c == '<';
	st->frames = pool__array(&t->pool, n, sizeof(*st->frames));
	if (!st->frames)
		return false;
	for (char *one = strtok_r(s, "<", &save); one; one = strtok_r(NULL, "<", &save)) {
		if (!unescape(one))
			return false;
		st->frames[st->depth++] = pool__str(&t->pool, one);
	}
	return true;
}

static bool set_value(struct text *t, const struct field *f, void *at, char *s)
{
	switch (f->type) {
	case T_STR:
		*(const char **)at = unescape(s) ? pool__str(&t->pool, s) : NULL;
		return *(const char **)at;
	case T_NAME:
		return unescape(s) && (size_t)snprintf(at, 65, "%s", s) < 65;
	case T_TIME:
		return !parse__duration(s, 1, at);
	case T_HIST:
		return set_hist(at, s);
	case T_FRAMES:
		return set_frames(t, at, s);
	case T_WORD:
	case T_BITS:
		return set_words(at, f->words, s, f->type == T_BITS);
	case T_FS:
		return (*(const struct fs_info **)at = find_defined(t, "fs", s));
	case T_STACK:
		return (*(const struct stack **)at = find_defined(t, "stack", s));
	default:
		return set_number(at, f->type, s);
	}
}

static int read_pair(struct text *t, const struct field *fields, void *out, char *pair)
{
	char *value = strchr(pair, '=');

	if (!value)
		return complain(t, "not key=value", pair);
	*value++ = '\0';
	for (const struct field *f = fields; f->key; f++) {
		if (strcmp(f->key, pair) != 0)
			continue;
		if (!set_value(t, f, (char *)out + f->offset, value))
			return complain(t, "bad value of", pair);
		return 0;
	}
	return complain(t, "no such key", pair);
}

/* Strings that the line leaves out are empty, as in a real event. */
static int read_fields(struct text *t, const struct field *fields, void *out, char *rest)
{
	char *save = NULL;

	for (const struct field *f = fields; f->key; f++) {
		if (f->type == T_STR)
			*(const char **)((char *)out + f->offset) = "";
	}
	for (char *pair = strtok_r(rest, " \t", &save); pair; pair = strtok_r(NULL, " \t", &save)) {
		int rc = read_pair(t, fields, out, pair);

		if (rc)
			return rc;
	}
	return t->pool.failed ? -ENOMEM : 0;
}

static int do_host(struct text *t, union line *l, const struct sink *to)
{
	(void)to;
	t->capture.host = l->host;
	return 0;
}

static int do_capture(struct text *t, union line *l, const struct sink *to)
{
	struct host_info host = t->capture.host;
	const char *status = l->capture.child_status;

	(void)to;
	t->capture = l->capture.info;
	t->capture.host = host;
	t->capture.child_ran = *status;
	if (*status && !set_number(&t->capture.child_status, T_S32, status))
		return complain(t, "bad value of", "child_status");
	return 0;
}

static int do_fs(struct text *t, union line *l, const struct sink *to)
{
	(void)to;
	return define(t, "fs", l->fs.id, &l->fs.fs, sizeof(l->fs.fs));
}

static int do_stack(struct text *t, union line *l, const struct sink *to)
{
	char id[32];

	(void)to;
	snprintf(id, sizeof(id), "%llu", (unsigned long long)l->stack.stack.id);
	return define(t, "stack", id, &l->stack.stack, sizeof(l->stack.stack));
}

static int do_counts(struct text *t, union line *l, const struct sink *to)
{
	const struct fs_info *fs = find_defined(t, "fs", l->counts.fs);

	if (strcmp(l->counts.fs, "total") == 0)
		to->totals(to->ctx, &l->counts.counts);
	else if (fs)
		to->fs_counts(to->ctx, fs, &l->counts.counts);
	else
		return complain(t, "no such fs", l->counts.fs);
	return 0;
}

static int do_stall(struct text *t, union line *l, const struct sink *to)
{
	(void)t;
	for (uint64_t i = 0; i < (l->stall.repeat ? l->stall.repeat : 1); i++)
		to->stall(to->ctx, &l->stall.all.longest);
	return 0;
}

static int do_stalls(struct text *t, union line *l, const struct sink *to)
{
	struct ev_stalls *all = &l->stall.all;

	(void)t;
	all->sum.max_ns = all->longest.blocked_ns;
	all->sum.how[all->longest.req.how] = all->sum.sleeps;
	to->stalls(to->ctx, all);
	return 0;
}

static int do_submit(struct text *t, union line *l, const struct sink *to)
{
	(void)t;
	for (uint64_t i = 0; i < (l->submit.repeat ? l->submit.repeat : 1); i++)
		to->submit(to->ctx, &l->submit.ev);
	return 0;
}

static int do_sample(struct text *t, union line *l, const struct sink *to)
{
	(void)t;
	if (to->sample)
		to->sample(to->ctx, &l->sample);
	return 0;
}

static int do_process(struct text *t, union line *l, const struct sink *to)
{
	(void)t;
	if (to->process)
		to->process(to->ctx, &l->process);
	return 0;
}

static int do_failed(struct text *t, union line *l, const struct sink *to)
{
	(void)t;
	if (to->failed)
		to->failed(to->ctx, &l->failed);
	return 0;
}

static int do_unfinished(struct text *t, union line *l, const struct sink *to)
{
	(void)t;
	to->unfinished(to->ctx, &l->unfinished);
	return 0;
}

static int do_loss(struct text *t, union line *l, const struct sink *to)
{
	(void)t;
	to->loss(to->ctx, &l->loss);
	return 0;
}

static const struct kind {
	const char *name;
	const struct field *fields;
	int (*take)(struct text *t, union line *l, const struct sink *to);
} kinds[] = {
	{"host", host_fields, do_host},
	{"capture", capture_fields, do_capture},
	{"fs", fs_fields, do_fs},
	{"stack", stack_fields, do_stack},
	{"counts", counts_fields, do_counts},
	{"stall", stall_fields, do_stall},
	{"stalls", stall_fields, do_stalls},
	{"submit", submit_fields, do_submit},
	{"unfinished", unfinished_fields, do_unfinished},
	{"sample", sample_fields, do_sample},
	{"process", process_fields, do_process},
	{"failed", failed_fields, do_failed},
	{"loss", loss_fields, do_loss},
};

static int take_line(struct text *t, char *text, const struct sink *to)
{
	size_t len = strcspn(text, " \t");
	char *rest = text + len + (text[len] != '\0');
	union line *l;
	int rc;

	text[len] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].name, text) != 0)
			continue;
		l = calloc(1, sizeof(*l));
		if (!l)
			return -ENOMEM;
		rc = read_fields(t, kinds[i].fields, l, rest);
		if (!rc)
			rc = kinds[i].take(t, l, to);
		free(l);
		return rc;
	}
	return complain(t, "no such kind of line", text);
}

static int text__poll(struct source *src, const struct sink *to, int timeout_ms)
{
	struct text *t = (struct text *)src;
	char *text = NULL;
	size_t size = 0;
	ssize_t len = getline(&text, &size, t->in);
	int rc = 0;

	(void)timeout_ms;
	t->line_no++;
	if (len < 0) {
		free(text);
		return ferror(t->in) ? -EIO : 1;
	}
	text[strcspn(text, "\n")] = '\0';
	if (*text && *text != '#')
		rc = take_line(t, text, to);
	free(text);
	return rc;
}

static int text__counters(struct source *src, const struct sink *to)
{
	(void)src;
	(void)to;
	return 0;
}

static int text__finish(struct source *src, const struct sink *to)
{
	int rc;

	do
		rc = text__poll(src, to, 0);
	while (!rc);
	return rc < 0 ? rc : 0;
}

static const struct capture_info *text__capture(struct source *src)
{
	return &((struct text *)src)->capture;
}

static void text__free(struct source *src)
{
	struct text *t = (struct text *)src;

	if (!t)
		return;
	HASH_CLEAR(hh, t->defined);
	pool__clear(&t->pool);
	free(t);
}

struct source *source_text__new(FILE *in, struct err *e)
{
	static const struct source_ops ops = {
		.poll = text__poll,
		.counters = text__counters,
		.finish = text__finish,
		.capture = text__capture,
		.free = text__free,
	};
	struct text *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->source.ops = &ops;
	t->in = in;
	t->err = e;
	return &t->source;
}
