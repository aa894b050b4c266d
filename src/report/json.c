// SPDX-License-Identifier: GPL-2.0
/* The report for programs, schema aiostall-report/1: keys may be added, none may change. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "cause/causes.h"
#include "model/loss.h"
#include "report/formats.h"
#include "report/jsonw.h"
#include "report/names.h"
#include "report/verdict.h"

struct field {
	const char *key;
	size_t at;
	bool of_calls; /* known only where calls are watched, null elsewhere */
};

#define KEY(name, of_calls) {#name, offsetof(struct counters, name), of_calls},
static const struct field counter_fields[] = {
#define JSON_CALLS(name) KEY(name, true)
#define JSON_SLEEPS(name) KEY(name, false)
#define JSON_MORE(name)
#define JSON_OWN(name)
#define COUNTER(name, adds, since, json, csv) JSON_##json(name)
#define OPS()
#include "model/counters.def"
/* and those that came later behind them */
#undef JSON_CALLS
#undef JSON_SLEEPS
#undef JSON_MORE
#define JSON_CALLS(name)
#define JSON_SLEEPS(name)
#define JSON_MORE(name) KEY(name, true)
#define COUNTER(name, adds, since, json, csv) JSON_##json(name)
#define OPS()
#include "model/counters.def"
};

/* What a report does not know is null. */
struct known {
	bool calls, completions, punts, queue;
	bool buffered; /* from the files' flags, where completions are not watched */
};

static struct known known_of(const struct report *r)
{
	bool calls = !capture__sleeps_only(r->capture), completions = report__knows_completions(r);

	return (struct known){calls, completions, report__knows_punts(r), report__knows_queue(r),
			      calls || completions};
}

static void put_fields(struct jsonw *w, json_t *o, const void *base, const struct field *f,
		       size_t n, bool calls)
{
	for (size_t i = 0; i < n; i++)
		jsonw__u64_if(w, o, f[i].key, calls || !f[i].of_calls,
			      *(const uint64_t *)((const char *)base + f[i].at));
}

static void put_sync(struct jsonw *w, json_t *o, const struct counters *c, struct known known)
{
	json_t *inside, *nowait;

	if (known.buffered) {
		inside = jsonw__object(w, o, "done_inside");
		jsonw__u64(w, inside, "buffered", c->inside_buffered);
		jsonw__u64_if(w, inside, "direct", known.completions, c->inside_direct);
	} else {
		jsonw__null(w, o, "done_inside");
	}
	nowait = jsonw__object(w, o, "nowait");
	jsonw__u64_if(w, nowait, "requests", known.calls, c->nowait);
	jsonw__u64_if(w, nowait, "refused", known.completions, c->nowait_refused);
	jsonw__u64(w, nowait, "sleeps", c->nowait_sleeps);
	jsonw__u64(w, nowait, "blocked_ns", c->nowait_ns);
}

static void put_counters(struct jsonw *w, json_t *o, const struct counters *c, struct known known)
{
	json_t *ops, *below;

	put_fields(w, o, c, counter_fields, ARRAY_SIZE(counter_fields), known.calls);
	ops = jsonw__object(w, o, "ops");
	for (size_t i = 0; i < NAMES_OPS; i++)
		jsonw__u64_if(w, ops, names__op_cell(i), known.calls, c->ops[i]);
	put_sync(w, o, c, known);
	below = jsonw__object(w, o, "below_min");
	jsonw__u64(w, below, "sleeps", c->below_min_sleeps);
	jsonw__u64(w, below, "blocked_ns", c->below_min_ns);
}

