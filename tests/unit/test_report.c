// SPDX-License-Identifier: GPL-2.0
/* Every output format on reports made by hand: shape, bounds, hostile strings, write errors. */
#include <errno.h>
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
#include "report/format.h"

#define HOSTILE "a\033[31m\n\r\tb;c d\"e\\\x7f\xff\xc3(\x01"

static const char *frames_a[] = {"io_schedule", "blk_mq_get_tag", "ext4_file_write_iter",
				 "aio_write"};
static const char *frames_b[] = {"inode_dio_wait", "xfs_file_dio_write", "io submit;one\n"};
static const char *user_frames[] = {"fio`io_submit", "fio`main"};
static const struct stack stack_a = {1, 4, frames_a};
static const struct stack stack_b = {2, 3, frames_b};
static const struct stack user_stack = {3, 2, user_frames};

static const struct fs_info fs_ext4 = {7,	1, "ext4", "loop1", "/data", "rw,relatime",
				       API_AIO, 0, 0};
static const struct fs_info fs_xfs = {
	7, 2, "xfs", "loop2", "/srv/a-rather-long-mount-point/of/some/depth", "rw", API_AIO, 0, 0};
static const struct fs_info fs_hostile = {
	7, 3, "f" HOSTILE, "d" HOSTILE, "/m" HOSTILE, "o" HOSTILE, API_AIO, 0, 0};

/* A report and all that it points to. */
struct made {
	struct report r;
	struct capture_info capture;
	struct report_fs fs[3];
	struct report_cause cause[3];
	struct report_stack stack[3];
	struct report_waker waker[2];
	struct report_file file[1];
	struct report_slow slow[1];
	struct report_unfinished unfinished[1];
};

static struct counters some_counters(void)
{
	return (struct counters){
		.submits = 3000,
		.submits_blocked = 3000,
		.requests = 48000,
		.sleeps = 3000,
		.wall_ns = 20 * NSEC_PER_SEC,
		.on_cpu_ns = 2 * NSEC_PER_SEC,
		.blocked_ns = 15900 * NSEC_PER_MSEC,
		.runqueue_ns = NSEC_PER_SEC,
		.preempted_ns = 1100 * NSEC_PER_MSEC,
		.held_up_requests = 45000,
		.held_up_ns = UINT64_MAX,
		.bytes = 196608000,
		.ops = {0, 48000},
		.below_min_sleeps = 3,
		.below_min_ns = 3000,
		.max_sleep_ns = 12 * NSEC_PER_MSEC,
	};
}

static void fill_dist(struct report_dist *d)
{
	*d = (struct report_dist){.p50 = 5300000, .p90 = 5400000, .p99 = 6000000, .max = 12000000};
	d->hist.n[100] = 2990;
	d->hist.n[120] = 10;
}

static void fill_cause(struct made *m, size_t i, const char *comm, const char *path)
{
	m->stack[i] = (struct report_stack){
		.stack = i == 1 ? &stack_b : &stack_a,
		.user_stack = i == 2 ? &user_stack : NULL,
		.sleeps = 3000,
		.blocked_ns = 15900 * NSEC_PER_MSEC,
		.max_ns = 12000000,
		.comm = comm,
	};
	m->cause[i] = (struct report_cause){
		.id = "ext4.dio_sync",
		.name = "appending direct writes wait for completion",
		.advice = "Preallocate the file and write it once, so that writes stay inside the "
			  "file's "
			  "size; or raise i_size ahead of the writes with ftruncate.",
		.telling_frames = "blk_mq_get_tag < ext4_file_write_iter < aio_write",
		.sleeps = 3000,
		.blocked_ns = 15900 * NSEC_PER_MSEC,
		.max_ns = 12000000,
		.held_up_requests = 45000,
		.share = 0.98,
		.submits_blocked = 2990,
		.knows_submits = true,
		.stacks = &m->stack[i],
		.nr_stacks = 1,
		.wakers = m->waker,
		.nr_wakers = 2,
		.files = m->file,
		.nr_files = 1,
		.worst_pid = 123,
		.worst_tid = 124,
		.worst_index = 2,
		.worst_nr = 16,
		.worst_how = HOW_SCANNED,
		.worst_comm = comm,
		.worst_path = path,
		.worst_op = "pwrite",
		.worst_offset = 4096,
		.worst_len_bytes = 8192,
		.worst_shape = SHAPE_DIRECT | SHAPE_BEYOND_EOF,
		.how = {1, 2, 2990, 7},
		.iowait_sleeps = 2999,
	};
}

