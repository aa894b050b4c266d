// SPDX-License-Identifier: GPL-2.0
#include "report/perfetto.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "model/pool.h"
#include "report/formats.h"
#include "report/jsonw.h"
#include "report/names.h"
#include "report/print.h"

/* Process ids of one host are below this (PID_MAX_LIMIT); those of the next recording above. */
#define PIDS_PER_RECORDING (1u << 22)

enum span_kind { SPAN_CALL, SPAN_SLEEP, SPAN_QUEUE };

struct span {
	enum span_kind kind;
	bool guessed; /* a call of which only sleeps are known: it is at least this long */
	uint32_t recording, pid, tid;
	uint64_t call_seq, start_ns, end_ns;
	const char *comm, *cause, *path, *op;
	const struct fs_info *fs;
	const struct stack *stack;
	uint32_t index, nr, held_up;
	enum request_how how;
	enum plane plane;
	uint32_t submitter_tid;
	int64_t ret;
};

struct recording {
	const char *host, *kernel;
	uint64_t first_ns; /* of its spans: tracks begin at 0 */
	bool has_first;
};

struct timeline {
	struct pool pool;
	struct span *spans;
	size_t nr, room;
	struct recording *recordings;
	uint32_t nr_recordings;
	uint64_t left_out;
};

struct timeline *timeline__new(void)
{
	return calloc(1, sizeof(struct timeline));
}

void timeline__free(struct timeline *t)
{
	if (!t)
		return;
	pool__clear(&t->pool);
	free(t->spans);
	free(t->recordings);
	free(t);
}

int timeline__recording(struct timeline *t, const struct capture_info *capture)
{
	struct recording *list =
		realloc(t->recordings, (t->nr_recordings + 1) * sizeof(*t->recordings));

	if (!list)
		return -ENOMEM;
	t->recordings = list;
	list[t->nr_recordings++] = (struct recording){
		.host = pool__str(&t->pool, capture->host.hostname),
		.kernel = pool__str(&t->pool, capture->host.kernel),
	};
	return t->pool.failed ? -ENOMEM : 0;
}

/* Room for one more; NULL without memory, or beyond the bound (rc 0). */
static struct span *add_span(struct timeline *t, const struct span *s, int *rc)
{
	*rc = 0;
	if (t->nr == TIMELINE_SPANS_MAX || !t->nr_recordings) {
		t->left_out++;
		return NULL;
	}
	if (t->nr == t->room) {
		size_t room = t->room ? 2 * t->room : 256;
		struct span *list = realloc(t->spans, room * sizeof(*list));

		if (!list) {
			*rc = -ENOMEM;
			return NULL;
		}
		t->spans = list;
		t->room = room;
	}
	t->spans[t->nr] = *s;
	return &t->spans[t->nr++];
}

static uint64_t before(uint64_t ns, uint64_t dur_ns)
{
	return ns > dur_ns ? ns - dur_ns : 0;
}

int timeline__stall(struct timeline *t, const struct ev_stall *ev, const char *cause_id)
{
	struct span s = {
		.kind = SPAN_SLEEP,
		.recording = t->nr_recordings - 1,
		.pid = ev->who.pid,
		.tid = ev->who.tid,
		.call_seq = ev->call_seq,
		.end_ns = before(ev->end_ns, ev->runqueue_ns),
		.comm = pool__str(&t->pool, ev->who.comm ? ev->who.comm : ""),
		.cause = pool__str(&t->pool, cause_id),
		.path = pool__str(&t->pool, ev->req.path ? ev->req.path : ""),
		.op = op__name(ev->req.opcode),
		.fs = ev->fs,
		.stack = ev->stack,
		.index = ev->req.index,
		.nr = ev->req.nr,
		.how = ev->req.how,
		.held_up = ev->held_up_requests,
		.plane = ev->plane,
		.submitter_tid = ev->submitter_tid,
	};
	int rc;

	s.start_ns = before(s.end_ns, ev->blocked_ns);
	if (t->pool.failed)
		return -ENOMEM;
	if (!add_span(t, &s, &rc) || !ev->runqueue_ns)
		return rc;
	s.kind = SPAN_QUEUE;
	s.start_ns = s.end_ns;
	s.end_ns = ev->end_ns;
	add_span(t, &s, &rc);
	return rc;
}

int timeline__submit(struct timeline *t, const struct ev_submit *ev)
{
	struct span s = {
		.kind = SPAN_CALL,
		.recording = t->nr_recordings - 1,
		.pid = ev->who.pid,
		.tid = ev->who.tid,
		.call_seq = ev->call_seq,
		.start_ns = before(ev->end_ns, ev->wall_ns),
		.end_ns = ev->end_ns,
		.comm = pool__str(&t->pool, ev->who.comm ? ev->who.comm : ""),
		.cause = "",
		.path = "",
		.fs = ev->fs,
		.nr = ev->nr,
		.ret = ev->ret,
	};
	int rc;

	if (t->pool.failed)
		return -ENOMEM;
	add_span(t, &s, &rc);
	return rc;
}

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int track_order(const struct span *x, const struct span *y)
{
	int d = compare_u64(x->recording, y->recording);

	if (!d)
		d = compare_u64(x->pid, y->pid);
	return d ? d : compare_u64(x->tid, y->tid);
}

