// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"

struct counter {
	const char *name;
	size_t offset;
};

#define COUNTER(field)                                                                             \
	{                                                                                          \
#field, offsetof(struct worker, field)                                             \
	}
static const struct counter counters[] = {
	COUNTER(submits),   COUNTER(requests), COUNTER(short_submits),
	COUNTER(errors),    COUNTER(eagain),   COUNTER(bytes),
	COUNTER(completed), COUNTER(short_io), COUNTER(done_at_return),
};

#define CALL(field)                                                                                \
	{                                                                                          \
#field, offsetof(struct call_stat, field)                                          \
	}
static const struct counter call_fields[] = {
	CALL(wall_ns), CALL(nvcsw), CALL(nivcsw), CALL(cpu_ns), CALL(run_delay_ns),
};

static uint64_t value_at(const void *base, size_t offset)
{
	return *(const uint64_t *)((const char *)base + offset);
}

static void json__add(json_t *o, const char *key, uint64_t value)
{
	json_int_t old = json_integer_value(json_object_get(o, key));

	json_object_set_new(o, key, json_integer(old + (json_int_t)value));
}

static int cmp_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Nearest rank; sorts @v. */
static json_t *json__percentiles(uint64_t *v, uint64_t n)
{
	static const struct {
		const char *name;
		unsigned int permille;
	} ranks[] = {{"p50", 500}, {"p90", 900}, {"p99", 990}, {"max", 1000}};
	json_t *o = json_object();

	qsort(v, n, sizeof(*v), cmp_u64);
	for (size_t i = 0; i < ARRAY_SIZE(ranks); i++) {
		uint64_t rank = (n * ranks[i].permille + 999) / 1000;

		json_object_set_new(o, ranks[i].name,
				    json_integer(n ? (json_int_t)v[rank ? rank - 1 : 0] : 0));
	}
	return o;
}

static json_t *json__per_call(const struct worker *w)
{
	json_t *o = json_object();

	for (size_t f = 0; f < ARRAY_SIZE(call_fields); f++) {
		json_t *a = json_array();

		for (uint64_t i = 0; i < w->submits; i++) {
			uint64_t v = value_at(&w->calls[i], call_fields[f].offset);

			json_array_append_new(a, json_integer((json_int_t)v));
		}
		json_object_set_new(o, call_fields[f].name, a);
	}
	return o;
}

static json_t *json__results(const struct worker *w)
{
	json_t *o = json_object();

	for (int e = 0; e < WORK_MAX_ERRNO; e++) {
		const char *name = strerrorname_np(e);

		if (w->results[e])
			json__add(o, e && name ? name : "other", w->results[e]);
	}
	return o;
}

static void json__counters(json_t *o, const struct worker *w)
{
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		json__add(o, counters[i].name, value_at(w, counters[i].offset));
	for (size_t f = 0; f < ARRAY_SIZE(call_fields); f++) {
		json__add(o, call_fields[f].name, 0);
		for (uint64_t i = 0; i < w->submits; i++)
			json__add(o, call_fields[f].name,
				  value_at(&w->calls[i], call_fields[f].offset));
	}
	/* Calls that slept at all. */
	json__add(o, "submits_blocked", 0);
	for (uint64_t i = 0; i < w->submits; i++)
		json__add(o, "submits_blocked", w->calls[i].nvcsw > 0);
}

static json_t *json__worker(const struct work_opts *opts, const struct worker *w)
{
	uint64_t *wall = calloc(w->submits + 1, sizeof(*wall));
	json_t *o = json_object();

	json_object_set_new(o, "tid", json_integer(w->tid));
	json__counters(o, w);
	json_object_set_new(o, "results", json__results(w));
	if (wall) {
		for (uint64_t i = 0; i < w->submits; i++)
			wall[i] = w->calls[i].wall_ns;
		json_object_set_new(o, "submit_ns", json__percentiles(wall, w->submits));
	}
	json_object_set_new(o, "request_ns", json__percentiles(w->request_ns, w->completed));
	if (opts->per_call)
		json_object_set_new(o, "per_call", json__per_call(w));
	free(wall);
	return o;
}

static json_t *json__files(const struct worker *w)
{
	json_t *a = json_array();

	for (unsigned int i = 0; i < w->opts->nfiles; i++) {
		const struct target *t = &w->targets[i];

		json_array_append_new(a, json_pack("{s:s, s:s%, s:b}", "pattern", t->pattern->name,
						   "path", t->path, strlen(t->path), "direct",
						   !(t->flags & (P_BUFFERED | P_FED))));
	}
	return a;
}

/* The totals stand at the top, with one thread under the same names as its own. */
int report__print(const struct work_opts *opts, struct worker *workers, unsigned int n)
{
	json_t *o = json_object(), *threads = json_array();
	int err = 0;

	json_object_set_new(o, "schema", json_string("aioload/1"));
	json_object_set_new(o, "pid", json_integer(getpid()));
	json_object_set_new(o, "tid", json_integer(workers[0].tid));
	json_object_set_new(o, "interrupted", json_boolean(work_stop));
	json_object_set_new(o, "engine", json_string(opts->engine));
	json_object_set_new(o, "calls", json_integer((json_int_t)opts->calls));
	json_object_set_new(o, "batch", json_integer((json_int_t)opts->batch));
	json_object_set_new(o, "files", json__files(&workers[0]));
	for (unsigned int i = 0; i < n; i++)
		json__counters(o, &workers[i]);
	for (unsigned int i = 0; i < n; i++)
		json_array_append_new(threads, json__worker(opts, &workers[i]));
	json_object_set_new(o, "threads", threads);
	if (json_dumpf(o, stdout, JSON_INDENT(1)) || putchar('\n') == EOF || fflush(stdout))
		err = errno ? -errno : -EIO;
	json_decref(o);
	return err;
}
