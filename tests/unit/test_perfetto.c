// SPDX-License-Identifier: GPL-2.0
/* The timeline, read back by a JSON parser and checked field by field. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/base.h"
#include "report/formats.h"
#include "report/perfetto.h"

static const char *const frames[] = {"io_schedule", "blk_mq_get_tag"};
static const struct stack stack = {1, 2, (const char **)frames};
static const struct fs_info fs = {.major = 7,
				  .fstype = "ext4",
				  .device_name = "loop0",
				  .mount = "/data",
				  .mount_options = "rw"};
static const struct capture_info capture = {.host = {"db1", "6.1.0", "x86_64", 2}};

static struct ev_stall stall(uint32_t tid, uint64_t call, uint64_t end_ns, uint64_t blocked_ns)
{
	return (struct ev_stall){
		.end_ns = end_ns,
		.blocked_ns = blocked_ns,
		.call_seq = call,
		.who = {.pid = 100, .tid = tid, .comm = "my\"sql\xff", .cgroup = ""},
		.fs = &fs,
		.req = {.how = HOW_EXACT, .index = 3, .nr = 16, .opcode = 1, .path = "/data/f"},
		.held_up_requests = 12,
		.stack = &stack,
	};
}

static struct ev_submit submit(uint32_t tid, uint64_t call, uint64_t end_ns, uint64_t wall_ns)
{
	return (struct ev_submit){
		.end_ns = end_ns,
		.wall_ns = wall_ns,
		.call_seq = call,
		.nr = 16,
		.ret = 16,
		.who = {.pid = 100, .tid = tid, .comm = "mysql", .cgroup = ""},
		.fs = &fs,
	};
}

static json_t *parsed(struct timeline *t)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	json_t *root;

	assert_int_equal(timeline__print(out, t), 0);
	fclose(out);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	free(text);
	return root;
}

static uint64_t ns_of(const json_t *event, const char *key)
{
	json_t *v = json_object_get(event, key);

	assert_true(json_is_number(v));
	assert_true(json_number_value(v) >= 0);
	return (uint64_t)llround(json_number_value(v) * 1000);
}

static const char *str_of(const json_t *event, const char *key)
{
	assert_true(json_is_string(json_object_get(event, key)));
	return json_string_value(json_object_get(event, key));
}

static int64_t int_of(const json_t *o, const char *key)
{
	assert_true(json_is_integer(json_object_get(o, key)));
	return json_integer_value(json_object_get(o, key));
}

/* The i-th complete event. */
static json_t *span(json_t *root, size_t i)
{
	json_t *event;
	size_t at;

	json_array_foreach(json_object_get(root, "traceEvents"), at,
			   event) if (!strcmp(str_of(event, "ph"), "X") && !i--) return event;
	return NULL;
}

#define DEPTH 8
#define TRACKS 64

/* What a viewer demands: every field there, and on one track spans nest or follow each other. */
static size_t check_all(json_t *root)
{
	struct {
		int64_t pid, tid;
		uint64_t end[DEPTH];
		size_t depth;
	} tracks[TRACKS];
	size_t nr = 0, at, spans = 0;
	json_t *event;

	json_array_foreach(json_object_get(root, "traceEvents"), at, event)
	{
		int64_t pid = int_of(event, "pid"), tid = int_of(event, "tid");
		uint64_t start, end;
		size_t k = 0;

		assert_true(json_is_object(json_object_get(event, "args")));
		assert_true(*str_of(event, "name"));
		if (!strcmp(str_of(event, "ph"), "M")) {
			str_of(json_object_get(event, "args"), "name");
			continue;
		}
		assert_string_equal(str_of(event, "ph"), "X");
		start = ns_of(event, "ts");
		end = start + ns_of(event, "dur");
		assert_true(end > start);
		spans++;
		while (k < nr && (tracks[k].pid != pid || tracks[k].tid != tid))
			k++;
		assert_true(k < TRACKS);
		if (k == nr) {
			tracks[nr].pid = pid;
			tracks[nr].tid = tid;
			tracks[nr++].depth = 0;
		}
		while (tracks[k].depth && tracks[k].end[tracks[k].depth - 1] <= start)
			tracks[k].depth--;
		if (tracks[k].depth)
			assert_true(end <= tracks[k].end[tracks[k].depth - 1]);
		assert_true(tracks[k].depth < DEPTH);
		tracks[k].end[tracks[k].depth++] = end;
		/* only calls hold anything, and nothing stands outside a call */
		assert_int_equal(tracks[k].depth, strcmp(str_of(event, "cat"), "call") ? 2 : 1);
	}
	return spans;
}

