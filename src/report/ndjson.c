// SPDX-License-Identifier: GPL-2.0
/*
 * A row is of what one second added: "total" and "calls" (of a filesystem) what was counted of calls,
 * "stalls" the sleeps of one key, "loss" what is missing. "stack" rows, once a recording, have the
 * frames that the others name by a hash, the same on every host.
 */
#define _GNU_SOURCE /* reallocarray */
#include "report/ndjson.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "model/api.h"
#include "report/formats.h"
#include "report/jsonw.h"
#include "report/names.h"
#include "report/print.h"

struct rows {
	struct jsonw w;
	FILE *out;
	struct store *store;
	struct view_filter filter;
	struct store_slice slice; /* no 0 = none yet */
	bool calls, completions;  /* are known */
	int err;
};

/* ---- a row ---- */

static void put_time(struct jsonw *w, json_t *o, const char *key, int64_t unix_ns)
{
	time_t secs = (time_t)(unix_ns / (int64_t)NSEC_PER_SEC);
	char text[40], whole[32];
	struct tm tm;

	if (unix_ns <= 0 || !gmtime_r(&secs, &tm) ||
	    !strftime(whole, sizeof(whole), "%Y-%m-%dT%H:%M:%S", &tm)) {
		jsonw__null(w, o, key);
		return;
	}
	snprintf(text, sizeof(text), "%s.%03dZ", whole,
		 (int)(unix_ns % (int64_t)NSEC_PER_SEC / (int64_t)NSEC_PER_MSEC));
	jsonw__str(w, o, key, text);
}

static json_t *begin_row(struct rows *r, const char *kind)
{
	const struct capture_info *c = store__capture(r->store);
	json_t *o = json_object();

	jsonw__str(&r->w, o, "row", kind);
	jsonw__str(&r->w, o, "host", c->host.hostname);
	jsonw__str(&r->w, o, "kernel", c->host.kernel);
	put_time(&r->w, o, "recorded", c->started_unix_ns);
	if (!r->slice.no)
		return o;
	put_time(&r->w, o, "time", (int64_t)((uint64_t)c->started_unix_ns + r->slice.start_ns));
	jsonw__u64(&r->w, o, "slice", r->slice.no);
	jsonw__u64(&r->w, o, "slice_ns", r->slice.end_ns - r->slice.start_ns);
	return o;
}

/* 0, or what a visitor ends the reading with. */
static int end_row(struct rows *r, json_t *o)
{
	if (!o || r->w.err)
		r->err = -ENOMEM;
	else if (json_dumpf(o, r->out, JSON_COMPACT | JSON_PRESERVE_ORDER) ||
		 fputc('\n', r->out) == EOF)
		r->err = -EIO;
	json_decref(o);
	return r->err;
}

static void put_place(struct rows *r, json_t *o, const struct fs_info *fs)
{
	jsonw__str(&r->w, o, "api", api__name(fs->api));
	jsonw__str(&r->w, o, "fstype", fs->fstype);
	jsonw__str(&r->w, o, "device", fs->device_name);
	jsonw__str(&r->w, o, "mount", fs->mount);
	jsonw__u64(&r->w, o, "generation", fs->generation + 1ULL);
}

/* [lower, upper, sleeps] of each bucket that is not empty, in ns. */
static void put_hist(struct rows *r, json_t *o, const char *key, const struct hist *h)
{
	json_t *all = jsonw__array(&r->w, o, key);

	for (uint32_t i = 0; i < HIST_BUCKETS; i++) {
		json_t *one;

		if (!h->n[i])
			continue;
		one = json_array();
		jsonw__add_u64(&r->w, one, hist__lower(i));
		jsonw__add_u64(&r->w, one, hist__upper(i));
		jsonw__add_u64(&r->w, one, h->n[i]);
		if (json_array_append_new(all, one))
			r->w.err = -ENOMEM;
	}
}

/* ---- what is counted of calls ---- */

enum { OF_CALLS, OF_SLEEPS, OF_COMPLETIONS };

