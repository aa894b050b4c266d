// SPDX-License-Identifier: GPL-2.0
/* The trace as JSON lines. */
#include "base/base.h"
#include "cause/causes.h"
#include "report/formats.h"
#include "report/jsonw.h"
#include "report/names.h"

static void put_request(struct jsonw *w, json_t *o, const struct request *q)
{
	jsonw__str(w, o, "request", names__how(q->how));
	jsonw__index(w, o, q->how, q->index, q->nr);
	jsonw__str(w, o, "op", op__name(q->opcode));
	jsonw__u64(w, o, "opcode", q->opcode & (OP_URING - 1));
	if (q->opcode & OP_URING)
		jsonw__u64(w, o, "user_data", q->user_data);
	jsonw__int(w, o, "fd", q->fd);
	jsonw__u64(w, o, "offset", q->offset);
	jsonw__u64(w, o, "length", q->len_bytes);
	jsonw__u64(w, o, "rw_flags", q->rw_flags);
	jsonw__shape(w, o, q->shape);
	jsonw__u64(w, o, "ino", q->ino);
	jsonw__str(w, o, "path", q->path);
}

static void put_waker(struct jsonw *w, json_t *o, const struct ev_stall *ev)
{
	json_t *waker = jsonw__object(w, o, "waker");

	jsonw__str(w, waker, "kind", names__waker(ev->waker_kind));
	jsonw__u64(w, waker, "pid", ev->waker_pid);
	jsonw__u64(w, waker, "tid", ev->waker_tid);
	jsonw__str(w, waker, "comm", ev->waker_comm);
}

static void put_lock(struct jsonw *w, json_t *o, const struct ev_stall *ev)
{
	json_t *lock;

	if (ev->lock_kind == LOCK_NONE)
		return;
	lock = jsonw__object(w, o, "lock");
	jsonw__str(w, lock, "kind", names__lock(ev->lock_kind));
	jsonw__u64(w, lock, "holder_pid", ev->holder_pid);
	jsonw__u64(w, lock, "holder_tid", ev->holder_tid);
	jsonw__str(w, lock, "holder_comm", ev->holder_comm);
}

/* On both clocks. */
static void put_end(struct jsonw *w, json_t *o, uint64_t end_ns, const struct format_opts *fo)
{
	char text[64];

	jsonw__u64(w, o, "end_ns", end_ns);
	if (fo && fo->wall_minus_mono_ns)
		jsonw__str(w, o, "end",
			   fmt__utc(format_opts__unix_ns(fo, end_ns), text, sizeof(text)));
	else
		jsonw__null(w, o, "end");
}

/* The cause, what the submit was doing when it slept, by the outer frames, and doubt by the inner ones. */
static void put_cause(struct jsonw *w, json_t *o, const char *id, const struct stack *stack,
		      const struct format_opts *fo)
{
	char via[256];

	jsonw__str(w, o, "cause", id);
	if (!stack || !fo || !fo->causes)
		return;
	jsonw__str(w, o, "via",
		   causes__via(fo->causes, stack->frames, stack->depth, via, sizeof(via)));
	jsonw__doubt(w, o, causes__doubt(fo->causes, id, stack->frames, stack->depth), false);
}

int trace_json__stall(FILE *out, const struct ev_stall *ev, const char *cause_id,
		      const struct format_opts *fo)
{
	json_t *o = json_object();
	struct jsonw w = {0};

	jsonw__str(&w, o, "type", "stall");
	put_end(&w, o, ev->end_ns, fo);
	jsonw__u64(&w, o, "blocked_ns", ev->blocked_ns);
	jsonw__u64(&w, o, "runqueue_ns", ev->runqueue_ns);
	jsonw__u64(&w, o, "call_seq", ev->call_seq);
	jsonw__u64(&w, o, "sleep_no", ev->sleep_no);
	jsonw__who(&w, o, &ev->who);
	put_cause(&w, o, cause_id, ev->stack, fo);
	jsonw__fs(&w, jsonw__object(&w, o, "fs"), ev->fs);
	jsonw__str(&w, o, "plane", plane__name(ev->plane));
	jsonw__submitter(&w, o, ev->plane, ev->submitter_tid);
	put_request(&w, o, &ev->req);
	jsonw__u64(&w, o, "held_up_requests", ev->held_up_requests);
	jsonw__u64(&w, o, "state", ev->state);
	jsonw__bool(&w, o, "iowait", ev->iowait);
	put_waker(&w, o, ev);
	put_lock(&w, o, ev);
	jsonw__bool(&w, o, "stack_lost", !ev->stack);
	jsonw__frames(&w, o, "frames", ev->stack);
	if (ev->user_stack)
		jsonw__frames(&w, o, "user_frames", ev->user_stack);
	return jsonw__finish(&w, o, out, JSON_COMPACT);
}