static void fill_fs(struct made *m, size_t i, const struct fs_info *fs)
{
	m->fs[i] = (struct report_fs){
		.fs = fs,
		.c = some_counters(),
		.blocked_share = 1,
		.ctxsw_per_io = 0.0625,
		.causes = &m->cause[i],
		.nr_causes = 1,
		.files = m->file,
		.nr_files = 1,
		.severity = SEVERITY_HURTS,
		.submitter = SEVERITY_HURTS,
		.severity_by = MEASURE_STALL,
		.most_submits = &m->cause[i],
		.most_time = &m->cause[i],
	};
	fill_dist(&m->fs[i].sleep);
	fill_dist(&m->fs[i].submit);
}

static void fill_unfinished(struct made *m, const char *comm, const char *path)
{
	m->unfinished[0] = (struct report_unfinished){
		.ev = {.age_ns = 1300000000,
		       .who = {77, 78, comm, 5, "/sys"},
		       .fs = &fs_ext4,
		       .req = {.how = HOW_EXACT, .nr = 4, .opcode = 1, .path = path},
		       .stack = &stack_a,
		       .held_up_requests = 3},
		.cause_id = "blk.tag",
		.cause_name = "request or tag exhaustion",
	};
}

/* s: a traced program's names. */
static struct made *made__new(const char *s)
{
	struct made *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->capture = (struct capture_info){
		.host = {"db1", "6.18.0", "x86_64", 2},
		.started_unix_ns = 1700000000123456789,
		.duration_ns = 30 * NSEC_PER_SEC,
		.command = s,
		.filters = "",
		.probe[NEED_SUBMIT] = "fentry",
		.probe[NEED_REQUEST] = "scan",
		.probe[NEED_SWITCH] = "tp_btf",
		.child_ran = true,
		.child_status = 137,
	};
	m->waker[0] = (struct report_waker){"kworker/0:1", 2990};
	m->waker[1] = (struct report_waker){s, 10};
	m->file[0] = (struct report_file){s, 3000, 15900 * NSEC_PER_MSEC, 12000000};
	for (size_t i = 0; i < 3; i++)
		fill_cause(m, i, s, s);
	fill_fs(m, 0, &fs_ext4);
	fill_fs(m, 1, &fs_xfs);
	fill_fs(m, 2, &fs_hostile);
	m->slow[0] = (struct report_slow){.who = {9, 9, s, 0, s},
					  .fs = &fs_xfs,
					  .wall_ns = 5000000,
					  .on_cpu_ns = 4000000,
					  .runqueue_ns = 1000000,
					  .nr = 8,
					  .ret = -11};
	fill_unfinished(m, s, s);
	m->r = (struct report){
		.capture = &m->capture,
		.loss = {.events = 12, .unmatched = 1},
		.any_loss = true,
		.incomplete = true,
		.long_asleep = true,
		.totals = some_counters(),
		.blocked_share = 1,
		.ctxsw_per_io = 0.0625,
		.fs = m->fs,
		.nr_fs = 3,
		.slow = m->slow,
		.nr_slow = 1,
		.slow_total = 1,
		.slow_threshold_ns = 1000000,
		.unfinished = m->unfinished,
		.nr_unfinished = 1,
	};
	fill_dist(&m->r.sleep);
	fill_dist(&m->r.submit);
	return m;
}

static char *render(const char *format, const struct report *r, const struct format_opts *o)
{
	const struct format *f = format__find(format);
	char *text = NULL;
	size_t size = 0;
	FILE *mem = open_memstream(&text, &size);

	assert_non_null(f);
	assert_non_null(mem);
	assert_int_equal(f->print(mem, r, o), 0);
	assert_int_equal(fclose(mem), 0);
	return text;
}

static size_t columns_of(const char *line, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)line[i] & 0xc0) != 0x80;
	return n;
}

static void check_lines(const char *text, size_t width)
{
	assert_true(*text);
	while (*text) {
		const char *end = strchr(text, '\n');

		assert_non_null(end);
		if (columns_of(text, (size_t)(end - text)) > width)
			fail_msg("wider than %zu: %.*s", width, (int)(end - text), text);
		if (end > text && end[-1] == ' ')
			fail_msg("trailing space: %.*s", (int)(end - text), text);
		for (const char *c = text; c < end; c++) {
			if ((unsigned char)*c < 0x20 || *c == 0x7f)
				fail_msg("control byte %02x: %.*s", *c, (int)(end - text), text);
		}
		text = end + 1;
	}
}