/* What the kernel's threads took over from the submitters. */
static void put_punts(struct jsonw *w, json_t *o, const struct counters *c, struct known known)
{
	json_t *ops;

	jsonw__u64_if(w, o, "punted", known.punts, c->punted);
	jsonw__u64_if(w, o, "punted_asked", known.punts, c->punted_asked);
	jsonw__u64_if(w, o, "punted_forced", known.punts, c->punted_forced);
	jsonw__u64_if(w, o, "punted_unable", known.punts, c->punted_unable);
	jsonw__u64_if(w, o, "punted_tried", known.punts, c->punted_tried);
	jsonw__u64_if(w, o, "punted_refused", known.punts, c->punted_refused);
	jsonw__u64_if(w, o, "punted_reissued", known.punts, c->punted_reissued);
	jsonw__u64_if(w, o, "punted_device", known.punts, c->punted_device);
	jsonw__u64_if(w, o, "punted_serial", known.punts, c->punted_serial);
	ops = jsonw__object(w, o, "punted_ops");
	jsonw__u64_if(w, ops, "read", known.punts, c->punted_reads);
	jsonw__u64_if(w, ops, "write", known.punts, c->punted_writes);
	jsonw__u64_if(w, ops, "fsync", known.punts, c->punted_syncs);
	jsonw__u64_if(w, o, "queue_delays", known.queue, c->queue_delays);
	jsonw__u64_if(w, o, "queue_delay_ns", known.queue, c->queue_delay_ns);
	jsonw__u64_if(w, o, "max_queue_delay_ns", known.queue, c->max_queue_delay_ns);
	jsonw__queued(w, o, known.queue, c);
	jsonw__u64(w, o, "worker_sleeps", c->worker_sleeps);
	jsonw__u64(w, o, "worker_blocked_ns", c->worker_blocked_ns);
	jsonw__u64(w, o, "sqpoll_sleeps", c->sqpoll_sleeps);
	jsonw__u64(w, o, "sqpoll_blocked_ns", c->sqpoll_blocked_ns);
}

static void put_waits(struct jsonw *w, json_t *o, const struct counters *c, struct known known)
{
	jsonw__u64_if(w, o, "waits", known.calls, c->waits);
	jsonw__u64_if(w, o, "waited_ns", known.calls, c->waited_ns);
	jsonw__u64(w, o, "taskwork_sleeps", c->taskwork_sleeps);
	jsonw__u64(w, o, "taskwork_blocked_ns", c->taskwork_blocked_ns);
	put_punts(w, o, c, known);
}

static void put_dist(struct jsonw *w, json_t *o, const char *key, const struct report_dist *d)
{
	json_t *dist = jsonw__object(w, o, key), *buckets;

	jsonw__u64(w, dist, "p50", d->p50);
	jsonw__u64(w, dist, "p90", d->p90);
	jsonw__u64(w, dist, "p99", d->p99);
	jsonw__u64(w, dist, "max", d->max);
	buckets = jsonw__array(w, dist, "buckets");
	for (uint32_t b = 0; b < HIST_BUCKETS; b++) {
		json_t *pair;

		if (!d->hist.n[b])
			continue;
		pair = json_array();
		jsonw__add_u64(w, pair, hist__upper(b));
		jsonw__add_u64(w, pair, d->hist.n[b]);
		if (json_array_append_new(buckets, pair))
			w->err = -ENOMEM;
	}
}

static void put_submit_dist(struct jsonw *w, json_t *o, const struct report_dist *d,
			    struct known known)
{
	if (known.calls)
		put_dist(w, o, "submit_ns", d);
	else
		jsonw__null(w, o, "submit_ns");
}

static void put_time(struct jsonw *w, json_t *o, const char *key, int64_t unix_ns)
{
	char text[64];

	if (*fmt__utc(unix_ns, text, sizeof(text)))
		jsonw__str(w, o, key, text);
	else
		jsonw__null(w, o, key);
}

static void put_capture(struct jsonw *w, json_t *root, const struct capture_info *c)
{
	json_t *host = jsonw__object(w, root, "host"), *cap, *probes;
	char started[64];

	jsonw__str(w, host, "hostname", c->host.hostname);
	jsonw__str(w, host, "kernel", c->host.kernel);
	jsonw__str(w, host, "arch", c->host.arch);
	jsonw__u64(w, host, "cpus", c->host.cpus);
	cap = jsonw__object(w, root, "capture");
	jsonw__str(w, cap, "started", fmt__utc(c->started_unix_ns, started, sizeof(started)));
	jsonw__u64(w, cap, "duration_ns", c->duration_ns);
	jsonw__str(w, cap, "command", c->command);
	jsonw__str(w, cap, "filters", c->filters);
	jsonw__u64(w, cap, "min_ns", c->min_ns);
	jsonw__bool(w, cap, "user_stacks", c->user_stacks);
	if (c->child_ran) {
		jsonw__int(w, cap, "child_status", c->child_status);
		jsonw__bool(w, cap, "child_stopped", c->child_stopped);
	}
	probes = jsonw__object(w, cap, "probes");
	for (size_t i = 0; i < NEED_MAX; i++)
		jsonw__str(w, probes, probe_need__name(i), c->probe[i]);
}

