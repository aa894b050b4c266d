// SPDX-License-Identifier: GPL-2.0
/* Whole comparisons of made-up recordings: verdicts, news, surroundings, gates, output. */
#include <errno.h>
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
#include "diff/gate.h"
#include "diff/print_diff.h"
#include "unit/made_load.h"

#define SECONDS 25
#define PAIRS 20

static const struct gate no_gate;

static struct sample *made(const struct load *l, uint64_t seed)
{
	struct sample *s = made_load(l, SECONDS, seed);

	assert_non_null(s);
	return s;
}

static struct diff *judged(const struct sample *old, const struct sample *new)
{
	struct diff *d = diff__new(old, new, DIFF_MARGIN, false);

	assert_non_null(d);
	assert_int_equal(diff__judge(&d, 1, DIFF_SIGNIFICANCE), 0);
	return d;
}

/* How many of PAIRS pairs show any difference, and in how many blocking grew by about factor. */
static void run_pairs(const struct load *a, const struct load *b, double factor, int *any,
		      int *right)
{
	*any = *right = 0;
	for (uint64_t i = 0; i < PAIRS; i++) {
		struct sample *old = made(a, 2 * i + 1), *new = made(b, 2 * i + 2);
		struct diff *d = judged(old, new);
		const struct diff_row *row = row_of(d, "", "blocked_per_1k");

		*any += d->nr_different > 0;
		*right += row->different && fabs(row->c.ratio / factor - 1) < 0.2;
		diff__free(d);
		sample__free(old);
		sample__free(new);
	}
}

static void test_identical_workloads(void **state)
{
	struct load clustered = usual, rare = usual;
	int any, right;

	(void)state;
	run_pairs(&usual, &usual, 1, &any, &right);
	assert_true(any <= PAIRS / 20);
	clustered.cluster = 10;
	run_pairs(&clustered, &clustered, 1, &any, &right);
	assert_true(any <= PAIRS / 20);
	rare.stalls = 0.003;
	rare.cluster = 3;
	run_pairs(&rare, &rare, 1, &any, &right);
	assert_true(any <= PAIRS / 20);
}

static void test_slower_and_faster_device(void **state)
{
	struct load slow = usual;
	int any, right;

	(void)state;
	slow.sleep_ns *= 1.5;
	run_pairs(&usual, &slow, 1.5, &any, &right);
	assert_true(right >= PAIRS - PAIRS / 20);
	run_pairs(&slow, &usual, 1 / 1.5, &any, &right);
	assert_true(right >= PAIRS - PAIRS / 20);
}

/*
 * A quarter of a minute in which everything wavers by a quarter: a device half as fast is seen in
 * most pairs, and the same device is hardly ever taken for another one.
 */
static void test_power_on_a_busy_machine(void **state)
{
	struct load busy = usual, slow;
	int any = 0, found = 0;

	(void)state;
	busy.drift = 0.25;
	slow = busy;
	slow.sleep_ns *= 2;
	for (uint64_t i = 0; i < 2 * PAIRS; i++) {
		struct sample *s[] = {made_load(&busy, 16, 3 * i + 1),
				      made_load(&busy, 16, 3 * i + 2),
				      made_load(&slow, 16, 3 * i + 3)};
		struct diff *same = judged(s[0], s[1]), *d = judged(s[0], s[2]);

		any += same->nr_different > 0;
		found += row_of(d, "", "blocked_per_1k")->different;
		diff__free(same);
		diff__free(d);
		for (size_t k = 0; k < ARRAY_SIZE(s); k++)
			sample__free(s[k]);
	}
	assert_true(any <= 2 * PAIRS / 20);
	assert_true(found >= 2 * PAIRS * 3 / 4);
}

/* The same stalls, by chance in twice as many submits: nothing is compared by raw totals. */
static void test_normalised_by_submits(void **state)
{
	struct load busy = usual;
	struct sample *old = made(&usual, 1), *new;
	struct diff *d;
	const struct diff_row *row;

	(void)state;
	busy.submits *= 2;
	new = made(&busy, 2);
	d = judged(old, new);
	row = row_of(d, "", "stalls_per_1k");
	assert_false(row->different);
	assert_true(fabs(row->new - 300) < 30);
	assert_true(fabs(row_of(d, "", "ctxsw_per_io")->new - 0.3 / 8) < 0.004);
	diff__free(d);
	sample__free(old);
	sample__free(new);
}