static void test_names(void **state)
{
	char buf[64];

	(void)state;
	assert_string_equal(format__names(VIEW_REPORT, buf, sizeof(buf)),
			    "text, json, csv, folded, html");
	assert_string_equal(format__names(VIEW_LINES, buf, sizeof(buf)), "text, json");
	assert_string_equal(format__names(VIEW_REPORT | VIEW_TIMELINE, buf, sizeof(buf)),
			    "text, json, csv, folded, html, perfetto");
	assert_false(format__prints(format__find("perfetto"), VIEW_REPORT | VIEW_GROUPS));
	assert_null(format__find("tex"));
	assert_null(format__find(""));
	assert_null(format__find(NULL));
}

static void test_text_fits(void **state)
{
	static const int widths[] = {40, 60, 80, 120, 200};
	static const char *const names[] = {"writer", HOSTILE};

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		struct made *m = made__new(names[n]);

		for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
			struct format_opts o = {.width = widths[i]};
			char *text = render("text", &m->r, &o);

			check_lines(text, (size_t)widths[i]);
			free(text);
		}
		free(m);
	}
}

static void test_text_long_names(void **state)
{
	struct format_opts o = {.width = 80};
	char *name = malloc(9000);
	struct made *m;
	char *text;

	(void)state;
	assert_non_null(name);
	memset(name, '\033', 8999);
	name[8999] = '\0';
	m = made__new(name);
	text = render("text", &m->r, &o);
	check_lines(text, 80);
	free(text);
	free(m);
	free(name);
}

static void assert_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void test_text_says(void **state)
{
	struct made *m = made__new("writer");
	struct format_opts o = {.width = 400,
				.full = true}; /* two columns of lines that are long enough */
	char *text = render("text", &m->r, &o);

	(void)state;
	assert_int_equal(strncmp(text, "INCOMPLETE: 12 events lost", 26), 0);
	assert_contains(text, "killed by signal 9");
	assert_contains(text, "\next4 /data hurts: all 3,000 submits block, 5.3ms each, 15.9s in "
			      "total; 2,990 of these "
			      "3,000, and 98.0% of the blocked time, because appending direct");
	assert_contains(text, "    do: Preallocate");
	assert_contains(text, "at: blk_mq_get_tag < ext4_file_write_iter < aio_write");
	assert_contains(text, "by writer pid 123, request 3 of 16 (by stack scan), pwrite, writer "
			      "offset 4096 length "
			      "8192, O_DIRECT, beyond end of file");
	assert_contains(text, "woken by: kworker/0:1");
	assert_contains(text, "SLOW BUT NOT BLOCKED: 1 ");
	assert_contains(text, " inside io_submit: on CPU 1");
	assert_true(strstr(text, "STILL ASLEEP") < strstr(text, "FILESYSTEM"));
	assert_contains(text, "asleep for 1.3s on ext4 /data");
	assert_contains(text, "traced 30s");
	assert_null(strstr(text, "BLOCKED%:"));
	free(text);
	m->r.long_asleep = false;
	m->r.unfinished[0].ev.age_ns = 1250 * NSEC_PER_USEC;
	text = render("text", &m->r, &o);
	assert_null(strstr(text, "STILL ASLEEP"));
	assert_contains(
		text,
		"1 thread was asleep inside io_submit when tracing ended, for at most 1.25ms");
	free(text);
	free(m);
}

/* What hurts has what matters, what is fine has its line; the rest is there if it is asked for. */
static void test_text_default_depth(void **state)
{
	struct made *m = made__new("writer");
	struct format_opts o = {.width = 200};
	char *text;

	(void)state;
	m->r.nr_fs = 1;
	text = render("text", &m->r, &o);
	assert_contains(text, "    worst: ");
	assert_contains(text, "    do: Preallocate");
	assert_null(strstr(text, "woken by"));
	assert_null(strstr(text, "requests found"));
	free(text);
	m->fs[0].severity = m->fs[0].submitter = SEVERITY_OK;
	m->capture.child_status = 128 + 15;
	m->capture.child_stopped = true;
	text = render("text", &m->r, &o);
	/* what ends with the tracing is no accident */
	assert_contains(text, "was still running and was ended with the tracing");
	assert_null(strstr(text, "killed"));
	assert_contains(text, "ext4 /data: fine; ");
	assert_null(strstr(text, "    worst: "));
	free(text);
	o.full = o.legend = true;
	text = render("text", &m->r, &o);
	assert_contains(text, "woken by");
	assert_contains(text, "BLOCKED%:");
	free(text);
	free(m);
}

