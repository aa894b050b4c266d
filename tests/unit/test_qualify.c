// SPDX-License-Identifier: GPL-2.0
/* src/qualify: rows, verdicts, gates, the sentence, the text and the JSON. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "qualify/changes.h"
#include "qualify/gate.h"
#include "qualify/page.h"
#include "qualify/print_result.h"
#include "qualify/plan.h"
#include "qualify/result_diff.h"
#include "qualify/result_json.h"
#include "qualify/summary.h"

static void every_row_has_a_name_of_its_own(void **state)
{
	size_t nr;
	struct row *rows = row__all(&nr), back;
	char id[ROW_ID_MAX], other[ROW_ID_MAX];

	(void)state;
	assert_non_null(rows);
	assert_in_range(row__nr_standard(), 35, 50);
	assert_true(nr > 300);
	for (size_t i = 0; i < nr; i++) {
		row__id(&rows[i], id, sizeof(id));
		assert_true(strlen(id) < ROW_ID_MAX - 1);
		assert_true(row__find(id, &back));
		assert_string_equal(row__id(&back, other, sizeof(other)), id);
		for (size_t k = 0; k < i && i < 100; k++)
			assert_string_not_equal(row__id(&rows[k], other, sizeof(other)), id);
	}
	assert_false(row__find("append-d5", &back));
	free(rows);
}

static void a_pattern_means_rows(void **state)
{
	static const struct {
		const char *id, *pattern;
		bool matches;
	} cases[] = {
		{"append", "append", true},
		{"append-64k-d4", "append", true},
		{"append-64k-d4", "append-64k", true},
		{"append-beside-fdatasync", "append", false},
		{"append-d32", "append-d3", false},
		{"read-cold-d4", "read", false},
		{"read-cold-d4", "read-cold", true},
		{"read-d4", "read", true},
		{"overwrite-nowait", "*-nowait", true},
		{"overwrite-nowait-x", "*-nowait", false},
		{"poll", "any", true},
		{"fsync", "fdsync", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (row__matches(cases[i].id, cases[i].pattern) != cases[i].matches)
			fail_msg("%s, %s", cases[i].id, cases[i].pattern);
}

#define N 1000

static void figures_have_a_word(void **state)
{
	static const struct {
		struct figures f;
		bool cached, idle;
		enum verdict is;
		bool close;
	} cases[] = {
		{{.requests = 0}, false, false, VERDICT_NA, false},
		{{.requests = N, .failed = N, .failed_errno = EINVAL},
		 false,
		 false,
		 VERDICT_NA,
		 false},
		{{.requests = N}, false, false, VERDICT_ASYNC, false},
		{{.requests = N, .sleeps = 10}, false, false, VERDICT_ASYNC, false},
		{{.requests = N, .sleeps = 19}, false, false, VERDICT_ASYNC, true},
		{{.requests = N, .sleeps = 20}, false, false, VERDICT_RARE, true},
		{{.requests = N, .sleeps = 99}, false, false, VERDICT_RARE, true},
		{{.requests = N, .sleeps = 100}, false, false, VERDICT_BLOCKS, true},
		{{.requests = N, .sleeps = N}, false, false, VERDICT_BLOCKS, false},
		{{.requests = N, .sleeps = N, .inside = N},
		 false,
		 false,
		 VERDICT_SYNCHRONOUS,
		 false},
		{{.requests = N, .sleeps = N, .inside = 899}, false, false, VERDICT_BLOCKS, false},
		{{.requests = N, .inside = N}, false, false, VERDICT_SYNCHRONOUS, false},
		{{.requests = N, .inside = N}, false, true, VERDICT_ASYNC, false},
		{{.requests = N, .inside = N}, true, false, VERDICT_CACHED, false},
		{{.requests = N, .inside = N, .sleeps = 99}, true, false, VERDICT_CACHED, true},
		{{.requests = N, .inside = 500}, true, false, VERDICT_ASYNC, false},
		{{.requests = N, .inside = N, .sleeps = N},
		 true,
		 false,
		 VERDICT_SYNCHRONOUS,
		 false},
		{{.requests = N, .inside = N, .refused = N}, false, false, VERDICT_REFUSES, false},
		{{.requests = N, .refused = 99}, false, false, VERDICT_ASYNC, true},
		{{.requests = N, .refused = 100}, false, false, VERDICT_REFUSES, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum verdict v = verdict__judge(&cases[i].f, cases[i].cached, cases[i].idle);

		if (v != cases[i].is)
			fail_msg("case %zu: %s, not %s", i, verdict__word(v),
				 verdict__word(cases[i].is));
		if (verdict__is_close(&cases[i].f) != cases[i].close)
			fail_msg("case %zu: close", i);
	}
	for (int v = 0; v < VERDICTS; v++)
		assert_int_equal(verdict__find(verdict__word((enum verdict)v)), v);
	assert_int_equal(verdict__find("fine"), -1);
}

static void put(struct result *r, const char *row, const char *engine, uint64_t sleeps,
		uint64_t inside)
{
	struct cell *c = result__add_cell(r);

	assert_non_null(c);
	snprintf(c->row, sizeof(c->row), "%s", row);
	snprintf(c->engine, sizeof(c->engine), "%s", engine);
	c->f = (struct figures){.requests = N,
				.submits = N,
				.sleeps = sleeps,
				.submits_blocked = sleeps < N ? sleeps : N,
				.inside = inside,
				.bytes = N * 4096,
				.request_bytes = 4096,
				.held_p50_ns = 1500,
				.held_p99_ns = 25000,
				.held_max_ns = 7000000,
				.done_p50_ns = 80000,
				.done_p99_ns = 900000,
				.wall_ns = 100000000,
				.cpu_ns = 30000000,
				.residue_bytes = 8192,
				.file_bytes = 4 << 20};
	cell__judge(c);
}

static struct result *made(void)
{
	struct result *r = result__new();

	assert_non_null(r);
	snprintf(r->place, sizeof(r->place), "ext4 /data");
	snprintf(r->label, sizeof(r->label), "ext4");
	snprintf(r->kernel, sizeof(r->kernel), "6.12.117-1");
	r->started_unix_ns = 1700000000000000000;
	r->duration_ns = 40000000000;
	r->traced = true;
	result__add_fact(r, "device", "vda");
	result__add_fact(r, "queue.scheduler", "none");
	put(r, "append", "aio", N, N);
	put(r, "fill-hole-d4", "aio", 0, 0);
	put(r, "overwrite-d4", "aio", 3, 0);
	put(r, "read", "aio", 0, 10);
	put(r, "append-beside-fdatasync", "aio", N, 0);
	put(r, "overwrite-d4", "uring", 0, 0);
	snprintf(r->cells[0].cause.id, sizeof(r->cells[0].cause.id), "ext4.dio_sync");
	snprintf(r->cells[0].cause.name, sizeof(r->cells[0].cause.name), "appends wait");
	snprintf(r->cells[0].cause.todo, sizeof(r->cells[0].cause.todo), "preallocate");
	snprintf(r->cells[0].cause.frames, sizeof(r->cells[0].cause.frames), "a < b");
	r->cells[0].cause.share = 0.75;
	r->cells[0].cause.sleeps = N;
	r->warm_up = r->cells[2];
	return r;
}

static void a_gate_holds_for_what_is_as_bad(void **state)
{
	static const struct {
		const char *expr;
		const char *row; /* NULL = does not hold */
	} cases[] = {
		{"append:blocks", "append"},   {"append:synchronous", "append"},
		{"append:rare", "append"},     {"append:async", NULL},
		{"overwrite:rare", NULL},      {"overwrite:async", "overwrite-d4"},
		{"any:synchronous", "append"}, {"any:refuses", NULL},
		{"append:n/a", NULL},	       {"uring/any:async", "overwrite-d4"},
		{"uring/append:blocks", NULL}, {"append-beside*:blocks", "append-beside-fdatasync"},
	};
	struct result *r = made();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct verdict_gate g = {0};
		const struct cell *c;

		assert_int_equal(verdict_gate__parse(&g, cases[i].expr, NULL), 0);
		c = verdict_gate__tripped(&g, 0, r);
		if (!c != !cases[i].row || (c && strcmp(c->row, cases[i].row)))
			fail_msg("%s: %s", cases[i].expr, c ? c->row : "does not hold");
	}
	result__free(r);
}