/* By thread, call, calls before what is in them, time. */
static int by_call(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	int d = track_order(x, y);

	if (!d)
		d = compare_u64(x->call_seq, y->call_seq);
	if (!d)
		d = (x->kind != SPAN_CALL) - (y->kind != SPAN_CALL);
	if (!d)
		d = compare_u64(x->start_ns, y->start_ns);
	return d ? d : compare_u64(x->end_ns, y->end_ns);
}

/* By thread and time, the longer one first: a parent before its children. */
static int by_time(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	int d = track_order(x, y);

	if (!d)
		d = compare_u64(x->start_ns, y->start_ns);
	if (!d)
		d = compare_u64(y->end_ns, x->end_ns);
	return d ? d : (int)x->kind - (int)y->kind;
}

static bool same_call(const struct span *x, const struct span *y)
{
	return !track_order(x, y) && x->call_seq == y->call_seq;
}

/* A call of which only sleeps are known spans these. The list is in the order of by_call. */
static int add_calls(struct timeline *t)
{
	size_t known = t->nr;

	for (size_t first = 0, last; first < known; first = last) {
		struct span call = t->spans[first];
		int rc;

		for (last = first; last < known && same_call(&t->spans[last], &call); last++)
			if (t->spans[last].end_ns > call.end_ns)
				call.end_ns = t->spans[last].end_ns;
		if (call.kind == SPAN_CALL)
			continue;
		call.kind = SPAN_CALL;
		call.guessed = true;
		add_span(t, &call, &rc);
		if (rc)
			return rc;
	}
	return 0;
}

/*
 * Cut what overlaps: a call begins where the one before has ended, and what is
 * in it stays in it, one after the other. Clocks make nanoseconds of that; in
 * a damaged recording it can be everything. The list is in the order of by_time.
 */
static void cut_overlaps(struct timeline *t)
{
	const struct span *call = NULL;
	uint64_t end = 0;

	for (size_t i = 0; i < t->nr; i++) {
		struct span *s = &t->spans[i];
		bool same = call && !track_order(call, s);

		if (s->kind == SPAN_CALL) {
			if (same && s->start_ns < call->end_ns)
				s->start_ns = call->end_ns;
			call = s;
			end = s->start_ns;
		} else if (!same || s->start_ns >= call->end_ns) {
			s->end_ns = s->start_ns = same ? call->end_ns : s->start_ns;
		} else {
			s->start_ns = s->start_ns > end ? s->start_ns : end;
			s->end_ns = s->end_ns < call->end_ns ? s->end_ns : call->end_ns;
		}
		if (s->end_ns < s->start_ns)
			s->end_ns = s->start_ns;
		end = s->kind == SPAN_CALL ? end : s->end_ns;
	}
}

static void find_first(struct timeline *t)
{
	for (size_t i = 0; i < t->nr; i++) {
		struct recording *r = &t->recordings[t->spans[i].recording];

		if (!r->has_first || t->spans[i].start_ns < r->first_ns)
			r->first_ns = t->spans[i].start_ns;
		r->has_first = true;
	}
}

static uint64_t shown_pid(const struct span *s)
{
	return (uint64_t)s->recording * PIDS_PER_RECORDING + s->pid % PIDS_PER_RECORDING;
}

static uint64_t shown_tid(const struct span *s)
{
	return (uint64_t)s->recording * PIDS_PER_RECORDING + s->tid % PIDS_PER_RECORDING;
}

/* One event; the comma goes before each but the first. Takes over args. */
static int write_event(FILE *out, struct jsonw *w, json_t *event, bool *first)
{
	int rc = w->err;

	if (!rc && (fputs(*first ? "\n" : ",\n", out) == EOF ||
		    json_dumpf(event, out, JSON_COMPACT | JSON_REAL_PRECISION(15))))
		rc = errno ? -errno : -EIO;
	*first = false;
	json_decref(event);
	return rc;
}

/* A thread of the kernel's has its process's name, and a track of its own beside it. */
static void thread_name(const struct span *s, char *buf, size_t size)
{
	const char *role = s->plane == PLANE_WORKER   ? " io_uring worker"
			   : s->plane == PLANE_SQPOLL ? " SQPOLL thread"
						      : "";

	if (*role && s->submitter_tid)
		snprintf(buf, size, "%s%s of thread %u", s->comm, role, s->submitter_tid);
	else
		snprintf(buf, size, "%s%s", s->comm, role);
}

