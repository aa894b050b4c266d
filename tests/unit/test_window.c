// SPDX-License-Identifier: GPL-2.0
/* What a server keeps of a ledger for months: the last minutes, and who sleeps most. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/brief.h"
#include "model/labels.h"
#include "model/most.h"
#include "model/series.h"
#include "model/state.h"
#include "model/window.h"
#include "tests/resident.h"

#define MINUTE (60 * NSEC_PER_SEC)

static const struct fs_info data = {8, 1, "xfs", "sda1", "/data", "rw", API_AIO, 0, 0};
static const struct fs_info log_fs = {8, 2, "ext4", "sdb1", "/log", "rw", API_AIO, 0, 0};

struct months {
	struct ledger *ledger;
	struct window *window;
	struct labels *labels;
	const struct sink *to;
	struct fs_counts counts;
	struct capture_info capture;
	uint64_t now_ns;
};

static void months__open(struct months *m, size_t labels)
{
	const struct ledger_opts opts = {.slow_threshold_ns = NSEC_PER_MSEC, .max_keys = 500};

	*m = (struct months){.now_ns = 1000 * MINUTE};
	m->capture.started_unix_ns = 1767225600 * (int64_t)NSEC_PER_SEC;
	m->capture.started_mono_ns = m->now_ns;
	m->ledger = ledger__new(&opts);
	assert_non_null(m->ledger);
	m->window = window__new(m->ledger, &opts, 10 * MINUTE, m->now_ns);
	assert_non_null(m->window);
	m->labels = labels ? labels__new(LABEL_COMM, labels) : NULL;
	m->to = window__sink(m->window);
}

static void months__close(struct months *m)
{
	labels__free(m->labels);
	window__free(m->window);
	ledger__free(m->ledger);
}

static void stall_in(struct months *m, const struct fs_info *fs, enum plane plane, const char *comm,
		     uint64_t ns)
{
	const char *frames[] = {"io_schedule", "blk_mq_get_tag", "aio_write"};
	const struct stack stack = {1, ARRAY_SIZE(frames), frames};
	const struct ev_stall ev = {
		.blocked_ns = ns,
		.end_ns = m->now_ns,
		.who = {.pid = 7, .tid = 7, .comm = comm, .cgroup = "/"},
		.fs = fs,
		.plane = plane,
		.req = {.how = HOW_EXACT, .nr = 1, .opcode = 1, .path = "/data/f"},
		.waker_kind = WAKER_IRQ,
		.stack = &stack,
	};

	m->to->stall(m->to->ctx, &ev);
}

static void stall(struct months *m, const struct fs_info *fs, const char *comm, uint64_t ns)
{
	stall_in(m, fs, PLANE_SUBMIT, comm, ns);
}

/* One call that slept so long, in counters too. */
static void call(struct months *m, const char *comm, uint64_t ns)
{
	stall(m, &data, comm, ns);
	m->counts.c.submits++;
	m->counts.c.requests++;
	m->counts.c.submits_blocked++;
	m->counts.c.sleeps++;
	m->counts.c.blocked_ns += ns;
	hist__add(&m->counts.sleep, ns, 1);
	if (ns > m->counts.c.max_sleep_ns)
		m->counts.c.max_sleep_ns = ns;
}

static void tell(struct months *m)
{
	m->to->fs_counts(m->to->ctx, &data, &m->counts);
	m->to->totals(m->to->ctx, &m->counts);
}

static void take(struct months *m, uint64_t later_ns)
{
	tell(m);
	m->now_ns += later_ns;
	m->capture.duration_ns += later_ns;
	if (m->labels)
		labels__take(m->labels, m->ledger, m->now_ns);
	if (window__is_due(m->window, m->now_ns))
		window__turn(m->window, &m->capture, m->now_ns);
	else
		window__take(m->window, m->now_ns);
}

static const struct report *report_of(struct months *m)
{
	const struct report *r = window__report(m->window, NULL, &m->capture);

	assert_non_null(r);
	return r;
}