static const struct counted {
	const char *name;
	size_t at; /* in struct counters */
	int known; /* OF_SLEEPS: always */
} counted[] = {
#define KNOWN_CALLS OF_CALLS
#define KNOWN_SLEEPS OF_SLEEPS
#define KNOWN_MORE OF_CALLS
#define KNOWN_OWN OF_CALLS
#define COUNTER(name, adds, since, json, csv)                                                      \
	{#name, offsetof(struct counters, name), KNOWN_##json},
#define OPS()
#include "model/counters.def"
};

static bool is_known(const struct rows *r, const struct counted *c)
{
	/* nobody else counts what was done inside the call with O_DIRECT, and what was refused */
	if (c->at == offsetof(struct counters, inside_direct) ||
	    c->at == offsetof(struct counters, nowait_refused))
		return r->completions;
	return r->calls || c->known == OF_SLEEPS;
}

static void put_counters(struct rows *r, json_t *o, const struct counters *c)
{
	char key[32];

	for (size_t i = 0; i < ARRAY_SIZE(counted); i++)
		jsonw__u64_if(&r->w, o, counted[i].name, is_known(r, &counted[i]),
			      *(const uint64_t *)((const char *)c + counted[i].at));
	for (size_t i = 0; i < NAMES_OPS; i++) {
		snprintf(key, sizeof(key), "op_%s", names__op_cell(i));
		jsonw__u64_if(&r->w, o, key, r->calls, c->ops[i]);
	}
}

static int on_counts(void *ctx, const struct fs_info *fs, const struct fs_counts *delta)
{
	struct rows *r = ctx;
	json_t *o;

	if (view_filter__is_of_threads(&r->filter) ||
	    (fs ? !view_filter__wants_fs(&r->filter, fs) : view_filter__is_of_fs(&r->filter)))
		return 0;
	o = begin_row(r, fs ? "calls" : "total");
	if (fs)
		put_place(r, o, fs);
	put_counters(r, o, &delta->c);
	put_hist(r, o, "sleep_hist", &delta->sleep);
	put_hist(r, o, "submit_hist", &delta->submit);
	return end_row(r, o);
}

/* ---- sleeps ---- */

/* FNV-1a over the frames: what is equal on two hosts has one name. */
static uint64_t hash_of(const struct stack *s)
{
	uint64_t h = 0xcbf29ce484222325;

	for (uint32_t i = 0; i < s->depth; i++)
		for (const char *p = s->frames[i];; p++) {
			h = (h ^ (unsigned char)*p) * 0x100000001b3;
			if (!*p)
				break;
		}
	return h;
}

static void put_stack(struct rows *r, json_t *o, const struct stack *s)
{
	char hash[24] = "";

	if (s)
		snprintf(hash, sizeof(hash), "%016llx", (unsigned long long)hash_of(s));
	jsonw__str(&r->w, o, "stack", hash);
}

static const char *container_of(void *ctx, const char *id)
{
	return store__container(ctx, id);
}

static void put_key(struct rows *r, json_t *o, const struct store_key *k)
{
	const struct container_names names = {container_of, r->store};
	char container[512];

	put_place(r, o, k->fs);
	jsonw__str(&r->w, o, "plane", plane__name(k->plane));
	jsonw__str(&r->w, o, "cause", k->cause->id);
	put_stack(r, o, k->stack);
	jsonw__str(&r->w, o, "path", k->path);
	jsonw__str(&r->w, o, "comm", k->comm);
	jsonw__u64(&r->w, o, "pid", k->pid);
	jsonw__str(&r->w, o, "cgroup", k->cgroup);
	jsonw__str(&r->w, o, "container",
		   container__name(k->cgroup, &names, container, sizeof(container)));
	jsonw__str(&r->w, o, "op", op__name(k->opcode));
	jsonw__str(&r->w, o, "waker_kind", names__waker(k->waker_kind));
	jsonw__str(&r->w, o, "waker", k->waker);
	jsonw__str(&r->w, o, "holder", k->holder);
	jsonw__str(&r->w, o, "behind", k->behind ? k->behind->id : "");
}

static bool wants(const struct rows *r, const struct store_key *k)
{
	const struct who who = {
		.pid = k->pid, .comm = k->comm, .cgroup_id = k->cgroup_id, .cgroup = k->cgroup};

	return view_filter__wants(&r->filter, k->fs, &who);
}

static int on_stalls(void *ctx, const struct store_key *k, const struct sleep_sum *sum,
		     const struct hist *hist)
{
	struct rows *r = ctx;
	json_t *o;

	if (!wants(r, k))
		return 0;
	o = begin_row(r, "stalls");
	put_key(r, o, k);
	jsonw__u64(&r->w, o, "sleeps", sum->sleeps);
	jsonw__u64(&r->w, o, "blocked_ns", sum->blocked_ns);
	jsonw__u64(&r->w, o, "runqueue_ns", sum->runqueue_ns);
	jsonw__u64(&r->w, o, "max_sleep_ns", sum->max_ns);
	jsonw__u64(&r->w, o, "held_up_requests", sum->held_up_requests);
	jsonw__u64(&r->w, o, "iowait_sleeps", sum->iowait_sleeps);
	jsonw__u64(&r->w, o, "nowait_sleeps", sum->nowait_sleeps);
	jsonw__u64(&r->w, o, "together", sum->together);
	jsonw__u64_if(&r->w, o, "submits_blocked", sum->further_sleeps != SUBMITS_UNKNOWN,
		      sum->sleeps - sum->further_sleeps);
	put_hist(r, o, "sleep_hist", hist);
	return end_row(r, o);
}

static int by_id(const void *a, const void *b)
{
	uint64_t x = (*(const struct stack *const *)a)->id,
		 y = (*(const struct stack *const *)b)->id;

	return (x > y) - (x < y);
}

/* Those that the stalls name, before the stalls. */
static int put_stacks(struct rows *r)
{
	size_t n = store__nr_keys(r->store), used = 0;
	const struct stack **stacks = reallocarray(NULL, n ? n : 1, sizeof(struct stack *));

	if (!stacks)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct store_key *k = store__key(r->store, i);

		if (k->stack && wants(r, k))
			stacks[used++] = k->stack;
	}
	qsort(stacks, used, sizeof(struct stack *), by_id);
	for (size_t i = 0; i < used && !r->err; i++) {
		json_t *o;

		if (i && stacks[i] == stacks[i - 1])
			continue;
		o = begin_row(r, "stack");
		put_stack(r, o, stacks[i]);
		jsonw__frames(&r->w, o, "frames", stacks[i]);
		end_row(r, o);
	}
	free(stacks);
	return r->err;
}