static int write_name(FILE *out, const struct timeline *t, const struct span *s, const char *what,
		      bool *first)
{
	const struct recording *r = &t->recordings[s->recording];
	json_t *event = json_object(), *args;
	struct jsonw w = {.err = event ? 0 : -ENOMEM};
	char text[256];

	if (!strcmp(what, "process_name"))
		snprintf(text, sizeof(text), "%s on %s (%s)", s->comm, r->host, r->kernel);
	else
		thread_name(s, text, sizeof(text));
	jsonw__str(&w, event, "name", what);
	jsonw__str(&w, event, "ph", "M");
	jsonw__u64(&w, event, "pid", shown_pid(s));
	jsonw__u64(&w, event, "tid", shown_tid(s));
	args = jsonw__object(&w, event, "args");
	jsonw__str(&w, args, "name", text);
	return write_event(out, &w, event, first);
}

static void write_args(struct jsonw *w, json_t *event, const struct span *s)
{
	json_t *args = jsonw__object(w, event, "args");

	jsonw__u64(w, args, "call", s->call_seq);
	jsonw__u64(w, args, "nr", s->nr);
	if (s->kind == SPAN_CALL) {
		jsonw__bool(w, args, "bounds_known", !s->guessed);
		if (!s->guessed)
			jsonw__int(w, args, "ret", s->ret);
	}
	if (s->kind != SPAN_SLEEP)
		return;
	jsonw__fs(w, args, s->fs);
	jsonw__str(w, args, "plane", plane__name(s->plane));
	jsonw__submitter(w, args, s->plane, s->submitter_tid);
	jsonw__str(w, args, "cause", s->cause);
	jsonw__str(w, args, "file", s->path);
	jsonw__str(w, args, "op", s->op);
	jsonw__index(w, args, s->how, s->index, s->nr);
	jsonw__u64(w, args, "held_up_requests", s->held_up);
	jsonw__frames(w, args, "frames", s->stack);
}

/* What a sleep is in: a call, or what a thread of the kernel's takes on at once. */
static const char *call_name(const struct span *s)
{
	if (s->plane == PLANE_WORKER)
		return "punted request";
	if (s->plane == PLANE_SQPOLL)
		return "SQPOLL batch";
	return s->fs && s->fs->api == API_URING ? "io_uring_enter" : "io_submit";
}

static int write_span(FILE *out, const struct timeline *t, const struct span *s, bool *first)
{
	const char *const names[] = {call_name(s), "sleep", "run queue"};
	static const char *const categories[] = {"call", "sleep", "run queue"};
	uint64_t since = s->start_ns - t->recordings[s->recording].first_ns;
	json_t *event = json_object();
	struct jsonw w = {.err = event ? 0 : -ENOMEM};

	jsonw__str(&w, event, "name",
		   s->kind == SPAN_SLEEP && *s->cause ? s->cause : names[s->kind]);
	jsonw__str(&w, event, "cat", categories[s->kind]);
	jsonw__str(&w, event, "ph", "X");
	jsonw__real(&w, event, "ts", (double)since / NSEC_PER_USEC);
	jsonw__real(&w, event, "dur", (double)(s->end_ns - s->start_ns) / NSEC_PER_USEC);
	jsonw__u64(&w, event, "pid", shown_pid(s));
	jsonw__u64(&w, event, "tid", shown_tid(s));
	write_args(&w, event, s);
	return write_event(out, &w, event, first);
}

static int write_events(FILE *out, const struct timeline *t)
{
	const struct span *last = NULL;
	bool first = true;
	int rc = 0;

	for (size_t i = 0; !rc && i < t->nr; i++) {
		const struct span *s = &t->spans[i];

		if (!last || last->recording != s->recording || last->pid != s->pid)
			rc = write_name(out, t, s, "process_name", &first);
		if (!rc && (!last || track_order(last, s)))
			rc = write_name(out, t, s, "thread_name", &first);
		/* what was cut to nothing has no place on the track */
		if (!rc && s->end_ns > s->start_ns)
			rc = write_span(out, t, s, &first);
		last = s;
	}
	return rc;
}

int timeline__print(FILE *out, struct timeline *t)
{
	int rc;

	if (t->nr)
		qsort(t->spans, t->nr, sizeof(*t->spans), by_call);
	rc = add_calls(t);
	if (rc)
		return rc;
	if (t->nr)
		qsort(t->spans, t->nr, sizeof(*t->spans), by_time);
	cut_overlaps(t);
	find_first(t);
	fprintf(out,
		"{\"displayTimeUnit\":\"ns\",\"otherData\":{\"left_out\":%" PRIu64 "},"
		"\"traceEvents\":[",
		t->left_out);
	rc = write_events(out, t);
	if (!rc && fputs("\n]}\n", out) == EOF)
		rc = -EIO;
	return rc ? rc : print__flush(out);
}