/* Where the screen ends with it, the verdict stands last; what is said of it is the same. */
static void test_text_verdict_last(void **state)
{
	struct made *m = made__new("writer");
	struct format_opts o = {.width = 200, .last = true};
	char *text = render("text", &m->r, &o);

	(void)state;
	assert_true(strstr(text, "FILESYSTEM") < strstr(text, "INCOMPLETE: "));
	assert_true(strstr(text, "STILL ASLEEP") < strstr(text, "ext4 /data hurts: "));
	free(text);
	free(m);
}

static void test_text_says_why_nothing_is_recorded(void **state)
{
	struct made *m = made__new("writer");
	struct format_opts o = {.width = 80, .nothing = "the trigger has kept nothing"};
	char *text;

	(void)state;
	m->r.totals = (struct counters){0};
	m->r.nr_fs = m->r.nr_unfinished = 0;
	text = render("text", &m->r, &o);
	assert_contains(text, "the trigger has kept nothing");
	assert_null(strstr(text, "Does the program use"));
	free(text);
	free(m);
}

static void test_text_no_loss_no_first_line(void **state)
{
	struct made *m = made__new("writer");
	char *text;

	(void)state;
	m->r.any_loss = m->r.incomplete = false;
	text = render("text", &m->r, NULL);
	assert_null(strstr(text, "INCOMPLETE"));
	check_lines(text, 80);
	free(text);
	free(m);
}

/* 3 of 2,000,000 is no alarm. */
static void test_text_little_loss_is_a_note(void **state)
{
	struct made *m = made__new("writer");
	char *text;

	(void)state;
	m->r.incomplete = false;
	m->r.loss_share = 3 / 2e6;
	text = render("text", &m->r, NULL);
	assert_null(strstr(text, "INCOMPLETE"));
	assert_contains(text, "<0.1% lost: 12 events lost (ring buffer full), 1 call seen");
	free(text);
	free(m);
}

static void test_text_quiet_filesystem(void **state)
{
	struct made *m = made__new("writer");
	char *text;

	(void)state;
	m->r.nr_fs = 1;
	m->r.nr_unfinished = 0;
	m->r.long_asleep = false;
	m->fs[0].nr_causes = 0;
	m->fs[0].c = (struct counters){.submits = 7, .requests = 7};
	m->fs[0].severity = m->fs[0].submitter = SEVERITY_OK;
	text = render("text", &m->r, NULL);
	assert_contains(text, "ext4 /data: fine; no sleep in 7 submits");
	assert_null(strstr(text, "STILL ASLEEP"));
	free(text);
	free(m);
}

static void test_text_nothing_seen(void **state)
{
	struct made *m = made__new("writer");
	struct report empty = {.capture = &m->capture};
	char *text = render("text", &empty, NULL);

	(void)state;
	assert_contains(text, "No io_submit call was seen");
	assert_contains(text, "io_uring");
	check_lines(text, 80);
	free(text);
	free(m);
}

static void test_color(void **state)
{
	struct made *m = made__new(HOSTILE);
	struct format_opts o = {.width = 80, .color = true};
	char *plain, *colored = render("text", &m->r, &o);

	(void)state;
	o.color = false;
	plain = render("text", &m->r, &o);
	assert_non_null(strchr(colored, '\033'));
	assert_null(strchr(plain, '\033'));
	free(plain);
	free(colored);
	free(m);
}

static void check_keys(const json_t *o, const char *const *keys, json_type type)
{
	for (; *keys; keys++) {
		const json_t *v = json_object_get(o, *keys);

		if (!v)
			fail_msg("no key %s", *keys);
		if (json_typeof(v) != type)
			fail_msg("%s has type %d, not %d", *keys, json_typeof(v), type);
	}
}

#define KEYS(...) ((const char *const[]){__VA_ARGS__, NULL})
static const char *const counter_keys[] = {
	"submits",    "submits_blocked", "requests",	  "sleeps",	  "wall_ns",
	"on_cpu_ns",  "blocked_ns",	 "runqueue_ns",	  "preempted_ns", "held_up_requests",
	"held_up_ns", "submit_errors",	 "short_submits", "bytes",	  NULL,
};

static json_t *parse(const char *text)
{
	json_error_t e;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &e);

	if (!root)
		fail_msg("line %d: %s in: %s", e.line, e.text, text);
	return root;
}

static void check_dist(const json_t *d)
{
	const json_t *pair = json_array_get(json_object_get(d, "buckets"), 0);

	check_keys(d, KEYS("p50", "p90", "p99", "max"), JSON_INTEGER);
	check_keys(d, KEYS("buckets"), JSON_ARRAY);
	assert_int_equal(json_array_size(json_object_get(d, "buckets")), 2);
	assert_int_equal(json_integer_value(json_array_get(pair, 0)), hist__upper(100));
	assert_int_equal(json_integer_value(json_array_get(pair, 1)), 2990);
}