static void test_all_while_it_is_short(void **state)
{
	const struct report *r;
	struct months m;

	(void)state;
	months__open(&m, 0);
	call(&m, "db", 3 * NSEC_PER_MSEC);
	take(&m, MINUTE);
	call(&m, "db", 2 * NSEC_PER_MSEC);
	take(&m, MINUTE);
	r = report_of(&m);
	assert_int_equal(r->nr_fs, 1);
	assert_int_equal(r->totals.sleeps, 2);
	assert_int_equal(r->fs[0].c.sleeps, 2);
	assert_int_equal(r->fs[0].c.submits, 2);
	assert_int_equal(r->fs[0].nr_causes, 1);
	assert_int_equal(r->fs[0].causes[0].max_ns, 3 * NSEC_PER_MSEC);
	assert_string_equal(r->fs[0].causes[0].worst_comm, "db");
	assert_int_equal(r->capture->duration_ns, 2 * MINUTE);
	assert_false(r->any_loss);
	months__close(&m);
}

/* An hour in which the first minute was the worst: nothing of it is in the last ones. */
static void test_what_is_old_is_not_in_it(void **state)
{
	const struct report *r;
	struct months m;

	(void)state;
	months__open(&m, 0);
	call(&m, "old", NSEC_PER_SEC);
	for (int minute = 0; minute < 60; minute++) {
		call(&m, "db", 2 * NSEC_PER_MSEC);
		take(&m, MINUTE);
	}
	r = report_of(&m);
	assert_in_range(r->capture->duration_ns, 5 * MINUTE, 10 * MINUTE);
	assert_int_equal(r->capture->started_mono_ns + r->capture->duration_ns, m.now_ns);
	assert_int_equal(r->capture->started_unix_ns, m.capture.started_unix_ns +
							      60 * (int64_t)MINUTE -
							      (int64_t)r->capture->duration_ns);
	assert_int_equal(r->fs[0].c.sleeps, r->capture->duration_ns / MINUTE);
	assert_int_equal(r->totals.sleeps, r->fs[0].c.sleeps);
	/* the longest of these minutes, though the counters have had a longer one */
	assert_int_equal(r->fs[0].sleep.max, 2 * NSEC_PER_MSEC);
	assert_in_range(r->fs[0].sleep.p50, NSEC_PER_MSEC, 2 * NSEC_PER_MSEC);
	assert_string_equal(r->fs[0].causes[0].worst_comm, "db");
	/* and all is still in that of all */
	r = ledger__report(m.ledger, NULL, &m.capture);
	assert_int_equal(r->totals.sleeps, 61);
	assert_int_equal(r->fs[0].sleep.max, NSEC_PER_SEC);
	months__close(&m);
}

static void test_who_submitted_and_failed(void **state)
{
	struct ev_process who = {.pid = 7, .comm = "db", .cgroup = "/db.service"};
	struct ev_failed failed = {.pid = 7, .err = 11};
	const struct report *r;
	struct months m;

	(void)state;
	months__open(&m, 0);
	for (int minute = 0; minute < 30; minute++) {
		m.counts.c.submits += 100;
		m.counts.c.submit_errors++;
		who.submits += 100;
		failed.calls++;
		ledger__forget_asleep(m.ledger);
		m.to->process(m.to->ctx, &who);
		m.to->failed(m.to->ctx, &failed);
		take(&m, MINUTE);
	}
	r = report_of(&m);
	assert_int_equal(r->nr_processes, 1);
	assert_int_equal(r->processes[0].submits, r->totals.submits);
	assert_int_equal(r->processes[0].submits, 100 * (r->capture->duration_ns / MINUTE));
	assert_int_equal(r->nr_failures, 1);
	assert_int_equal(r->failures[0].err, 11);
	assert_int_equal(r->failures[0].calls, r->totals.submit_errors);
	months__close(&m);
}