static void a_wrong_gate_is_refused(void **state)
{
	static const char *const wrong[] = {"append",	      "append:slow",   ":blocks",    "",
					    "append:blocks,", "tape/any:rare", "uring/:rare"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct verdict_gate g = {0};

		if (verdict_gate__parse(&g, wrong[i], NULL) != -EINVAL)
			fail_msg("'%s' was taken", wrong[i]);
	}
}

static struct result *read_back(const char *text, size_t len, struct err *e)
{
	FILE *in = fmemopen((char *)text, len, "r");
	struct result *r;

	assert_non_null(in);
	r = result_json__read(in, "x.json", e);
	fclose(in);
	return r;
}

static char *print_json(const struct result *r, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	assert_non_null(out);
	assert_int_equal(result_json__print(r, out, NULL), 0);
	fclose(out);
	return text;
}

static void json_comes_back_as_it_was(void **state)
{
	struct result *r = made(), *back;
	char *text, *again;
	struct err e = {0};
	size_t len, len2;

	(void)state;
	text = print_json(r, &len);
	back = read_back(text, len, &e);
	if (!back)
		fail_msg("%s", e.text);
	again = print_json(back, &len2);
	assert_string_equal(again, text);
	assert_memory_equal(back->cells, r->cells, r->nr_cells * sizeof(*r->cells));
	assert_string_equal(result__fact(back, "queue.scheduler"), "none");
	assert_int_equal(back->duration_ns, r->duration_ns);
	free(text);
	free(again);
	result__free(r);
	result__free(back);
}