/* ---- the recording ---- */

static int on_slice(void *ctx, const struct store_slice *slice)
{
	struct rows *r = ctx;

	r->slice = *slice;
	return 0;
}

static int on_loss(void *ctx, const struct loss *delta)
{
	struct rows *r = ctx;
	json_t *o = begin_row(r, "loss");

#define LOSS(name, since, kind, words) jsonw__u64(&r->w, o, "lost_" #name, delta->name);
#include "model/loss.def"
#undef LOSS
	return end_row(r, o);
}

int ndjson__print(FILE *out, struct store *s, const struct store_range *range,
		  const struct view_filter *filter, struct err *e)
{
	const struct capture_info *c = store__capture(s);
	const char *complete = c->probe[NEED_COMPLETE];
	struct rows r = {
		.out = out,
		.store = s,
		.filter = *filter,
		.calls = !capture__sleeps_only(c),
		.completions = complete && *complete && strcmp(complete, "none") != 0,
	};
	const struct store_visitor v = {.ctx = &r,
					.slice = on_slice,
					.fs_counts = on_counts,
					.stalls_hist = on_stalls,
					.loss = on_loss};
	const struct container_names names = {container_of, s};
	int rc;

	r.filter.containers = &names;
	rc = put_stacks(&r);

	if (!rc)
		rc = store__read(s, range, &v, e);
	if (!rc)
		rc = print__flush(out);
	return rc && !e->text[0]
		       ? err__set(e, rc, "cannot print %s: %s", store__path(s), strerror(-rc))
		       : rc;
}