/* Who sleeps is who sleeps now, and a filesystem on which nothing happens has no row. */
static void test_what_is_of_now(void **state)
{
	const struct ev_unfinished ev = {.fs = &data,
					 .age_ns = 20 * MINUTE,
					 .who = {.pid = 7, .tid = 8, .comm = "db", .cgroup = ""},
					 .req = {.path = "/data/f"}};
	const struct ev_submit slow = {
		.wall_ns = NSEC_PER_SEC, .nr = 3, .fs = &data, .who = {.comm = "db", .cgroup = ""}};
	const struct report *r;
	struct months m;

	(void)state;
	months__open(&m, 0);
	m.to->submit(m.to->ctx, &slow);
	stall(&m, &log_fs, "log", NSEC_PER_MSEC);
	for (int minute = 0; minute < 20; minute++) {
		ledger__forget_asleep(m.ledger);
		m.to->unfinished(m.to->ctx, &ev);
		m.to->fs_counts(m.to->ctx, &log_fs, &m.counts);
		take(&m, MINUTE);
	}
	r = report_of(&m);
	assert_int_equal(r->nr_unfinished, 1);
	assert_int_equal(r->nr_slow, 0);
	for (size_t i = 0; i < r->nr_fs; i++)
		assert_string_not_equal(r->fs[i].fs->fstype, "ext4");
	m.to->submit(m.to->ctx, &slow);
	ledger__forget_asleep(m.ledger);
	take(&m, MINUTE);
	r = report_of(&m);
	assert_int_equal(r->nr_unfinished, 0);
	assert_int_equal(r->nr_slow, 1);
	months__close(&m);
}

/* ---- a time line whose length nobody knows ---- */

static void test_a_series_grows(void **state)
{
	struct months m = {.now_ns = MINUTE};
	const struct series_row *row;
	struct series *s;
	double sum = 0;

	(void)state;
	m.ledger = ledger__new(NULL);
	assert_non_null(m.ledger);
	s = series__open(m.ledger);
	assert_non_null(s);
	m.to = ledger__sink(m.ledger);
	for (int i = 0; i < 1000; i++) {
		call(&m, "db", NSEC_PER_MSEC);
		tell(&m);
		series__take(s, m.ledger);
	}
	series__finish(s);
	assert_int_equal(s->merged, 4);
	assert_int_equal(series__used(s), 250);
	row = s->rows[1];
	assert_string_equal(row->fstype, "xfs");
	for (size_t k = 0; k < SERIES_SLICES_MAX; k++) {
		assert_true(row->column[SERIES_SLEEPS][k] == (k < 250 ? 4 : 0));
		sum += row->column[SERIES_BLOCKED_NS][k];
	}
	assert_true(sum == 1000.0 * NSEC_PER_MSEC);
	assert_int_equal(row->sleep_hist[249 * HIST_BUCKETS + hist__bucket(NSEC_PER_MSEC)], 4);
	assert_int_equal(row->sleep_hist[250 * HIST_BUCKETS + hist__bucket(NSEC_PER_MSEC)], 0);
	series__free(s);
	ledger__free(m.ledger);
}

/* ---- who sleeps most ---- */

static const struct labels_row *row_of(struct months *m, const char *name)
{
	const struct labels_row *rows;
	size_t nr;

	rows = labels__rows(m->labels, &nr);
	for (size_t i = 0; i < nr; i++)
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	return NULL;
}

static uint64_t sleeps_of(struct months *m)
{
	const struct labels_row *rows;
	uint64_t sum = 0;
	size_t nr;

	rows = labels__rows(m->labels, &nr);
	for (size_t i = 0; i < nr; i++)
		sum += rows[i].sleeps;
	return sum;
}

static void test_who_sleeps_most_has_a_sum(void **state)
{
	char comm[32];
	struct months m;

	(void)state;
	months__open(&m, 3);
	for (int i = 0; i < 100; i++) {
		snprintf(comm, sizeof(comm), "small%d", i);
		call(&m, comm, NSEC_PER_USEC);
		call(&m, "db", NSEC_PER_MSEC);
		call(&m, "", NSEC_PER_USEC);
		take(&m, NSEC_PER_SEC);
	}
	/* it came when all places were taken */
	assert_non_null(row_of(&m, "db"));
	assert_true(row_of(&m, "db")->sleeps > 90);
	assert_int_equal(row_of(&m, LABELS_UNKNOWN)->sleeps, 100);
	assert_true(labels__overflow(m.labels) > 90);
	assert_int_equal(sleeps_of(&m), 300);
	months__close(&m);
}