void jsonw__loss(struct jsonw *w, json_t *root, const struct report *r, bool any)
{
	json_t *loss = jsonw__object(w, root, "loss");

	for (size_t i = 0; loss__kind(i); i++)
		jsonw__u64_if(w, loss, loss__kind(i)->name,
			      capture__skips_known(r->capture) ||
				      loss__kind(i)->offset != offsetof(struct loss, skipped),
			      loss__value(&r->loss, loss__kind(i)));
	jsonw__str(w, loss, "skipped_programs", r->capture->skips);
	jsonw__str(w, loss, "skipped_unknown", r->capture->skips_unknown);
	jsonw__u64(w, loss, "spilled", r->capture->spilled);
	jsonw__bool(w, loss, "any", any);
	jsonw__real(w, loss, "share", r->loss_share);
	jsonw__bool(w, loss, "incomplete", r->incomplete);
}

static void put_files(struct jsonw *w, json_t *o, const struct report_file *files, size_t n)
{
	json_t *list = jsonw__array(w, o, "files");

	for (size_t i = 0; i < n; i++) {
		json_t *f = jsonw__item(w, list);

		jsonw__str(w, f, "path", files[i].path);
		jsonw__u64(w, f, "sleeps", files[i].sleeps);
		jsonw__u64(w, f, "blocked_ns", files[i].blocked_ns);
		jsonw__u64(w, f, "max_ns", files[i].max_ns);
	}
}

/* "dio, time_update" as a list. */
static void put_via(struct jsonw *w, json_t *o, const char *via)
{
	json_t *list = jsonw__array(w, o, "via");

	while (via && *(via += strspn(via, ", "))) {
		size_t len = strcspn(via, ",");
		char one[64];

		snprintf(one, sizeof(one), "%.*s", (int)len, via);
		jsonw__add_str(w, list, one);
		via += len;
	}
}

void jsonw__doubt(struct jsonw *w, json_t *o, const char *name, bool advice)
{
	char text[512];

	jsonw__str(w, o, "doubt", name ? causes__say_doubt(name, advice, text, sizeof(text)) : "");
}

static void put_stacks(struct jsonw *w, json_t *o, const struct report_cause *c)
{
	json_t *list = jsonw__array(w, o, "stacks");

	for (size_t i = 0; i < c->nr_stacks; i++) {
		const struct report_stack *s = &c->stacks[i];
		json_t *item = jsonw__item(w, list);

		jsonw__frames(w, item, "frames", s->stack);
		jsonw__u64(w, item, "sleeps", s->sleeps);
		jsonw__u64(w, item, "blocked_ns", s->blocked_ns);
		jsonw__u64(w, item, "max_ns", s->max_ns);
		jsonw__str(w, item, "comm", s->comm);
		put_via(w, item, s->via);
		jsonw__doubt(w, item, s->doubt, false);
		if (s->user_stack)
			jsonw__frames(w, item, "user_frames", s->user_stack);
	}
}

static void put_wakers(struct jsonw *w, json_t *o, const struct report_cause *c)
{
	json_t *list = jsonw__array(w, o, "wakers");

	for (size_t i = 0; i < c->nr_wakers; i++) {
		json_t *item = jsonw__item(w, list);

		jsonw__str(w, item, "comm", c->wakers[i].comm);
		jsonw__u64(w, item, "sleeps", c->wakers[i].sleeps);
	}
}

/* Of locks that other workers of the process held. */
static void put_behind(struct jsonw *w, json_t *o, const struct report_cause *c)
{
	json_t *list = jsonw__array(w, o, "behind");

	for (size_t i = 0; i < c->nr_behind; i++) {
		json_t *item = jsonw__item(w, list);

		if (c->behind[i].id)
			jsonw__str(w, item, "cause", c->behind[i].id);
		else
			jsonw__null(w, item, "cause");
		jsonw__u64(w, item, "sleeps", c->behind[i].sleeps);
		jsonw__u64(w, item, "blocked_ns", c->behind[i].blocked_ns);
	}
	jsonw__u64(w, o, "together", c->together);
	jsonw__u64(w, o, "followers", c->followers);
	jsonw__u64(w, o, "followers_blocked_ns", c->followers_ns);
}