static void test_appeared_and_vanished(void **state)
{
	struct load more = usual;
	struct sample *old = made(&usual, 1), *new = made(&usual, 2);
	struct random r = {9};
	struct diff *d;
	const struct diff_group *g;

	(void)state;
	more.submits = 50;
	more.cause.id = "btrfs.dio_fallback";
	add_load(new, &more, &r);
	d = judged(old, new);
	/* news come before the causes that both have */
	g = &d->groups[2];
	assert_string_equal(g->cause, "btrfs.dio_fallback");
	assert_true(g->appeared && !g->vanished);
	assert_true(isinf(group__row(g, measure__find("stalls_per_1k"))->c.ratio));
	assert_true(group__row(g, measure__find("blocked_per_1k"))->different);
	assert_false(d->groups[3].appeared);
	diff__free(d);
	d = judged(new, old);
	assert_true(d->groups[2].vanished && !d->groups[2].appeared);
	diff__free(d);
	sample__free(old);
	sample__free(new);
}

/* Two stalls of a new cause are no news. */
static void test_hardly_appeared(void **state)
{
	struct sample *old = made(&usual, 1), *new = made(&usual, 2);
	const struct load rare = {.cause = {.id = "xfs.ilock"}, .fs = &made_ext4};
	const struct fs_counts two = {.c = {.sleeps = 2, .blocked_ns = 2, .max_sleep_ns = 1}};
	struct ledger *l = ledger__new(NULL);
	struct diff *d;

	(void)state;
	ledger__take_slices(l, 0, NULL, NULL);
	assert_true(feed_second(l, &rare, &two));
	series__take(new->series, l);
	ledger__free(l);
	d = judged(old, new);
	assert_string_equal(d->groups[2].cause, "xfs.ilock");
	assert_int_equal(d->groups[2].presence, PRESENT_NEW);
	assert_false(d->groups[2].appeared);
	diff__free(d);
	sample__free(old);
	sample__free(new);
}

/* A slice whose sleeps are shorter than those before tells no maximum of its filesystem. */
static void test_maximum_of_some_slices(void **state)
{
	const struct load slow = {.cause = {.id = "ext4.dio_sync"}, .fs = &made_ext4};
	const uint64_t ns = 15 * NSEC_PER_MSEC;
	struct fs_counts all = {
		.c = {.submits = 3, .requests = 3, .sleeps = 3, .blocked_ns = 3 * ns}};
	const struct ev_stall like = {.fs = &made_ext4};
	const struct sleep_sum sum = {.sleeps = 3, .blocked_ns = 3 * ns, .max_ns = ns};
	struct sample *s = sample__new("made.db", 1, 0);
	struct ledger *l = ledger__new(NULL);
	struct ledger_row *row;

	(void)state;
	hist__add(&all.sleep, ns, 3);
	ledger__take_slices(l, 0, NULL, NULL);
	assert_int_equal(ledger__add_counts(l, NULL, &all), 0);
	assert_int_equal(ledger__add_counts(l, &made_ext4, &all), 0);
	row = ledger__row(l, &like, &slow.cause);
	assert_non_null(row);
	ledger__add_sum(l, row, &sum, &all.sleep);
	series__take(s->series, l);
	ledger__free(l);
	series__finish(s->series);
	assert_int_equal(s->series->nr_rows, 3);
	for (size_t i = 0; i < s->series->nr_rows; i++) {
		const struct series_row *r = s->series->rows[i];

		assert_int_equal(r->sum.c.max_sleep_ns, ns);
		assert_true(hist__quantile(&r->sum.sleep, 0.5, r->sum.c.max_sleep_ns) > 0);
	}
	sample__free(s);
}