/* As Prometheus does: what series have grown from one reading to the next, if they were in both. */
struct reader {
	struct labels_row last[64];
	size_t nr;
	uint64_t grown, grown_ns;
};

static void reader__reads(struct reader *r, struct months *m)
{
	static char names[64][32];
	struct labels_row *was;
	const struct labels_row *rows;
	size_t nr;

	rows = labels__rows(m->labels, &nr);
	for (size_t i = 0; i < nr; i++) {
		for (was = r->last; was < r->last + r->nr && strcmp(was->name, rows[i].name); was++)
			;
		if (was == r->last + r->nr) {
			assert_true(r->nr < ARRAY_SIZE(names));
			snprintf(names[r->nr], sizeof(names[0]), "%s", rows[i].name);
			r->nr++;
		} else {
			assert_true(rows[i].sleeps >= was->sleeps);
			assert_true(rows[i].blocked_ns >= was->blocked_ns);
			r->grown += rows[i].sleeps - was->sleeps;
			r->grown_ns += rows[i].blocked_ns - was->blocked_ns;
		}
		*was = rows[i];
		was->name = names[was - r->last];
	}
	labels__told(m->labels);
}

/* Names that rise and fall, so that places change hands, between readings and at them. */
static void test_growth_is_what_was_slept(void **state)
{
	uint64_t calls = 0, ns = 0, changes = 0; /* of the one that is looked at */
	struct reader r = {.nr = 0};
	char comm[32];
	struct months m;
	bool had = false;

	(void)state;
	months__open(&m, 3);
	labels__want(m.labels, &data);
	reader__reads(&r, &m);
	for (uint64_t i = 0; i < 4000; i++) {
		uint64_t who = i * i / 7 % 20, heavy = i / 20 % 20;
		uint64_t long_ns = who == heavy ? NSEC_PER_SEC : NSEC_PER_USEC;

		snprintf(comm, sizeof(comm), "%s%d", who ? "job" : "", (int)who);
		call(&m, who ? comm : "", long_ns);
		calls++;
		ns += long_ns;
		take(&m, 20 * NSEC_PER_SEC);
		changes += had != !!row_of(&m, "job7");
		had = row_of(&m, "job7");
		if (i % 7 && i % 11)
			continue;
		reader__reads(&r, &m);
		assert_int_equal(r.grown, calls);
		assert_int_equal(r.grown_ns, ns);
	}
	assert_true(changes >= 6);
	months__close(&m);
}

static void test_volumes_come_and_go(void **state)
{
	char device[32];
	struct fs_info fs = {252, 0, "ext4", device, "", "rw", API_AIO, 0, 0};
	struct months m;
	size_t nr;

	(void)state;
	months__open(&m, 3);
	for (uint32_t i = 0; i < LABELS_ROWS_MAX + 100; i++) {
		snprintf(device, sizeof(device), "dm-%u", i);
		fs.minor = i;
		stall(&m, &fs, "db", NSEC_PER_MSEC);
		take(&m, NSEC_PER_MSEC);
	}
	labels__rows(m.labels, &nr);
	assert_int_equal(nr, LABELS_ROWS_MAX);
	months__close(&m);
}

static void test_what_may_be_asked_for(void **state)
{
	enum label label;
	struct err e = {0};
	size_t most;

	(void)state;
	assert_int_equal(labels__parse("cgroup", &label, &most, &e), 0);
	assert_true(label == LABEL_CGROUP && most == LABELS_DEFAULT);
	assert_int_equal(labels__parse("comm:50", &label, &most, &e), 0);
	assert_true(label == LABEL_COMM && most == 50);
	assert_int_not_equal(labels__parse("pid", &label, &most, &e), 0);
	assert_int_not_equal(labels__parse("comm:0", &label, &most, &e), 0);
	assert_int_not_equal(labels__parse("comm:", &label, &most, &e), 0);
	assert_int_not_equal(labels__parse("comm:1001", &label, &most, &e), 0);
}