static void put_holders(struct jsonw *w, json_t *o, const struct report_cause *c)
{
	json_t *list = jsonw__array(w, o, "lock_holders");

	for (size_t i = 0; i < c->nr_holders; i++) {
		json_t *item = jsonw__item(w, list);

		jsonw__u64(w, item, "pid", c->holders[i].pid);
		jsonw__str(w, item, "comm", c->holders[i].comm);
		jsonw__u64(w, item, "sleeps", c->holders[i].sleeps);
	}
}

static void put_worst(struct jsonw *w, json_t *o, const struct report_cause *c)
{
	json_t *worst = jsonw__object(w, o, "worst");

	jsonw__u64(w, worst, "blocked_ns", c->max_ns);
	jsonw__u64_if(w, worst, "end_ns", c->worst_end_ns, c->worst_end_ns);
	put_time(w, worst, "began", c->worst_began_unix_ns);
	jsonw__u64(w, worst, "pid", c->worst_pid);
	jsonw__u64(w, worst, "tid", c->worst_tid);
	jsonw__str(w, worst, "comm", c->worst_comm);
	jsonw__str(w, worst, "path", c->worst_path);
	jsonw__str(w, worst, "op", c->worst_op);
	jsonw__index(w, worst, c->worst_how, c->worst_index, c->worst_nr);
	jsonw__str(w, worst, "how", names__how(c->worst_how));
	jsonw__u64(w, worst, "offset", c->worst_offset);
	jsonw__u64(w, worst, "length", c->worst_len_bytes);
	jsonw__shape(w, worst, c->worst_shape);
}

static void put_facts(struct jsonw *w, json_t *o, const char *facts)
{
	json_t *list = jsonw__array(w, o, "facts");

	while (facts && *facts) {
		size_t len = strcspn(facts, "\n");
		char one[256];

		snprintf(one, sizeof(one), "%.*s", (int)(len < 255 ? len : 255), facts);
		jsonw__add_str(w, list, one);
		facts += len + (facts[len] == '\n');
	}
}

static void put_remedies(struct jsonw *w, json_t *o, const struct report_cause *c)
{
	json_t *tried = jsonw__array(w, o, "tried"), *settings = jsonw__array(w, o, "settings");

	for (size_t i = 0; i < c->nr_tried; i++)
		jsonw__add_str(w, tried, c->tried[i]);
	for (size_t i = 0; i < c->nr_settings; i++) {
		json_t *row = jsonw__item(w, settings);

		jsonw__str(w, row, "program", c->settings[i].comm);
		jsonw__str(w, row, "setting", c->settings[i].setting);
		jsonw__str(w, row, "why", c->settings[i].why);
		jsonw__str(w, row, "source", c->settings[i].source);
	}
}

static void put_cause(struct jsonw *w, json_t *o, const struct report_cause *c)
{
	json_t *how;

	jsonw__str(w, o, "id", c->id);
	jsonw__str(w, o, "name", c->name);
	jsonw__bool(w, o, "certain", !c->doubt);
	jsonw__doubt(w, o, c->doubt, true);
	jsonw__str(w, o, "advice", c->advice);
	jsonw__str(w, o, "todo", c->todo);
	jsonw__str(w, o, "plane", plane__name(c->plane));
	put_facts(w, o, c->facts);
	put_remedies(w, o, c);
	jsonw__str(w, o, "telling_frames", c->telling_frames);
	jsonw__real(w, o, "share", c->share);
	jsonw__u64(w, o, "sleeps", c->sleeps);
	jsonw__u64_if(w, o, "submits_blocked", c->knows_submits, c->submits_blocked);
	jsonw__u64(w, o, "blocked_ns", c->blocked_ns);
	jsonw__u64(w, o, "max_ns", c->max_ns);
	jsonw__u64(w, o, "held_up_requests", c->held_up_requests);
	jsonw__u64(w, o, "iowait_sleeps", c->iowait_sleeps);
	jsonw__u64(w, o, "nowait_sleeps", c->nowait_sleeps);
	how = jsonw__object(w, o, "request_how");
	for (int h = HOW_UNKNOWN; h <= HOW_BATCH; h++)
		jsonw__u64(w, how, names__how((enum request_how)h), c->how[h]);
	put_worst(w, o, c);
	put_stacks(w, o, c);
	put_wakers(w, o, c);
	put_holders(w, o, c);
	put_behind(w, o, c);
	put_files(w, o, c->files, c->nr_files);
}

