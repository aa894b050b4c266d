// SPDX-License-Identifier: GPL-2.0
/* A capture in steps: its report at any time is the one that ending there would give. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cause/causes.h"
#include "model/capture.h"
#include "replay/source_text.h"
#include "report/formats.h"

static const char fixture[] = "tests/replay/mixed.fix";

struct run {
	FILE *in;
	struct causes *causes;
	struct ledger *ledger;
	struct capture *capture;
	struct err e;
};

static void run__open(struct run *r, struct source *source)
{
	struct ledger_opts opts = {.slow_threshold_ns = NSEC_PER_MSEC};
	char why[256];

	r->causes = causes__new(NULL, why, sizeof(why));
	opts.causes = r->causes;
	r->ledger = ledger__new(&opts);
	assert_non_null(r->ledger);
	r->capture = capture__new(source, r->ledger);
	assert_non_null(r->capture);
}

/* The first so many lines of the fixture. */
static void run__open_text(struct run *r, size_t lines)
{
	FILE *all = fopen(fixture, "r");
	char *line = NULL;
	size_t size = 0;

	*r = (struct run){.in = tmpfile()};
	assert_non_null(all);
	assert_non_null(r->in);
	while (lines-- && getline(&line, &size, all) > 0)
		fputs(line, r->in);
	free(line);
	fclose(all);
	rewind(r->in);
	run__open(r, source_text__new(r->in, &r->e));
}

static void run__close(struct run *r)
{
	capture__free(r->capture);
	ledger__free(r->ledger);
	causes__free(r->causes);
	if (r->in)
		fclose(r->in);
}

static char *report_of(struct run *r)
{
	const struct report *report = capture__report(r->capture, NULL, &r->e);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(report);
	assert_int_equal(json__print(out, report, &(struct format_opts){.width = 80}), 0);
	fclose(out);
	return text;
}

static char *final_report(size_t lines)
{
	struct run r;
	char *text;

	run__open_text(&r, lines);
	assert_int_equal(capture__stop(r.capture), 0);
	text = report_of(&r);
	run__close(&r);
	return text;
}

static void test_report_at_any_time(void **state)
{
	size_t lines = 0;
	char *now, *end;
	struct run r;

	(void)state;
	run__open_text(&r, SIZE_MAX);
	for (int rc = 0; !rc; lines++) {
		rc = capture__step(r.capture, 0, NULL, 0);
		assert_in_range(rc, 0, 1);
		if (lines % 4)
			continue;
		free(report_of(&r));
		now = report_of(&r);
		end = final_report(lines + 1);
		assert_string_equal(now, end);
		free(now);
		free(end);
	}
	assert_true(lines > 30);
	assert_int_equal(capture__stop(r.capture), 0);
	now = report_of(&r);
	end = final_report(SIZE_MAX);
	assert_string_equal(now, end);
	free(now);
	free(end);
	run__close(&r);
}

/* ---- a source that tells of what goes on: two sleepers, of which one ends at the third look ---- */

struct fake {
	struct source source;
	int looks;
	uint64_t submits;
	struct capture_info info;
	struct fs_info fs;
	int polled_with_ms, cuts;
};

static void tell_asleep(struct source *src, const struct sink *to)
{
	struct fake *f = (struct fake *)src;
	struct ev_unfinished ev = {.fs = &f->fs,
				   .age_ns = 5,
				   .who = {.pid = 7, .tid = 7, .comm = "a", .cgroup = ""},
				   .req = {.path = ""}};

	to->unfinished(to->ctx, &ev);
	ev.who.tid = 8;
	if (f->looks < 3)
		to->unfinished(to->ctx, &ev);
}

static int fake_poll(struct source *src, const struct sink *to, int timeout_ms)
{
	(void)to;
	((struct fake *)src)->polled_with_ms = timeout_ms;
	return 0;
}

static int fake_counters(struct source *src, const struct sink *to)
{
	struct fake *f = (struct fake *)src;
	struct fs_counts counts = {.c = {.submits = f->submits}};

	to->totals(to->ctx, &counts);
	return 0;
}

/* Where one moment is to be had, a window takes it. */
static int fake_cut(struct source *src, const struct sink *to)
{
	((struct fake *)src)->cuts++;
	return fake_counters(src, to);
}