static void test_filesystems_are_paired(void **state)
{
	static const struct fs_info other_mount = {
		.fstype = "ext4", .device_name = "loop7", .mount = "/elsewhere"};
	static const struct fs_info xfs = {.fstype = "xfs", .device_name = "sda", .mount = "/x"};
	struct load moved = usual, added = usual;
	struct sample *old = made(&usual, 1), *new;
	struct random r = {4};
	struct diff *d;

	(void)state;
	moved.fs = &other_mount;
	added.fs = &xfs;
	new = made(&moved, 2);
	add_load(new, &added, &r);
	d = judged(old, new);
	assert_int_equal(d->nr_groups, 5);
	assert_string_equal(d->groups[1].old->mount, "/data");
	assert_string_equal(d->groups[1].new->mount, "/elsewhere");
	assert_int_equal(d->groups[2].presence, PRESENT_BOTH);
	assert_string_equal(d->groups[3].new->fstype, "xfs");
	assert_int_equal(d->groups[3].presence, PRESENT_NEW);
	diff__free(d);
	sample__free(old);
	sample__free(new);
}

static bool warned(const struct diff *d, const char *about)
{
	for (size_t i = 0; i < d->nr_warnings; i++)
		if (strstr(d->warnings[i].text, about))
			return true;
	return false;
}

static void test_workloads_that_cannot_be_compared(void **state)
{
	struct sample *old = made(&usual, 1), *new = made(&usual, 2);
	struct diff *d = judged(old, new);

	(void)state;
	assert_int_equal(d->nr_warnings, 0);
	diff__free(d);
	for (size_t i = 0; i < new->series->nr_rows; i++) {
		new->series->rows[i]->sum.c.ops[0] = new->series->rows[i]->sum.c.ops[1] / 2;
		new->series->rows[i]->sum.c.bytes *= 4;
		new->series->rows[i]->sum.c.submits /= 2;
	}
	new->series->any_loss = true;
	d = judged(old, new);
	assert_true(warned(d, "mix of operations"));
	assert_true(warned(d, "another size, 4.0k was the mean and 16.0k is"));
	assert_true(warned(d, "queue depth, 8.0 requests to a submit were and 16.0 are"));
	assert_true(warned(d, "lost"));
	diff__free(d);
	sample__free(old);
	sample__free(new);
}

static void test_surroundings(void **state)
{
	struct sample *old = made(&usual, 1), *new = made(&usual, 2);
	struct diff *d;

	(void)state;
	free(new->series->rows[1]->options);
	new->series->rows[1]->options = strdup("rw,data=journal");
	sample__add_fact(old, "kernel", "", "6.1.0");
	sample__add_fact(new, "kernel", "", "6.12.1");
	sample__add_fact(old, "scheduler", "loop0", "none");
	sample__add_fact(new, "scheduler", "loop0", "none");
	sample__add_fact(new, "sysctl", "fs.aio-max-nr", "65536");
	d = judged(old, new);
	assert_int_equal(d->nr_facts, 3);
	assert_string_equal(d->facts[0].what, "mount options");
	assert_string_equal(d->facts[0].of, "/data");
	assert_string_equal(d->facts[0].new, "rw,data=journal");
	assert_string_equal(d->facts[1].what, "kernel");
	assert_string_equal(d->facts[1].old, "6.1.0");
	assert_string_equal(d->facts[1].new, "6.12.1");
	assert_string_equal(d->facts[2].old, "");
	diff__free(d);
	sample__free(old);
	sample__free(new);
}

/* Compiler suffixes and offsets differ between kernels that do the same. */
static void test_stacks_by_normalised_frames(void **state)
{
	static const char *const a[] = {"io_schedule", "blk_mq_get_tag.isra.0", "submit_bio"};
	static const char *const b[] = {"io_schedule+0x46/0x70", "blk_mq_get_tag", "submit_bio"};
	static const char *const c[] = {"io_schedule", "wait_on_page_bit"};
	struct sample *old = made(&usual, 1), *new = made(&usual, 2);
	struct diff *d;

	(void)state;
	sample__add_stack(old, "blk.tag", a, 3,
			  &(struct sleep_sum){.sleeps = 10, .blocked_ns = 1000000});
	sample__add_stack(new, "blk.tag", b, 3,
			  &(struct sleep_sum){.sleeps = 12, .blocked_ns = 1000000});
	sample__add_stack(new, "blk.tag", c, 2,
			  &(struct sleep_sum){.sleeps = 12, .blocked_ns = 3000000});
	d = judged(old, new);
	assert_int_equal(d->nr_stacks, 2);
	assert_null(d->stacks[0].old);
	assert_string_equal(d->stacks[0].new->frames[1], "wait_on_page_bit");
	assert_true(fabs(d->stacks[0].new_share - 0.75) < 1e-9);
	assert_non_null(d->stacks[1].old);
	assert_non_null(d->stacks[1].new);
	diff__free(d);
	sample__free(old);
	sample__free(new);
}