static void damaged_json_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"{",
		"[]",
		"{\"schema\": \"aiostall-report/1\"}",
		"{\"schema\": \"aiostall-qualify/1\", \"cells\": [{}]}",
		"{\"schema\": \"aiostall-qualify/1\", \"cells\": [{\"row\": \"a\", \"engine\": "
		"\"b\", \"verdict\": \"fine\"}]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct err e = {0};
		/* fmemopen takes no size of 0 */
		struct result *r =
			read_back(*wrong[i] ? wrong[i] : " ", strlen(wrong[i]) + !*wrong[i], &e);

		assert_null(r);
		assert_true(*e.text);
	}
}

static void numbers_of_strangers_are_tamed(void **state)
{
	static const char text[] =
		"{\"schema\": \"aiostall-qualify/1\", \"place\": 7, \"facts\": {\"a\": 1}, "
		"\"cells\": "
		"[{\"row\": \"append\", \"engine\": \"aio\", \"verdict\": \"async\", \"requests\": "
		"-5, \"sleeps\": 1e300, \"cause\": {\"id\": \"x\", \"share\": 9}}]}";
	struct err e = {0};
	struct result *r = read_back(text, sizeof(text) - 1, &e);

	(void)state;
	assert_non_null(r);
	assert_int_equal(r->nr_facts, 0);
	assert_int_equal(r->cells[0].f.requests, 0);
	assert_int_equal(r->cells[0].f.sleeps, 0);
	assert_true(r->cells[0].cause.share == 0);
	result__free(r);
}

static void the_sentence_says_what_to_do(void **state)
{
	struct result *r = made();
	char line[768];

	(void)state;
	assert_string_equal(
		summary__line(r, line, sizeof(line)),
		"ext4 /data: fit for aio if files are written once before use; appends are "
		"synchronous (use fallocate and write zeros before, or io_uring with IOSQE_ASYNC)");
	/* what was seen not to help is not advised */
	put(r, "append-d4", "uring-async", N, N);
	summary__line(r, line, sizeof(line));
	assert_null(strstr(line, "IOSQE_ASYNC"));
	r->cells[0].f.sleeps = r->cells[0].f.inside = 0;
	cell__judge(&r->cells[0]);
	assert_string_equal(
		summary__line(r, line, sizeof(line)),
		"ext4 /data: fit for aio: what was run of appends, fills, overwrites and "
		"reads does not block");
	r->cells[2].f.sleeps = N;
	cell__judge(&r->cells[2]);
	snprintf(r->cells[2].cause.todo, sizeof(r->cells[2].cause.todo), "more tags");
	assert_string_equal(summary__line(r, line, sizeof(line)),
			    "ext4 /data: not fit for aio: overwrites block: more tags");
	result__free(r);
}