static struct timeline *begin(void)
{
	struct timeline *t = timeline__new();

	assert_non_null(t);
	assert_int_equal(timeline__recording(t, &capture), 0);
	return t;
}

static void add_stall(struct timeline *t, struct ev_stall ev)
{
	assert_int_equal(timeline__stall(t, &ev, "blk.tag"), 0);
}

static void add_submit(struct timeline *t, struct ev_submit ev)
{
	assert_int_equal(timeline__submit(t, &ev), 0);
}

static void test_fields(void **state)
{
	struct timeline *t = begin();
	struct ev_stall ev = stall(101, 9, 5000007, 2000000);
	json_t *root, *call, *sleep, *queue, *args;

	(void)state;
	ev.runqueue_ns = 1000;
	add_stall(t, ev);
	add_submit(t, submit(101, 9, 6000000, 4000000));
	root = parsed(t);
	assert_string_equal(str_of(root, "displayTimeUnit"), "ns");
	assert_int_equal(check_all(root), 3);
	call = span(root, 0);
	assert_string_equal(str_of(call, "name"), "io_submit");
	assert_int_equal(ns_of(call, "ts"), 0);
	assert_int_equal(ns_of(call, "dur"), 4000000);
	assert_int_equal(int_of(call, "pid"), 100);
	assert_int_equal(int_of(call, "tid"), 101);
	args = json_object_get(call, "args");
	assert_int_equal(int_of(args, "ret"), 16);
	assert_true(json_is_true(json_object_get(args, "bounds_known")));
	sleep = span(root, 1);
	assert_string_equal(str_of(sleep, "name"), "blk.tag");
	assert_int_equal(ns_of(sleep, "ts"), 5000007 - 1000 - 2000000 - 2000000);
	assert_int_equal(ns_of(sleep, "dur"), 2000000);
	args = json_object_get(sleep, "args");
	assert_string_equal(str_of(args, "fstype"), "ext4");
	assert_string_equal(str_of(args, "file"), "/data/f");
	assert_string_equal(str_of(args, "op"), "pwrite");
	assert_string_equal(str_of(args, "cause"), "blk.tag");
	assert_int_equal(int_of(args, "index"), 3);
	assert_int_equal(int_of(args, "call"), 9);
	assert_int_equal(int_of(args, "held_up_requests"), 12);
	assert_int_equal(json_array_size(json_object_get(args, "frames")), 2);
	queue = span(root, 2);
	assert_string_equal(str_of(queue, "name"), "run queue");
	assert_int_equal(ns_of(queue, "dur"), 1000);
	json_decref(root);
	timeline__free(t);
}

static void test_names_of_tracks(void **state)
{
	struct timeline *t = begin();
	json_t *root, *event;

	(void)state;
	add_stall(t, stall(101, 1, 5000000, 1000));
	root = parsed(t);
	event = json_array_get(json_object_get(root, "traceEvents"), 0);
	assert_string_equal(str_of(event, "name"), "process_name");
	assert_string_equal(str_of(json_object_get(event, "args"), "name"),
			    "my\"sql\xef\xbf\xbd on db1 (6.1.0)");
	event = json_array_get(json_object_get(root, "traceEvents"), 1);
	assert_string_equal(str_of(event, "name"), "thread_name");
	json_decref(root);
	timeline__free(t);
}