static void check_cause(const json_t *c)
{
	const json_t *stack = json_array_get(json_object_get(c, "stacks"), 0);
	const json_t *worst = json_object_get(c, "worst");

	check_keys(c, KEYS("id", "name", "advice", "telling_frames"), JSON_STRING);
	check_keys(c, KEYS("sleeps", "blocked_ns", "max_ns", "held_up_requests", "iowait_sleeps"),
		   JSON_INTEGER);
	check_keys(c, KEYS("stacks", "wakers", "files"), JSON_ARRAY);
	check_keys(stack, KEYS("frames"), JSON_ARRAY);
	check_keys(stack, KEYS("sleeps", "blocked_ns"), JSON_INTEGER);
	check_keys(json_array_get(json_object_get(c, "wakers"), 0), KEYS("comm"), JSON_STRING);
	check_keys(json_array_get(json_object_get(c, "wakers"), 0), KEYS("sleeps"), JSON_INTEGER);
	check_keys(json_object_get(c, "request_how"), KEYS("exact", "scanned", "batch", "unknown"),
		   JSON_INTEGER);
	check_keys(worst, KEYS("pid", "tid", "index", "nr", "offset", "length"), JSON_INTEGER);
	check_keys(worst, KEYS("comm", "path", "op", "how"), JSON_STRING);
	assert_int_equal(json_array_size(json_object_get(worst, "shape")), 2);
}

static void check_filesystem(const json_t *f)
{
	check_keys(f, KEYS("fstype", "device", "device_name", "mount", "mount_options"),
		   JSON_STRING);
	check_keys(f,
		   KEYS("severity", "severity_by", "severity_plane", "verdict", "most_submits",
			"most_time"),
		   JSON_STRING);
	check_keys(f, KEYS("time_share"), JSON_REAL);
	check_keys(f, counter_keys, JSON_INTEGER);
	check_keys(f, KEYS("sleep_ns", "submit_ns", "ops"), JSON_OBJECT);
	check_keys(f, KEYS("causes", "files"), JSON_ARRAY);
	check_dist(json_object_get(f, "sleep_ns"));
	check_dist(json_object_get(f, "submit_ns"));
	check_cause(json_array_get(json_object_get(f, "causes"), 0));
	check_keys(json_array_get(json_object_get(f, "files"), 0), KEYS("path"), JSON_STRING);
	check_keys(json_array_get(json_object_get(f, "files"), 0), KEYS("sleeps", "blocked_ns"),
		   JSON_INTEGER);
}

static void check_schema(const json_t *root)
{
	const json_t *capture = json_object_get(root, "capture");
	const json_t *unfinished = json_array_get(json_object_get(root, "unfinished"), 0);

	check_keys(root, KEYS("schema"), JSON_STRING);
	check_keys(root, KEYS("host", "capture", "loss", "totals"), JSON_OBJECT);
	check_keys(root, KEYS("filesystems", "slow_not_blocked", "unfinished"), JSON_ARRAY);
	check_keys(json_object_get(root, "host"), KEYS("hostname", "kernel", "arch"), JSON_STRING);
	check_keys(json_object_get(root, "host"), KEYS("cpus"), JSON_INTEGER);
	check_keys(capture, KEYS("started", "command", "filters"), JSON_STRING);
	check_keys(capture, KEYS("duration_ns", "child_status", "min_ns"), JSON_INTEGER);
	check_keys(json_object_get(capture, "probes"), KEYS("submit", "request", "switch"),
		   JSON_STRING);
	check_keys(json_object_get(root, "loss"), KEYS("events", "stacks", "map_full", "unmatched"),
		   JSON_INTEGER);
	check_keys(json_object_get(root, "loss"), KEYS("any"), JSON_TRUE);
	check_keys(json_object_get(root, "totals"), counter_keys, JSON_INTEGER);
	check_keys(unfinished, KEYS("pid", "tid", "age_ns"), JSON_INTEGER);
	check_keys(unfinished, KEYS("comm", "fstype", "file", "cause"), JSON_STRING);
	check_keys(unfinished, KEYS("frames"), JSON_ARRAY);
	for (size_t i = 0; i < json_array_size(json_object_get(root, "filesystems")); i++)
		check_filesystem(json_array_get(json_object_get(root, "filesystems"), i));
}

static void test_json_schema(void **state)
{
	static const char *const names[] = {"writer", HOSTILE};

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		struct made *m = made__new(names[n]);
		char *text = render("json", &m->r, NULL);
		json_t *root = parse(text);

		check_schema(root);
		json_decref(root);
		free(text);
		free(m);
	}
}