static void without_direct_io_it_is_not_fit(void **state)
{
	struct result *r = result__new();
	struct cell *c = result__add_cell(r);
	char line[768];

	(void)state;
	snprintf(r->place, sizeof(r->place), "tmpfs /tmp");
	snprintf(c->row, sizeof(c->row), "overwrite");
	snprintf(c->engine, sizeof(c->engine), "aio");
	snprintf(c->reason, sizeof(c->reason), "no direct I/O here");
	assert_string_equal(summary__line(r, line, sizeof(line)),
			    "tmpfs /tmp: not fit for aio: no direct I/O here");
	result__free(r);
}

static void text_is_narrow_and_harmless(void **state)
{
	struct result *r = made();
	char *text = NULL, *line, *rest;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	snprintf(r->cells[0].cause.name, sizeof(r->cells[0].cause.name), "\033[2Jgone");
	r->cells[1].verdict = VERDICT_NA;
	memset(r->cells[1].reason, 'x', sizeof(r->cells[1].reason) - 1);
	assert_int_equal(result_text__print(r, out, NULL), 0);
	fclose(out);
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "ext4.dio_sync"));
	assert_non_null(strstr(text, "uring "));
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (strlen(line) > 80)
			fail_msg("%s", line);
	free(text);
	result__free(r);
}

/* What is done by the time the submit returns is the thread's own work where no other can have done it. */
static void fast_is_not_synchronous(void **state)
{
	static const struct {
		const char *engine;
		uint64_t sleeps;
		enum verdict is;
	} cases[] = {
		{"aio", 0, VERDICT_SYNCHRONOUS}, {"nowait", 0, VERDICT_SYNCHRONOUS},
		{"uring", 0, VERDICT_ASYNC},	 {"uring", N, VERDICT_SYNCHRONOUS},
		{"threads", 0, VERDICT_ASYNC},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct result *r = result__new();

		assert_non_null(r);
		put(r, "overwrite", cases[i].engine, cases[i].sleeps, N);
		if (r->cells[0].verdict != cases[i].is)
			fail_msg("%s: %s", cases[i].engine, verdict__word(r->cells[0].verdict));
		result__free(r);
	}
}

static struct result *on(const char *label, const char *kernel, uint64_t sleeps)
{
	struct result *r = result__new();

	assert_non_null(r);
	snprintf(r->label, sizeof(r->label), "%s", label);
	snprintf(r->kernel, sizeof(r->kernel), "%s", kernel);
	put(r, "overwrite", "aio", sleeps, sleeps);
	put(r, "read", "aio", 0, 0);
	return r;
}

static char *print_page(struct result **r, size_t nr, const char *intro, const char *form)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(page__form(form));
	assert_int_equal(page__print(r, nr, intro, page__form(form), out), 0);
	fclose(out);
	return text;
}