/* A worker's sleeps are no part of the call of the thread whose requests it has. */
static void test_threads_of_the_kernel_have_tracks(void **state)
{
	static const struct {
		enum plane plane;
		uint32_t tid, submitter;
		const char *track, *call;
	} rows[] = {
		{PLANE_SUBMIT, 101, 0, "mysql", "io_uring_enter"},
		{PLANE_TASKWORK, 102, 0, "mysql", "io_uring_enter"},
		{PLANE_WORKER, 103, 101, "mysql io_uring worker of thread 101", "punted request"},
		{PLANE_WORKER, 104, 0, "mysql io_uring worker", "punted request"},
		{PLANE_SQPOLL, 105, 101, "mysql SQPOLL thread of thread 101", "SQPOLL batch"},
	};
	struct timeline *t = begin();
	struct fs_info ring = fs;
	size_t at, tracks = 0;
	json_t *root, *event;

	(void)state;
	ring.api = API_URING;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ev_stall ev = stall(rows[i].tid, 1, 5000000, 1000);

		ev.who.comm = "mysql";
		ev.fs = &ring;
		ev.plane = rows[i].plane;
		ev.submitter_tid = rows[i].submitter;
		add_stall(t, ev);
	}
	root = parsed(t);
	assert_int_equal(check_all(root), 2 * ARRAY_SIZE(rows));
	json_array_foreach(json_object_get(root, "traceEvents"), at, event)
	{
		if (strcmp(str_of(event, "name"), "thread_name"))
			continue;
		assert_int_equal(int_of(event, "tid"), rows[tracks].tid);
		assert_string_equal(str_of(json_object_get(event, "args"), "name"),
				    rows[tracks++].track);
	}
	assert_int_equal(tracks, ARRAY_SIZE(rows));
	for (size_t i = 0; i < tracks; i++) {
		json_t *args = json_object_get(span(root, 2 * i + 1), "args");

		assert_string_equal(str_of(span(root, 2 * i), "name"), rows[i].call);
		assert_string_equal(str_of(args, "plane"), plane__name(rows[i].plane));
		assert_int_equal(!!rows[i].submitter,
				 json_is_integer(json_object_get(args, "submitter_tid")));
	}
	json_decref(root);
	timeline__free(t);
}

/* Only sleeps are known: the call reaches from the first to the last of them. */
static void test_calls_from_their_sleeps(void **state)
{
	struct timeline *t = begin();
	json_t *root, *call;

	(void)state;
	add_stall(t, stall(101, 1, 9000, 1000));
	add_stall(t, stall(101, 1, 3000, 1000));
	add_stall(t, stall(101, 2, 20000, 1000));
	root = parsed(t);
	assert_int_equal(check_all(root), 5);
	call = span(root, 0);
	assert_string_equal(str_of(call, "cat"), "call");
	assert_int_equal(ns_of(call, "ts"), 0);
	assert_int_equal(ns_of(call, "dur"), 7000);
	assert_true(json_is_false(json_object_get(json_object_get(call, "args"), "bounds_known")));
	json_decref(root);
	timeline__free(t);
}

/* Two hosts have the same process ids and clocks that have nothing in common. */
static void test_recordings_have_tracks_of_their_own(void **state)
{
	struct timeline *t = begin();
	json_t *root;

	(void)state;
	add_stall(t, stall(101, 1, 5000, 1000));
	assert_int_equal(timeline__recording(t, &capture), 0);
	add_stall(t, stall(101, 1, 900000000000, 1000));
	root = parsed(t);
	assert_int_equal(check_all(root), 4);
	assert_int_equal(int_of(span(root, 0), "pid"), 100);
	assert_int_equal(int_of(span(root, 2), "pid"), 100 + (1 << 22));
	assert_int_equal(ns_of(span(root, 2), "ts"), 0);
	json_decref(root);
	timeline__free(t);
}

/* Whatever a damaged recording says, nothing overlaps. */
static void test_nonsense_never_overlaps(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int round = 0; round < 50; round++) {
		struct timeline *t = begin();
		json_t *root;

		for (int i = 0; i < 60; i++) {
			uint64_t r = seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			struct ev_stall ev = stall(101 + (r >> 20) % 3, (r >> 24) % 7,
						   (r >> 32) % 10000, (r >> 40) % 4000);

			ev.runqueue_ns = (r >> 50) % 3 * 200;
			if (i % 3)
				add_stall(t, ev);
			else
				add_submit(t, submit(ev.who.tid, ev.call_seq, ev.end_ns,
						     (r >> 36) % 5000));
		}
		add_stall(t, stall(101, 1, UINT64_MAX, UINT64_MAX));
		root = parsed(t);
		assert_true(check_all(root) > 0);
		json_decref(root);
		timeline__free(t);
	}
}

static void test_nothing_is_valid_too(void **state)
{
	struct timeline *t = begin();
	json_t *root = parsed(t);

	(void)state;
	assert_int_equal(json_array_size(json_object_get(root, "traceEvents")), 0);
	json_decref(root);
	timeline__free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_names_of_tracks),
		cmocka_unit_test(test_threads_of_the_kernel_have_tracks),
		cmocka_unit_test(test_calls_from_their_sleeps),
		cmocka_unit_test(test_recordings_have_tracks_of_their_own),
		cmocka_unit_test(test_nonsense_never_overlaps),
		cmocka_unit_test(test_nothing_is_valid_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