static void test_json_values(void **state)
{
	struct made *m = made__new("writer");
	char *text = render("json", &m->r, NULL);
	json_t *root = parse(text), *capture = json_object_get(root, "capture"), *fs;

	(void)state;
	assert_string_equal(json_string_value(json_object_get(root, "schema")),
			    "aiostall-report/1");
	assert_string_equal(json_string_value(json_object_get(capture, "started")),
			    "2023-11-14T22:13:20.123Z");
	assert_int_equal(json_integer_value(json_object_get(capture, "child_status")), 137);
	fs = json_array_get(json_object_get(root, "filesystems"), 0);
	assert_string_equal(json_string_value(json_object_get(fs, "device")), "7:1");
	assert_true(json_integer_value(json_object_get(fs, "held_up_ns")) == INT64_MAX);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(fs, "ops"), "pwrite")),
			 48000);
	json_decref(root);
	free(text);
	m->capture.child_ran = false;
	m->r.any_loss = m->r.incomplete = false;
	text = render("json", &m->r, NULL);
	root = parse(text);
	assert_null(json_object_get(json_object_get(root, "capture"), "child_status"));
	assert_true(json_is_false(json_object_get(json_object_get(root, "loss"), "any")));
	json_decref(root);
	free(text);
	free(m);
}

/* Every line: names without spaces joined by ';', one space, a number of at least 1. */
static void check_folded(const char *text)
{
	char last[4096] = "";

	while (*text) {
		const char *end = strchr(text, '\n'), *space = strchr(text, ' ');
		char line[4096], *rest;

		assert_non_null(end);
		assert_true(space && space < end && end - text < (long)sizeof(line));
		assert_true(strtoull(space + 1, &rest, 10) >= 1);
		assert_ptr_equal(rest, end);
		for (const char *c = text; c < space; c++)
			assert_true((unsigned char)*c > ' ' && *c != 0x7f);
		snprintf(line, sizeof(line), "%.*s", (int)(space - text), text);
		assert_null(strstr(line, ";;"));
		assert_true(strcmp(last, line) < 0);
		memcpy(last, line, sizeof(line));
		text = end + 1;
	}
}

static void test_folded(void **state)
{
	struct made *m = made__new("writer");
	char *text;

	(void)state;
	m->fs[2].fs = &fs_xfs;
	m->stack[0].blocked_ns = 1;
	text = render("folded", &m->r, NULL);
	assert_string_equal(
		text,
		"writer;ext4;aio_write;ext4_file_write_iter;blk_mq_get_tag;io_schedule 1\n"
		"writer;xfs;fio`main;fio`io_submit;-;aio_write;ext4_file_write_iter;blk_mq_get_tag;"
		"io_schedule 15900000\n"
		"writer;xfs;io_submit_one_;xfs_file_dio_write;inode_dio_wait 15900000\n");
	free(text);
	free(m);
	m = made__new(HOSTILE);
	text = render("folded", &m->r, NULL);
	check_folded(text);
	free(text);
	free(m);
}

static void test_folded_adds_up(void **state)
{
	struct made *m = made__new("writer");
	char *text;

	(void)state;
	m->fs[1].fs = &fs_ext4;
	m->stack[1] = m->stack[0];
	m->stack[2].blocked_ns = 0;
	text = render("folded", &m->r, NULL);
	assert_string_equal(text,
			    "writer;ext4;aio_write;ext4_file_write_iter;blk_mq_get_tag;io_schedule "
			    "31800000\n");
	m->r.nr_fs = 0;
	free(text);
	text = render("folded", &m->r, NULL);
	assert_string_equal(text, "");
	free(text);
	free(m);
}

static struct ev_stall some_stall(const char *s)
{
	return (struct ev_stall){
		.end_ns = 1234567890123456,
		.blocked_ns = 5300000,
		.runqueue_ns = 20000,
		.call_seq = 8,
		.sleep_no = 2,
		.who = {1234567, 1234568, s, UINT64_MAX, s},
		.fs = &fs_ext4,
		.req = {.how = HOW_SCANNED,
			.index = 14,
			.nr = 16,
			.opcode = 1,
			.fd = 5,
			.offset = 4096,
			.len_bytes = 8192,
			.shape = SHAPE_APPEND,
			.ino = 12,
			.path = s},
		.held_up_requests = 1,
		.state = 2,
		.iowait = true,
		.waker_kind = WAKER_IRQ,
		.waker_comm = s,
		.stack = &stack_a,
	};
}