static void a_page_marks_what_changed(void **state)
{
	/* not in the order of the kernels */
	struct result *r[] = {on("btrfs", "7.3.4-1", 0), on("btrfs", "6.1.192-1", 0),
			      on("btrfs", "6.18.15-1", N), on("f2fs", "6.1.192-1", 0),
			      on("f2fs", "6.18.15-1", N)};
	char *text;

	(void)state;
	text = print_page(r, 5, "# A title\n\nSome text.\n\n- a point\n\n- another", "md");
	assert_non_null(strstr(text, "| row | 6.1.192-1 | 6.18.15-1 | 7.3.4-1 |\n"));
	assert_non_null(strstr(
		text, "| overwrite | async | **synchronous \\[1\\]** | **async \\[2\\]** |"));
	assert_non_null(strstr(text, "| read | async | async | async |\n"));
	assert_non_null(strstr(text, "968f19c5b1b7 (6.15)"));
	assert_non_null(strstr(text, "IOMAP_DIO_BOUNCE"));
	assert_non_null(strstr(text, "async to synchronous between 6.1.192-1 and 6.18.15-1: not "
				     "explained"));
	assert_non_null(strstr(text, "# A title\n\nSome text.\n\n- a point\n- another\n"));
	free(text);
	text = print_page(r, 5, NULL, "html");
	assert_non_null(strstr(text, "<td class=\"synchronous changed\">synchronous [1]</td>"));
	assert_null(strstr(text, "http"));
	assert_null(strstr(text, "<script"));
	free(text);
	for (size_t i = 0; i < ARRAY_SIZE(r); i++)
		result__free(r[i]);
}

/* Of one place there is no table of all; a change that the cells do not show is a contradiction. */
static void a_page_begins_with_all_places(void **state)
{
	struct result *r[] = {on("btrfs", "6.1.192-1", 0), on("btrfs", "6.18.15-1", 0),
			      on("f2fs", "6.1.192-1", 0), on("f2fs", "6.18.15-1", N)};
	char *text;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		put(r[i], "overwrite-d4", "aio", i == 3 ? N : 0, i == 3 ? N : 0);
	text = print_page(r, 2, NULL, "md");
	assert_null(strstr(text, "At a glance"));
	free(text);
	text = print_page(r, 4, NULL, "md");
	assert_non_null(strstr(text, "the newest kernel, 6.18.15-1, and of the oldest, 6.1.192-1"));
	assert_non_null(strstr(text, "| place | append | append-d4 |"));
	assert_non_null(strstr(
		text,
		"| [f2fs](#f2fs) | - | - | - | - | **synchronous, was async** | - | - | - | - |"));
	assert_non_null(
		strstr(text, "| [btrfs](#btrfs) | - | - | - | - | async | - | - | - | - |"));
	assert_non_null(
		strstr(text, "- Contradicted, no cell of 6.18.15-1 shows it: 968f19c5b1b7 (6.15)"));
	assert_null(strstr(text, "it: 968f19c5b1b7 in the stable series"));
	assert_null(strstr(text, "it: 7c2830f00c3e"));
	free(text);
	text = print_page(r, 4, NULL, "html");
	assert_non_null(strstr(text, "<a href=\"#f2fs\">f2fs</a>"));
	assert_non_null(strstr(text, "<h2 id=\"f2fs\">f2fs</h2>"));
	free(text);
	for (size_t i = 0; i < 4; i++)
		result__free(r[i]);
}

/* What a kernel cannot run is no gap in the row: why is said where it begins and ends. */
static void a_page_says_since_when_it_can_be_run(void **state)
{
	struct result *r[] = {on("ext4", "6.1.192-1", 0), on("ext4", "6.18.15-1", 0),
			      on("ext4", "7.3.4-1", 0)};
	char *text;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		put(r[i], "read-nowait", "aio", 0, 0);
	r[1]->cells[2].verdict = VERDICT_NA;
	snprintf(r[1]->cells[2].reason, sizeof(r[1]->cells[2].reason), "it has no such flag");
	text = print_page(r, 3, NULL, "md");
	assert_non_null(
		strstr(text, "| read-nowait | async | **n/a \\[1\\]** | **async \\[1\\]** |\n"));
	assert_non_null(strstr(text, "- \\[1\\] n/a on 6.18.15-1: it has no such flag\n"));
	free(text);
	for (size_t i = 0; i < 3; i++)
		result__free(r[i]);
}