static void put_cause_id(struct jsonw *w, json_t *o, const char *key, const struct report_cause *c)
{
	if (c)
		jsonw__str(w, o, key, c->id);
	else
		jsonw__null(w, o, key);
}

static void put_severity(struct jsonw *w, json_t *o, const struct report_fs *f)
{
	jsonw__str(w, o, "severity", severity__name(f->severity));
	if (severity_measure__name(f->severity_by))
		jsonw__str(w, o, "severity_by", severity_measure__name(f->severity_by));
	else
		jsonw__null(w, o, "severity_by");
	jsonw__real(w, o, "time_share", f->figures.value[MEASURE_SHARE]);
	put_cause_id(w, o, "most_submits", f->most_submits);
	put_cause_id(w, o, "most_time", f->most_time);
	jsonw__str(w, o, "severity_plane", plane__name(f->severity_plane));
}

static void put_filesystems(struct jsonw *w, json_t *root, const struct report *r)
{
	json_t *list = jsonw__array(w, root, "filesystems");
	struct known known = known_of(r);
	char verdict[VERDICT_SIZE];

	for (size_t i = 0; i < r->nr_fs; i++) {
		const struct report_fs *f = &r->fs[i];
		json_t *o = jsonw__item(w, list), *causes;

		jsonw__fs(w, o, f->fs);
		put_severity(w, o, f);
		jsonw__str(w, o, "verdict", verdict__sentence(f, verdict, sizeof(verdict)));
		put_counters(w, o, &f->c, known);
		if (f->fs->api == API_URING) {
			jsonw__u64_if(w, o, "enters", known.calls, f->c.submits);
			put_waits(w, o, &f->c, known);
			jsonw__str(w, o, "waiting_device", f->waiting_device);
		}
		jsonw__real_if(w, o, "blocked_share", known.calls, f->blocked_share);
		jsonw__real_if(w, o, "ctxsw_per_io", known.calls, f->ctxsw_per_io);
		put_dist(w, o, "sleep_ns", &f->sleep);
		put_submit_dist(w, o, &f->submit, known);
		causes = jsonw__array(w, o, "causes");
		for (size_t c = 0; c < f->nr_causes; c++)
			put_cause(w, jsonw__item(w, causes), &f->causes[c]);
		put_files(w, o, f->files, f->nr_files);
	}
}

static void put_totals(struct jsonw *w, json_t *root, const struct report *r)
{
	json_t *totals = jsonw__object(w, root, "totals");
	struct known known = known_of(r);

	put_counters(w, totals, &r->totals, known);
	put_waits(w, totals, &r->totals, known);
	jsonw__u64_if(w, totals, "wait_calls", known.calls, r->totals.wait_calls);
	jsonw__real_if(w, totals, "blocked_share", known.calls, r->blocked_share);
	jsonw__real_if(w, totals, "ctxsw_per_io", known.calls, r->ctxsw_per_io);
	put_dist(w, totals, "sleep_ns", &r->sleep);
	put_submit_dist(w, totals, &r->submit, known);
	jsonw__errors(w, totals, r);
}

static void put_slow(struct jsonw *w, json_t *root, const struct report *r)
{
	json_t *list = jsonw__array(w, root, "slow_not_blocked");

	for (size_t i = 0; i < r->nr_slow; i++) {
		const struct report_slow *s = &r->slow[i];
		json_t *o = jsonw__item(w, list);

		jsonw__who(w, o, &s->who);
		jsonw__fs(w, o, s->fs);
		jsonw__u64(w, o, "wall_ns", s->wall_ns);
		jsonw__u64(w, o, "on_cpu_ns", s->on_cpu_ns);
		jsonw__u64(w, o, "runqueue_ns", s->runqueue_ns);
		jsonw__u64(w, o, "preempted_ns", s->preempted_ns);
		jsonw__u64(w, o, "nr", s->nr);
		jsonw__int(w, o, "ret", s->ret);
	}
	jsonw__u64_if(w, root, "slow_not_blocked_total", known_of(r).calls, r->slow_total);
	jsonw__u64(w, root, "slow_threshold_ns", r->slow_threshold_ns);
}