static int fake_now(struct source *src, const struct sink *to)
{
	struct ev_sample sample = {.fs = &((struct fake *)src)->fs, .count = 3};

	((struct fake *)src)->looks++;
	tell_asleep(src, to);
	to->sample(to->ctx, &sample);
	return fake_counters(src, to);
}

static int fake_patience(struct source *src)
{
	(void)src;
	return 40;
}

static const struct capture_info *fake_capture(struct source *src)
{
	return &((struct fake *)src)->info;
}

static void fake_free(struct source *src)
{
	(void)src;
}

static const struct source_ops fake_ops = {
	.poll = fake_poll,
	.counters = fake_counters,
	.cut = fake_cut,
	.finish = fake_now,
	.now = fake_now,
	.asleep = tell_asleep,
	.patience_ms = fake_patience,
	.capture = fake_capture,
	.free = fake_free,
};

static struct fake fake = {
	.source = {&fake_ops},
	.info = {.command = "", .filters = ""},
	.fs = {.fstype = "ext4", .device_name = "", .mount = "/", .mount_options = ""},
};

static void count(void *ctx, const struct ev_unfinished *ev)
{
	(void)ev;
	++*(int *)ctx;
}

static void test_present_is_not_added_up(void **state)
{
	struct run r = {0};
	int asleep = 0;
	const struct sink counting = {.ctx = &asleep, .unfinished = count};

	(void)state;
	run__open(&r, &fake.source);
	for (int look = 1; look <= 4; look++) {
		const struct report *report;

		if (look == 4)
			assert_int_equal(capture__stop(r.capture), 0);
		report = capture__report(r.capture, NULL, &r.e);
		assert_non_null(report);
		assert_int_equal(report->nr_unfinished, look < 3 ? 2 : 1);
		assert_int_equal(report->samples_total, 3);
		assert_int_equal(report->nr_samples, 1);
	}
	/* the final report stays what it is */
	assert_int_equal(capture__report(r.capture, NULL, &r.e)->nr_unfinished, 1);
	assert_int_equal(fake.looks, 4);
	assert_int_equal(capture__asleep(r.capture, &counting), 0);
	assert_int_equal(asleep, 1);
	run__close(&r);
}

static void test_windows(void **state)
{
	struct run r = {0};
	uint64_t since_ns;

	(void)state;
	run__open(&r, &fake.source);
	assert_int_equal(capture__marked(r.capture, &since_ns)->c.submits, 0);
	assert_int_equal(since_ns, 0);
	fake.submits = 11;
	assert_int_equal(capture__mark(r.capture, 1000), 0);
	assert_int_equal(fake.cuts, 1);
	fake.submits = 18;
	assert_int_equal(capture__counters(r.capture), 0);
	assert_int_equal(fake.cuts, 1);
	assert_int_equal(capture__marked(r.capture, &since_ns)->c.submits, 11);
	assert_int_equal(since_ns, 1000);
	assert_int_equal(ledger__totals(r.ledger)->c.submits, 18);
	run__close(&r);
}

static void test_extra_descriptors(void **state)
{
	struct run r = {0};
	struct pollfd extra = {.events = POLLIN};
	int fds[2];
	uint64_t start_ns;

	(void)state;
	run__open(&r, &fake.source);
	assert_int_equal(pipe(fds), 0);
	extra.fd = fds[0];
	start_ns = clock__mono_ns();
	/* not ready: no longer than the source wants to wait, though more was allowed */
	assert_int_equal(capture__step(r.capture, 60000, &extra, 1), 0);
	assert_in_range(clock__mono_ns() - start_ns, 30 * NSEC_PER_MSEC, 30 * NSEC_PER_SEC);
	assert_int_equal(extra.revents, 0);
	assert_int_equal(fake.polled_with_ms, 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(capture__step(r.capture, 60000, &extra, 1), 0);
	assert_int_equal(extra.revents, POLLIN);
	/* without any the source waits by itself */
	assert_int_equal(capture__step(r.capture, 17, NULL, 0), 0);
	assert_int_equal(fake.polled_with_ms, 17);
	close(fds[0]);
	close(fds[1]);
	run__close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_report_at_any_time),
		cmocka_unit_test(test_present_is_not_added_up),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_extra_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