/* Rows with one cause are one line. */
static void a_page_has_rows_by_cause(void **state)
{
	static const char *const ids[] = {"a.first", "b.second", "a.first"};
	struct result *r = on("ext4", "6.1.192-1", N);
	char *text;

	(void)state;
	put(r, "append", "aio", N, N);
	put(r, "read-d4", "aio", N, N);
	for (size_t i = 0, k = 0; i < r->nr_cells; i++)
		if (r->cells[i].verdict == VERDICT_SYNCHRONOUS) {
			snprintf(r->cells[i].cause.id, sizeof(r->cells[i].cause.id), "%s",
				 ids[k++]);
			snprintf(r->cells[i].cause.name, sizeof(r->cells[i].cause.name),
				 "it waits");
		}
	text = print_page(&r, 1, NULL, "md");
	assert_non_null(strstr(text, "- a.first, it waits: overwrite read-d4\n"));
	assert_non_null(strstr(text, "- b.second, it waits: append\n"));
	free(text);
	result__free(r);
}

static void a_page_is_harmless(void **state)
{
	struct result *r = on("<script>\"&|x", "6.1", 0);
	char *text;

	(void)state;
	text = print_page(&r, 1, "<b>\033[2J", "html");
	assert_null(strstr(text, "<script>"));
	assert_null(strstr(text, "<b>"));
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "&lt;script&gt;&quot;&amp;|x"));
	free(text);
	text = print_page(&r, 1, NULL, "md");
	assert_non_null(strstr(text, "&lt;script>\"&amp;\\|x"));
	free(text);
	result__free(r);
}

static void put_held(struct result *r, const char *engine, uint64_t held_p50_ns)
{
	put(r, "overwrite", engine, 0, 0);
	r->cells[r->nr_cells - 1].f.held_p50_ns = held_p50_ns;
}

/* Each sixth of the width is ten times as long. */
static void a_page_has_bars_of_engines(void **state)
{
	struct result *r = result__new();
	char *text;

	(void)state;
	assert_non_null(r);
	snprintf(r->label, sizeof(r->label), "ext4");
	snprintf(r->kernel, sizeof(r->kernel), "6.1");
	put_held(r, "aio", 1000000);
	put_held(r, "uring", 10000);
	put_held(r, "threads", 50);
	put_held(r, "`<b>\033\xc3\xa4", 2000000000);
	text = print_page(&r, 1, NULL, "md");
	assert_non_null(strstr(text,
			       "overwrite\n\n```\n"
			       "aio          ############################ 1ms\n"
			       "uring        ############## 10us\n"
			       "threads      50ns\n"
			       "'<b> \xc3\xa4       ##########################################"
			       " 2s\n```\n"));
	free(text);
	text = print_page(&r, 1, NULL, "html");
	assert_non_null(strstr(text, "<span class=\"bar async\" style=\"width:66.7%\"></span></td>"
				     "<td>1ms</td>"));
	assert_null(strstr(text, "<b>"));
	free(text);
	result__free(r);
}

/* An introduction may be as long as it likes, and have characters of several bytes. */
static void a_page_says_all_of_a_long_text(void **state)
{
	static const char *const forms[] = {"md", "html"};
	struct result *r = on("ext4", "6.1", 0);
	char intro[6001];

	(void)state;
	for (size_t i = 0; i + 2 <= 5994; i += 2)
		memcpy(intro + i, "\xc3\xa4", 2);
	memcpy(intro + 5994, " the.e", 7);
	for (size_t f = 0; f < 2; f++) {
		char *text = print_page(&r, 1, intro, forms[f]);

		assert_non_null(strstr(text, intro));
		free(text);
	}
	result__free(r);
}