static void test_trace_line(void **state)
{
	static const int widths[] = {60, 80, 120, 200};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
		struct ev_stall ev = some_stall(i & 1 ? HOSTILE : "/data/file");
		struct format_opts o = {.width = widths[i]};
		char *text = NULL;
		size_t size = 0;
		FILE *mem = open_memstream(&text, &size);

		assert_int_equal(trace_line__header(mem, &o), 0);
		assert_int_equal(trace_line__stall(mem, &ev, "ext4.dio_sync", &o), 0);
		ev.req.path = "";
		assert_int_equal(trace_line__stall(mem, &ev, HOSTILE, &o), 0);
		fclose(mem);
		check_lines(text, (size_t)widths[i]);
		assert_contains(text, "FILE\n");
		assert_contains(text, "5.3ms");
		assert_contains(text, "ext4 ");
		if (widths[i] >= 80)
			assert_contains(text, "~15/16");
		free(text);
	}
}

static void check_trace_stall(const json_t *o)
{
	check_keys(o, KEYS("type", "cause", "comm", "request", "op", "path", "cgroup"),
		   JSON_STRING);
	check_keys(o,
		   KEYS("end_ns", "blocked_ns", "runqueue_ns", "call_seq", "sleep_no", "pid", "tid",
			"cgroup_id", "index", "nr", "fd", "offset", "length", "ino", "rw_flags",
			"state", "held_up_requests"),
		   JSON_INTEGER);
	check_keys(o, KEYS("fs", "waker"), JSON_OBJECT);
	check_keys(o, KEYS("frames", "shape"), JSON_ARRAY);
	check_keys(json_object_get(o, "fs"),
		   KEYS("fstype", "device", "device_name", "mount", "mount_options"), JSON_STRING);
	check_keys(json_object_get(o, "waker"), KEYS("kind", "comm"), JSON_STRING);
	check_keys(json_object_get(o, "waker"), KEYS("pid", "tid"), JSON_INTEGER);
	assert_string_equal(json_string_value(json_object_get(o, "request")), "scanned");
	assert_int_equal(json_integer_value(json_object_get(o, "index")), 14);
	assert_int_equal(json_array_size(json_object_get(o, "frames")), 4);
	assert_true(json_integer_value(json_object_get(o, "cgroup_id")) == INT64_MAX);
}

static void test_trace_json(void **state)
{
	struct ev_stall ev = some_stall(HOSTILE);
	struct ev_submit sub = {
		.end_ns = 9, .wall_ns = 8, .nr = 3, .ret = -11, .who = ev.who, .fs = NULL};
	char *text = NULL, *second;
	size_t size = 0;
	FILE *mem = open_memstream(&text, &size);
	json_t *o;

	(void)state;
	assert_int_equal(trace_json__stall(mem, &ev, "ext4.dio_sync", NULL), 0);
	assert_int_equal(trace_json__submit(mem, &sub, NULL), 0);
	fclose(mem);
	second = strchr(text, '\n');
	assert_non_null(second);
	*second++ = '\0';
	assert_ptr_equal(strchr(second, '\n'), second + strlen(second) - 1);
	o = parse(text);
	check_trace_stall(o);
	json_decref(o);
	o = parse(second);
	check_keys(o,
		   KEYS("end_ns", "wall_ns", "on_cpu_ns", "blocked_ns", "runqueue_ns",
			"preempted_ns", "sleeps", "preemptions", "nr", "ret"),
		   JSON_INTEGER);
	assert_int_equal(json_integer_value(json_object_get(o, "ret")), -11);
	json_decref(o);
	free(text);
}

static void test_trace_json_unknown_request(void **state)
{
	struct ev_stall ev = {.who = {.pid = 1}, .req = {.nr = 4}};
	char *text = NULL;
	size_t size = 0;
	FILE *mem = open_memstream(&text, &size);
	json_t *o;

	(void)state;
	assert_int_equal(trace_json__stall(mem, &ev, NULL, NULL), 0);
	fclose(mem);
	o = parse(text);
	assert_true(json_is_null(json_object_get(o, "index")));
	assert_true(json_is_true(json_object_get(o, "stack_lost")));
	assert_string_equal(json_string_value(json_object_get(json_object_get(o, "fs"), "fstype")),
			    "(unknown)");
	json_decref(o);
	free(text);
}