static bool trips(const struct diff *d, const char *expr)
{
	struct gate g = {0};
	struct err e = {0};
	char where[160];

	assert_int_equal(gate__parse(&g, expr, &e), 0);
	for (size_t i = 0; i < g.nr; i++)
		if (gate__tripped(&g, i, d, where, sizeof(where)))
			return true;
	return false;
}

static void test_gates(void **state)
{
	struct load slow = usual;
	struct sample *old = made(&usual, 1), *new;
	struct diff *d, *same;

	(void)state;
	slow.sleep_ns *= 1.5;
	new = made(&slow, 2);
	d = judged(old, new);
	same = judged(old, old);
	assert_true(trips(d, "blocked_per_1k>+20%"));
	assert_true(trips(d, " ext4 : blocked_per_1k > +20% "));
	assert_true(trips(d, "blk.tag:blocked_per_1k>=+20%"));
	assert_false(trips(d, "blocked_per_1k>+90%"));
	assert_false(trips(d, "xfs:blocked_per_1k>+20%"));
	assert_false(trips(d, "blocked_per_1k<-20%"));
	assert_true(trips(d, "stalls_per_1k<-99%,blocked_per_1k>+20%"));
	assert_true(trips(d, "stalls_per_1k>200"));
	assert_false(trips(d, "stalls_per_1k>400"));
	assert_true(trips(d, "sleep_p50>500us"));
	assert_false(trips(d, "sleep_p50>5ms"));
	assert_false(trips(d, "appeared"));
	/* a change that is none by the tests trips nothing, however low the bar */
	assert_false(trips(same, "blocked_per_1k>=+0%"));
	diff__free(d);
	diff__free(same);
	sample__free(old);
	sample__free(new);
}

static void test_gates_of_news(void **state)
{
	struct load none = usual;
	struct sample *old, *new = made(&usual, 2);
	struct diff *d;

	(void)state;
	none.stalls = 0;
	old = made(&none, 1);
	for (size_t i = 0; i < old->series->nr_rows; i++)
		if (*old->series->rows[i]->cause)
			*old->series->rows[i]->cause = 'x';
	d = judged(old, new);
	assert_true(trips(d, "appeared"));
	assert_true(trips(d, "blk.tag:appeared"));
	assert_true(trips(d, "ext4:appeared"));
	assert_false(trips(d, "xfs.ilock:appeared"));
	/* from nothing to something is more than any percentage */
	assert_true(trips(d, "blocked_per_1k>+20%"));
	diff__free(d);
	sample__free(old);
	sample__free(new);
}

static void test_gates_that_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		",",
		"blocked_per_1k",
		"blocked_per_1k>",
		"blocked_per_1k>20%",
		"blocked_per_1k>+%",
		"blocked_per_1k>5",
		"blocked_per_1k>+0x10%",
		"nothing>+5%",
		"stalls_per_1k>5ms",
		":appeared",
		"stalls_per_1k<-101%",
		"stalls_per_1k>inf",
		"stalls_per_1k>+1.2.3%",
		"appeared,",
		"stalls_per_1k=+5%",
		"stalls_per_1k>%",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct gate g = {0};
		struct err e = {0};

		assert_int_equal(gate__parse(&g, bad[i], &e), -EINVAL);
		assert_non_null(strstr(e.text, "--fail-on"));
		assert_true(*e.hint);
	}
}

static char *printed(diff_print_fn print, const struct diff *d, const struct gate *g)
{
	const struct diff_output o = {&d, 1, g, DIFF_SIGNIFICANCE};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(print(out, &o, NULL), 0);
	fclose(out);
	return text;
}