int trace_json__stalls(FILE *out, const struct ev_stalls *ev, const char *cause_id,
		       const struct format_opts *fo)
{
	const struct ev_stall *longest = &ev->longest;
	json_t *o = json_object();
	struct jsonw w = {0};

	jsonw__str(&w, o, "type", "stalls");
	jsonw__u64(&w, o, "stalls", ev->sum.sleeps);
	jsonw__u64(&w, o, "blocked_ns", ev->sum.blocked_ns);
	jsonw__u64(&w, o, "runqueue_ns", ev->sum.runqueue_ns);
	jsonw__u64(&w, o, "max_ns", longest->blocked_ns);
	jsonw__u64(&w, o, "held_up_requests", ev->sum.held_up_requests);
	jsonw__who(&w, o, &longest->who);
	put_cause(&w, o, cause_id, longest->stack, fo);
	jsonw__fs(&w, jsonw__object(&w, o, "fs"), longest->fs);
	jsonw__str(&w, o, "plane", plane__name(longest->plane));
	jsonw__str(&w, o, "path", longest->req.path);
	jsonw__bool(&w, o, "stack_lost", !longest->stack);
	jsonw__frames(&w, o, "frames", longest->stack);
	return jsonw__finish(&w, o, out, JSON_COMPACT);
}

int trace_json__submit(FILE *out, const struct ev_submit *ev, const struct format_opts *fo)
{
	json_t *o = json_object();
	struct jsonw w = {0};

	jsonw__str(&w, o, "type", "submit");
	put_end(&w, o, ev->end_ns, fo);
	jsonw__u64(&w, o, "wall_ns", ev->wall_ns);
	jsonw__u64(&w, o, "on_cpu_ns", ev->on_cpu_ns);
	jsonw__u64(&w, o, "blocked_ns", ev->blocked_ns);
	jsonw__u64(&w, o, "runqueue_ns", ev->runqueue_ns);
	jsonw__u64(&w, o, "preempted_ns", ev->preempted_ns);
	jsonw__u64(&w, o, "waited_ns", ev->waited_ns);
	jsonw__u64(&w, o, "call_seq", ev->call_seq);
	jsonw__u64(&w, o, "sleeps", ev->sleeps);
	jsonw__u64(&w, o, "waits", ev->waits);
	jsonw__u64(&w, o, "preemptions", ev->preemptions);
	jsonw__u64(&w, o, "nr", ev->nr);
	jsonw__u64(&w, o, "fs_count", ev->fs_count);
	jsonw__int(&w, o, "ret", ev->ret);
	jsonw__who(&w, o, &ev->who);
	jsonw__fs(&w, jsonw__object(&w, o, "fs"), ev->fs);
	return jsonw__finish(&w, o, out, JSON_COMPACT);
}

static int print_unfinished(FILE *out, const struct report_unfinished *u)
{
	json_t *o = json_object();
	struct jsonw w = {0};

	jsonw__str(&w, o, "type", "unfinished");
	jsonw__unfinished(&w, o, u);
	return jsonw__finish(&w, o, out, JSON_COMPACT);
}

static int print_end(FILE *out, const struct report *r)
{
	json_t *o = json_object();
	struct jsonw w = {0};

	jsonw__str(&w, o, "type", "end");
	jsonw__u64(&w, o, "duration_ns", r->capture->duration_ns);
	if (capture__sleeps_only(r->capture))
		jsonw__null(&w, o, "submits");
	else
		jsonw__u64(&w, o, "submits", r->totals.submits);
	jsonw__u64(&w, o, "stalls", r->totals.sleeps);
	jsonw__u64(&w, o, "blocked_ns", r->totals.blocked_ns);
	jsonw__loss(&w, o, r, r->any_loss || r->capture->spilled);
	return jsonw__finish(&w, o, out, JSON_COMPACT);
}

const struct line_format trace_json__format = {
	.stall = trace_json__stall,
	.stalls = trace_json__stalls,
	.submit = trace_json__submit,
	.unfinished = print_unfinished,
	.end = print_end,
};