static void test_interval(void **state)
{
	struct fs_counts a = {.c = some_counters()}, b = a;
	const struct most_entry most = {.fstype = "ext4",
					.where = "/a/long/name/of/a/mount",
					.cause = "ext4.dio_sync",
					.blocked_ns = 1};
	struct format_opts o = {.width = 80};
	char *text = NULL;
	size_t size = 0;
	FILE *mem = open_memstream(&text, &size);

	(void)state;
	b.c.submits += 500;
	b.c.submits_blocked += 176;
	b.c.requests += 400;
	b.c.sleeps += 100;
	assert_int_equal(interval_line__header(mem, &o), 0);
	assert_int_equal(interval_line__print(mem, 2500 * NSEC_PER_MSEC, &a, &b, &most, &o), 0);
	assert_int_equal(interval_line__print(mem, 3 * NSEC_PER_SEC, &b, &a, NULL, &o), 0);
	assert_int_equal(interval_line__print(mem, NSEC_PER_SEC, NULL, &a, NULL, &o), 0);
	fclose(mem);
	check_lines(text, 80);
	assert_contains(text, "    2.5s     500    35.2%     0.25");
	assert_contains(text, " ext4 .../mount: ext4.dio_sync\n");
	assert_contains(text, "    3.0s       0       0%     0.00");
	assert_contains(text, "    1.0s    3000     100%     0.06");
	assert_contains(text, " -\n");
	free(text);
}

/* Asleep in the planes of io_uring: columns of their own, where there is room, and a word at the cause. */
static void test_interval_planes(void **state)
{
	struct fs_counts a = {.c = some_counters()}, b = a;
	const struct most_entry most = {.fstype = "ext4",
					.where = "/data",
					.cause = "ext4.dio_sync",
					.plane = PLANE_WORKER,
					.blocked_ns = 1};

	(void)state;
	a.c.worker_blocked_ns = 5 * NSEC_PER_SEC;
	b.c.worker_blocked_ns = 7 * NSEC_PER_SEC;
	b.c.taskwork_blocked_ns = 3 * NSEC_PER_MSEC;
	b.c.sqpoll_blocked_ns = 4 * NSEC_PER_USEC;
	for (int width = 80; width <= 132; width += 52) {
		struct format_opts o = {.width = width};
		char *text = NULL;
		size_t size = 0;
		FILE *mem = open_memstream(&text, &size);

		assert_int_equal(interval_line__header(mem, &o), 0);
		assert_int_equal(interval_line__print(mem, NSEC_PER_SEC, &a, &b, &most, &o), 0);
		fclose(mem);
		check_lines(text, width);
		assert_contains(text, width > 80 ? " ext4 /data: worker ext4.dio_sync\n"
						 : ": worker ext4.dio_sync\n");
		assert_int_equal(!!strstr(text, " TASKWORK  WORKER  SQPOLL MOST"), width > 80);
		assert_int_equal(!!strstr(text, "      3ms      2s     4us ext4"), width > 80);
		free(text);
	}
}

static void test_write_error(void **state)
{
	static const char *const names[] = {"text", "json", "folded"};
	struct made *m = made__new("writer");
	struct ev_stall ev = some_stall("writer");
	struct ev_submit sub = {.who = ev.who};
	struct fs_counts counts = {.c = some_counters()};
	FILE *full;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		full = fopen("/dev/full", "w");
		assert_non_null(full);
		assert_int_equal(format__find(names[i])->print(full, &m->r, NULL), -ENOSPC);
		fclose(full);
	}
	full = fopen("/dev/full", "w");
	setvbuf(full, NULL, _IONBF, 0);
	assert_int_equal(trace_line__stall(full, &ev, "x", NULL), -ENOSPC);
	assert_int_equal(trace_json__submit(full, &sub, NULL), -ENOSPC);
	assert_int_equal(interval_line__print(full, 1, NULL, &counts, NULL, NULL), -ENOSPC);
	fclose(full);
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_text_fits),
		cmocka_unit_test(test_text_long_names),
		cmocka_unit_test(test_text_says),
		cmocka_unit_test(test_text_no_loss_no_first_line),
		cmocka_unit_test(test_text_default_depth),
		cmocka_unit_test(test_text_verdict_last),
		cmocka_unit_test(test_text_says_why_nothing_is_recorded),
		cmocka_unit_test(test_text_little_loss_is_a_note),
		cmocka_unit_test(test_text_quiet_filesystem),
		cmocka_unit_test(test_text_nothing_seen),
		cmocka_unit_test(test_color),
		cmocka_unit_test(test_json_schema),
		cmocka_unit_test(test_json_values),
		cmocka_unit_test(test_folded),
		cmocka_unit_test(test_folded_adds_up),
		cmocka_unit_test(test_trace_line),
		cmocka_unit_test(test_trace_json),
		cmocka_unit_test(test_trace_json_unknown_request),
		cmocka_unit_test(test_interval),
		cmocka_unit_test(test_interval_planes),
		cmocka_unit_test(test_write_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