static void test_text(void **state)
{
	struct load slow = usual;
	struct sample *old = made(&usual, 1), *new;
	struct gate g = {0};
	struct diff *d;
	char *text;

	(void)state;
	slow.sleep_ns *= 1.5;
	new = made(&slow, 2);
	sample__add_fact(old, "kernel", "", "6.1\033[31m");
	d = judged(old, new);
	assert_int_equal(gate__parse(&g, "blocked_per_1k>+20%", NULL), 0);
	text = printed(diff_text__print, d, &g);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		assert_true(strlen(line) <= 80);
		assert_null(strchr(line, '\033'));
		assert_true(line[strlen(line) - 1] != ' ');
	}
	free(text);
	text = printed(diff_text__print, d, &g);
	assert_non_null(strstr(text, "* blocked per 1000 submits"));
	assert_non_null(strstr(text, "  stalls per 1000 submits"));
	assert_non_null(strstr(text, "FAILED: blocked_per_1k>+20% on all filesystems"));
	assert_true(strstr(text, "kernel: 6.1") < strstr(text, "stalls per 1000"));
	free(text);
	diff__free(d);
	sample__free(old);
	sample__free(new);
}

static void test_json(void **state)
{
	struct load none = usual;
	struct sample *old, *new = made(&usual, 2);
	json_t *root, *diff, *group, *row;
	struct diff *d;
	char *text;

	(void)state;
	none.stalls = 0;
	old = made(&none, 1);
	d = judged(old, new);
	text = printed(diff_json__print, d, &no_gate);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "schema")), "aiostall-diff/1");
	diff = json_array_get(json_object_get(root, "diffs"), 0);
	group = json_array_get(json_object_get(diff, "groups"), 1);
	assert_string_equal(json_string_value(json_object_get(group, "fstype")), "ext4");
	row = json_array_get(json_object_get(group, "measures"), 0);
	assert_string_equal(json_string_value(json_object_get(row, "measure")), "stalls_per_1k");
	/* nothing to divide by: JSON has no infinity */
	assert_true(json_is_null(json_object_get(row, "ratio")));
	assert_true(json_is_true(json_object_get(row, "different")));
	assert_true(json_number_value(json_object_get(row, "p_family")) < 0.05);
	json_decref(root);
	free(text);
	diff__free(d);
	sample__free(old);
	sample__free(new);
}

/* More than a recording may hold is left out and said, not taken. */
static void test_bounds(void **state)
{
	struct sample *s = sample__new("x", UINT64_MAX, 0);
	const struct fs_counts one = {.c = {.sleeps = 1}};
	struct ledger *l = ledger__new(NULL);
	static char name[2 * SERIES_ROWS_MAX][32];
	static struct load of[2 * SERIES_ROWS_MAX];

	(void)state;
	assert_non_null(s);
	assert_true(s->series->nr_slices <= SERIES_SLICES_MAX);
	ledger__take_slices(l, 0, NULL, NULL);
	for (int i = 0; i < 2 * SERIES_ROWS_MAX; i++) {
		snprintf(name[i], sizeof(name[i]), "cause%d", i);
		of[i] = (struct load){.cause = {.id = name[i]}, .fs = &made_ext4};
		assert_true(feed_second(l, &of[i], &one));
	}
	s->series->seen = UINT64_MAX;
	series__take(s->series, l);
	assert_true(s->series->rows[0]->column[SERIES_SLEEPS][s->series->nr_slices - 1] > 0);
	assert_int_equal(s->series->nr_rows, SERIES_ROWS_MAX);
	assert_true(s->series->left_out);
	ledger__free(l);
	for (int i = 0; i < SAMPLE_FACTS_MAX + 5; i++)
		sample__add_fact(s, "a", "b", "c");
	assert_int_equal(s->nr_facts, SAMPLE_FACTS_MAX);
	sample__free(s);
	s = sample__new("x", 0, 0);
	assert_int_equal(s->series->nr_slices, 1);
	sample__free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identical_workloads),
		cmocka_unit_test(test_slower_and_faster_device),
		cmocka_unit_test(test_power_on_a_busy_machine),
		cmocka_unit_test(test_normalised_by_submits),
		cmocka_unit_test(test_appeared_and_vanished),
		cmocka_unit_test(test_hardly_appeared),
		cmocka_unit_test(test_maximum_of_some_slices),
		cmocka_unit_test(test_filesystems_are_paired),
		cmocka_unit_test(test_workloads_that_cannot_be_compared),
		cmocka_unit_test(test_surroundings),
		cmocka_unit_test(test_stacks_by_normalised_frames),
		cmocka_unit_test(test_gates),
		cmocka_unit_test(test_gates_of_news),
		cmocka_unit_test(test_gates_that_are_refused),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