/* ---- where most time was blocked since ---- */

/* One cause in two planes: what grew in the one is not taken for what the other has. */
static void test_most_is_of_one_plane(void **state)
{
	const struct fs_info ring = {8, 1, "xfs", "sda1", "/data", "rw", API_URING, 0, 0};
	const struct most_entry *now;
	struct most most = {0};
	struct months m;

	(void)state;
	months__open(&m, 0);
	stall_in(&m, &ring, PLANE_SUBMIT, "db", 9000);
	stall_in(&m, &ring, PLANE_WORKER, "db", 7000);
	stall_in(&m, &data, PLANE_SUBMIT, "db", 8000);
	now = most__step(&most, m.ledger);
	assert_non_null(now);
	assert_true(now->plane == PLANE_SUBMIT && now->api == API_URING && now->blocked_ns == 9000);
	stall_in(&m, &ring, PLANE_WORKER, "db", 500);
	stall_in(&m, &ring, PLANE_SUBMIT, "db", 400);
	now = most__step(&most, m.ledger);
	assert_non_null(now);
	assert_true(now->plane == PLANE_WORKER && now->blocked_ns == 500);
	assert_null(most__step(&most, m.ledger));
	most__release(&most);
	months__close(&m);
}

/* ---- four hundred days ---- */

/* Memory that was freed is to be seen free soon. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=1";
}

struct seen {
	uint64_t submits, sleeps, label_sleeps, caused;
};

static struct seen scrape(struct months *m)
{
	struct seen s = {0};
	struct brief b;

	assert_true(brief__make(&b, m->ledger));
	for (size_t i = 0; i < b.nr_fs; i++) {
		if (strcmp(b.fs[i].fstype, "xfs"))
			continue;
		s.submits += b.fs[i].counts.c.submits;
		s.sleeps += b.fs[i].counts.c.sleeps;
		for (size_t c = 0; c < b.fs[i].nr_causes; c++)
			s.caused += b.fs[i].causes[c].sleeps;
	}
	s.label_sleeps = sleeps_of(m);
	brief__free(&b);
	return s;
}

/* What may be a row of its own of each day's programs, and what only comes once in all of them. */
static void a_day(struct months *m, int day)
{
	char comm[32];

	for (int i = 0; i < 40; i++) {
		snprintf(comm, sizeof(comm), "job%d.%d", day, i);
		call(m, i % 4 ? "db" : comm, NSEC_PER_MSEC);
	}
}

static void test_four_hundred_days(void **state)
{
	struct seen last = {0}, now;
	const struct report *r;
	struct months m;
	long early = 0;

	(void)state;
	months__open(&m, 20);
	for (int day = 0; day < 400; day++) {
		a_day(&m, day);
		for (int part = 0; part < 24; part++)
			take(&m, 60 * MINUTE);
		now = scrape(&m);
		assert_true(now.submits >= last.submits && now.sleeps >= last.sleeps);
		assert_true(now.caused >= last.caused);
		assert_int_equal(now.sleeps, (uint64_t)(day + 1) * 40);
		assert_int_equal(now.caused, now.sleeps);
		last = now;
		if (day == 200)
			early = resident_kib();
	}
	assert_true(ledger__evicted(m.ledger) > 1000);
	assert_in_range(resident_kib(), 1, early + early / 20);
	r = report_of(&m);
	assert_in_range(r->capture->duration_ns, 5 * MINUTE, 120 * MINUTE);
	months__close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_while_it_is_short),
		cmocka_unit_test(test_what_is_old_is_not_in_it),
		cmocka_unit_test(test_who_submitted_and_failed),
		cmocka_unit_test(test_what_is_of_now),
		cmocka_unit_test(test_a_series_grows),
		cmocka_unit_test(test_who_sleeps_most_has_a_sum),
		cmocka_unit_test(test_growth_is_what_was_slept),
		cmocka_unit_test(test_volumes_come_and_go),
		cmocka_unit_test(test_what_may_be_asked_for),
		cmocka_unit_test(test_most_is_of_one_plane),
		cmocka_unit_test(test_four_hundred_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