void jsonw__unfinished(struct jsonw *w, json_t *o, const struct report_unfinished *u)
{
	const struct request *q = &u->ev.req;

	jsonw__who(w, o, &u->ev.who);
	jsonw__u64(w, o, "age_ns", u->ev.age_ns);
	jsonw__bool(w, o, "before_tracing", u->ev.before_tracing);
	jsonw__fs(w, o, u->ev.fs);
	jsonw__str(w, o, "plane", plane__name(u->ev.plane));
	jsonw__submitter(w, o, u->ev.plane, u->ev.submitter_tid);
	jsonw__str(w, o, "file", q->path);
	jsonw__str(w, o, "cause", u->cause_id);
	jsonw__str(w, o, "cause_name", u->cause_name);
	jsonw__doubt(w, o, u->doubt, false);
	jsonw__str(w, o, "how", names__how(q->how));
	jsonw__index(w, o, q->how, q->index, q->nr);
	jsonw__str(w, o, "op", op__name(q->opcode));
	jsonw__u64(w, o, "offset", q->offset);
	jsonw__u64(w, o, "length", q->len_bytes);
	jsonw__shape(w, o, q->shape);
	jsonw__u64(w, o, "held_up_requests", u->ev.held_up_requests);
	jsonw__u64(w, o, "state", u->ev.state);
	jsonw__frames(w, o, "frames", u->ev.stack);
}

static void put_samples(struct jsonw *w, json_t *root, const struct report *r)
{
	json_t *samples, *list;

	if (!r->capture->sample_hz)
		return;
	samples = jsonw__object(w, root, "samples");
	jsonw__u64(w, samples, "hz", r->capture->sample_hz);
	jsonw__u64(w, samples, "total", r->samples_total);
	list = jsonw__array(w, samples, "stacks");
	for (size_t i = 0; i < r->nr_samples; i++) {
		json_t *o = jsonw__item(w, list);

		jsonw__u64(w, o, "count", r->samples[i].count);
		jsonw__fs(w, o, r->samples[i].fs);
		jsonw__frames(w, o, "frames", r->samples[i].stack);
	}
}

static void put_self(struct jsonw *w, json_t *root, const struct self_cost *s)
{
	json_t *self, *list;

	if (!s)
		return;
	self = jsonw__object(w, root, "self");
	jsonw__u64(w, self, "traced_ns", s->traced_ns);
	jsonw__u64(w, self, "programs_ns", s->programs_ns);
	jsonw__u64(w, self, "reader_cpu_ns", s->reader_cpu_ns);
	jsonw__u64(w, self, "startup_cpu_ns", s->startup_cpu_ns);
	jsonw__u64(w, self, "peak_rss_bytes", s->peak_rss_bytes);
	jsonw__u64(w, self, "ring_bytes", s->ring_bytes);
	jsonw__u64(w, self, "ring_peak_bytes", s->ring_peak_bytes);
	jsonw__u64(w, self, "names_recycled", s->names_recycled);
	list = jsonw__array(w, self, "programs");
	for (size_t i = 0; i < s->nr_programs; i++) {
		json_t *o = jsonw__item(w, list);

		jsonw__str(w, o, "name", s->programs[i].name);
		jsonw__u64(w, o, "runs", s->programs[i].runs);
		jsonw__u64(w, o, "run_ns", s->programs[i].run_ns);
		jsonw__u64(w, o, "missed", s->programs[i].missed);
	}
}

static void put_unfinished(struct jsonw *w, json_t *root, const struct report *r)
{
	json_t *list = jsonw__array(w, root, "unfinished");

	for (size_t i = 0; i < r->nr_unfinished; i++)
		jsonw__unfinished(w, jsonw__item(w, list), &r->unfinished[i]);
}

int json__print(FILE *out, const struct report *r, const struct format_opts *o)
{
	json_t *root = json_object();
	struct jsonw w = {0};

	jsonw__str(&w, root, "schema", "aiostall-report/1");
	put_capture(&w, root, r->capture);
	jsonw__loss(&w, root, r, r->any_loss);
	jsonw__str(&w, root, "severity", severity__name(r->severity));
	put_totals(&w, root, r);
	put_filesystems(&w, root, r);
	jsonw__processes(&w, root, r, o ? o->no_submits : NULL);
	put_slow(&w, root, r);
	put_samples(&w, root, r);
	put_unfinished(&w, root, r);
	put_self(&w, root, r->capture->self);
	return jsonw__finish(&w, root, out, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
}