static void versions_are_compared_by_number(void **state)
{
	(void)state;
	assert_true(changes__compare("5.10.262-1", "6.1.192-1") < 0);
	assert_true(changes__compare("6.12.117-1", "6.12.9-1") > 0);
	assert_true(changes__compare("6.12.117-1", "6.12.117-1 rt") < 0);
	assert_int_equal(changes__compare("7.3.4-1", "7.3.4-1"), 0);
	/* a change of a stable series is none of the later ones */
	assert_non_null(changes__explain("btrfs", "overwrite", "6.1.1", "6.12.117", VERDICT_ASYNC,
					 VERDICT_SYNCHRONOUS));
	assert_null(changes__explain("btrfs", "overwrite", "6.18", "7.3", VERDICT_BLOCKS,
				     VERDICT_ASYNC));
	assert_null(changes__explain("btrfs", "overwrite", "6.13", "6.14", VERDICT_ASYNC,
				     VERDICT_SYNCHRONOUS));
	assert_null(changes__explain("btrfs", "read", "6.1", "6.18", VERDICT_ASYNC,
				     VERDICT_SYNCHRONOUS));
	assert_null(changes__explain("xfs", "overwrite-nowait", "6.18", "7.3", VERDICT_REFUSES,
				     VERDICT_ASYNC));
	assert_non_null(changes__explain("xfs lazytime", "overwrite-nowait", "6.18", "7.3",
					 VERDICT_REFUSES, VERDICT_ASYNC));
}

static void a_diff_has_what_changed(void **state)
{
	struct result *old = on("ext4", "6.1", 0), *new = on("ext4", "7.3", N);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_int_equal(result_diff__print(old, new, out, NULL), 0);
	fclose(out);
	assert_non_null(strstr(text, "async       -> synchronous"));
	assert_non_null(strstr(text, "1 of 2 verdicts changed\n"));
	assert_null(strstr(text, "\nread "));
	free(text);
	result__free(old);
	result__free(new);
}

static void a_plan_is_what_was_asked_for(void **state)
{
	char rows[] = "append,read-cold", engines[] = "uring,threads", tape[] = "tape",
	     apend[] = "apend";
	struct plan_opts o = {0};
	struct err e = {0};
	struct plan p;

	(void)state;
	assert_int_equal(plan__make(&p, &o, &e), 0);
	assert_string_equal(p.cells[0].engine, "aio");
	/* all standard rows on aio, four on the six others */
	assert_int_equal(p.nr, row__nr_standard() + 4 * 6);
	plan__free(&p);
	assert_int_equal(plan_opts__add_rows(&o, rows, &e), 0);
	assert_int_equal(plan_opts__add_engines(&o, engines, &e), 0);
	assert_int_equal(plan__make(&p, &o, &e), 0);
	for (size_t i = 0; i < p.nr; i++) {
		assert_string_equal(p.cells[i].engine, i < p.nr / 2 ? "uring" : "threads");
		assert_true(!strcmp(p.cells[i].row.kind->word, "append") ||
			    !strcmp(p.cells[i].row.kind->word, "read-cold"));
	}
	plan__free(&p);
	assert_int_equal(plan_opts__add_engines(&o, tape, &e), -EINVAL);
	assert_int_equal(plan_opts__add_rows(&o, apend, &e), -EINVAL);
	assert_non_null(strstr(e.hint, "append"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_has_a_name_of_its_own),
		cmocka_unit_test(a_pattern_means_rows),
		cmocka_unit_test(figures_have_a_word),
		cmocka_unit_test(a_gate_holds_for_what_is_as_bad),
		cmocka_unit_test(a_wrong_gate_is_refused),
		cmocka_unit_test(json_comes_back_as_it_was),
		cmocka_unit_test(damaged_json_is_refused),
		cmocka_unit_test(numbers_of_strangers_are_tamed),
		cmocka_unit_test(the_sentence_says_what_to_do),
		cmocka_unit_test(without_direct_io_it_is_not_fit),
		cmocka_unit_test(text_is_narrow_and_harmless),
		cmocka_unit_test(fast_is_not_synchronous),
		cmocka_unit_test(a_page_marks_what_changed),
		cmocka_unit_test(a_page_begins_with_all_places),
		cmocka_unit_test(a_page_says_since_when_it_can_be_run),
		cmocka_unit_test(a_page_has_rows_by_cause),
		cmocka_unit_test(a_page_is_harmless),
		cmocka_unit_test(a_page_has_bars_of_engines),
		cmocka_unit_test(a_page_says_all_of_a_long_text),
		cmocka_unit_test(versions_are_compared_by_number),
		cmocka_unit_test(a_diff_has_what_changed),
		cmocka_unit_test(a_plan_is_what_was_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
