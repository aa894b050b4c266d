// SPDX-License-Identifier: GPL-2.0
#include "report/text_uring.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "model/queued.h"
#include "model/sums.h"

enum uring_column {
	URING_NAME,
	URING_ENTERS,
	URING_REQUESTS,
	URING_SHARE,
	URING_CTXSW,
	URING_BLOCKED,
	URING_P99,
	URING_MAX,
	URING_PUNTED,
	URING_WORKERS,
	URING_SQPOLL,
	URING_TASKWORK,
	URING_WAITED,
	URING_HELD,
	URING_COLUMNS,
};

/* The name takes what the others leave. */
static const struct column columns[URING_COLUMNS] = {
	[URING_NAME] = {"IO_URING", -1, 0, true},     [URING_ENTERS] = {"ENTERS", 6, 0, false},
	[URING_REQUESTS] = {"REQUESTS", 8, 2, false}, [URING_SHARE] = {"BLOCKED%", 8, 0, false},
	[URING_CTXSW] = {"SLEEPS/IO", 9, 1, false},   [URING_BLOCKED] = {"BLOCKED", 7, 0, false},
	[URING_P99] = {"P99", 7, 5, false},	      [URING_MAX] = {"MAX", 7, 7, false},
	[URING_PUNTED] = {"PUNTED%", 7, 0, false},    [URING_WORKERS] = {"WORKERS", 7, 0, false},
	[URING_SQPOLL] = {"SQPOLL", 7, 3, false},     [URING_TASKWORK] = {"TASKWORK", 8, 4, false},
	[URING_WAITED] = {"WAITED", 7, 8, false},     [URING_HELD] = {"HELD-UP", 7, 6, false},
};

bool text_uring__seen(const struct report *r)
{
	const char *way = r->capture->probe[NEED_ENTER];

	return way && *way && strcmp(way, "none") != 0 && strcmp(way, "off") != 0;
}

static void fill_cells(const struct report_fs *f, bool knows_punts, char cell[URING_COLUMNS][16])
{
	const struct counters *c = &f->c;

	fmt__count(c->submits, cell[URING_ENTERS], 16);
	fmt__count(c->requests, cell[URING_REQUESTS], 16);
	fmt__percent(f->blocked_share, cell[URING_SHARE], 16);
	if (knows_punts && c->requests)
		fmt__percent(f->punted_share, cell[URING_PUNTED], 16);
	else
		snprintf(cell[URING_PUNTED], 16, "-");
	fmt__duration(c->worker_blocked_ns, cell[URING_WORKERS], 16);
	fmt__duration(c->sqpoll_blocked_ns, cell[URING_SQPOLL], 16);
	snprintf(cell[URING_CTXSW], 16, "%.2f", f->ctxsw_per_io);
	fmt__duration(c->blocked_ns, cell[URING_BLOCKED], 16);
	fmt__duration(f->sleep.p99, cell[URING_P99], 16);
	fmt__duration(f->sleep.max, cell[URING_MAX], 16);
	fmt__duration(c->taskwork_blocked_ns, cell[URING_TASKWORK], 16);
	fmt__duration(c->waited_ns, cell[URING_WAITED], 16);
	fmt__count(c->held_up_requests, cell[URING_HELD], 16);
}

/* f NULL: the header. */
static void print_row(struct print *p, const struct report *r, const struct report_fs *f,
		      unsigned int shown, int room)
{
	const char *name = f ? print__fs(p, f->fs, room) : columns[URING_NAME].name;
	char line[PRINT_MAX_WIDTH * 5], cell[URING_COLUMNS][16] = {""};
	int used;

	if (f)
		fill_cells(f, report__knows_punts(r), cell);
	used = snprintf(line, sizeof(line), "%s%*s", name, room - print__columns(name), "");
	for (size_t i = URING_ENTERS; i < URING_COLUMNS; i++) {
		if (shown & (1u << i))
			used += snprintf(line + used, sizeof(line) - (size_t)used, " %*s",
					 columns[i].width, f ? cell[i] : columns[i].name);
	}
	print__line(p, f ? PRINT_PLAIN : PRINT_BOLD, "%s", line);
}

/* Why requests were punted: what cannot be told is said to be unknown. */
static void print_why(struct print *p, const struct report_fs *f)
{
	const struct counters *c = &f->c;
	uint64_t known = sat_add(sat_add(c->punted_tried, c->punted_forced),
				 sat_add(c->punted_asked, c->punted_unable));
	char device[256], below[320];
	const struct {
		uint64_t n;
		const char *words;
	} why[] = {
		{c->punted_refused, "would have blocked in the call"},
		{c->punted_reissued, "were begun and given back by what is below"},
		{sat_sub(c->punted_tried, sat_add(c->punted_refused, c->punted_reissued)),
		 "would have blocked in the call, or were begun and given back"},
		{c->punted_forced, "of operations that only workers run"},
		{c->punted_asked, "because the program asked for it (IOSQE_ASYNC, or a drain)"},
		{c->punted_device, below},
		{sat_sub(c->punted_unable, c->punted_device),
		 "on files without support for NOWAIT"},
		{sat_sub(c->punted, known), "for a reason that is not known"},
		{c->punted_serial,
		 "of these are writes that workers do one at a time, file by file"},
	};
	char list[512] = "", n[16];
	size_t used = 0;

	esc__terminal(f->waiting_device, device, sizeof(device));
	snprintf(below, sizeof(below), "since a device has no NOWAIT%s%s", *device ? ": " : "",
		 device);
	for (size_t i = 0; i < ARRAY_SIZE(why); i++)
		if (why[i].n && used < sizeof(list))
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s %s",
						 used ? "; " : "",
						 fmt__count(why[i].n, n, sizeof(n)), why[i].words);
	print__para(p, PRINT_PLAIN, "  ", "%s: punted: %s", print__fs(p, f->fs, p->width), list);
}

const char *text_uring__queued(const struct counters *c, char *buf, size_t size)
{
	struct queued ops[QUEUED_OPS];
	char mean[16], n[16];
	size_t used = 0;
	bool known = queued__of(c, ops);

	buf[0] = '\0';
	for (size_t i = 0; known && i < ARRAY_SIZE(ops) && used < size; i++)
		if (ops[i].requests)
			used += (size_t)snprintf(buf + used, size - used, "%s%s %s (%s)",
						 used ? ", " : "", ops[i].op,
						 fmt__duration(ops[i].delay_ns / ops[i].requests,
							       mean, sizeof(mean)),
						 fmt__count(ops[i].requests, n, sizeof(n)));
	return buf;
}

/* Until a worker took them: of those for which that was seen. */
static void print_queue(struct print *p, const struct report_fs *f, bool by_sleep)
{
	const struct counters *c = &f->c;
	uint64_t unseen = sat_sub(c->punted, c->queue_delays);
	char n[16], mean[16], max[16], more[64] = "", ops[128];

	text_uring__queued(c, ops, sizeof(ops));
	if (unseen)
		snprintf(more, sizeof(more), "; of %s it was not seen",
			 fmt__count(unseen, n, sizeof(n)));
	print__para(p, PRINT_PLAIN, "  ",
		    "%s: %s punted request%s waited %s for a worker on average, %s at most%s%s%s%s",
		    print__fs(p, f->fs, p->width), fmt__count(c->queue_delays, n, sizeof(n)),
		    c->queue_delays == 1 ? "" : "s",
		    fmt__duration(c->queue_delay_ns / c->queue_delays, mean, sizeof(mean)),
		    fmt__duration(c->max_queue_delay_ns, max, sizeof(max)),
		    by_sleep ? ", until they slept there" : "", *ops ? ": " : "", ops, more);
}

const char *text_uring__asleep_in(const struct report *r)
{
	for (size_t i = 0; i < r->nr_unfinished; i++)
		if (r->unfinished[i].ev.fs && r->unfinished[i].ev.fs->api == API_URING)
			return report__has_api(r, API_AIO) ? "io_submit or io_uring" : "io_uring";
	return "io_submit";
}

static void print_punts(struct print *p, const struct report *r)
{
	for (size_t i = 0; i < r->nr_fs; i++) {
		const struct report_fs *f = &r->fs[i];

		if (f->fs->api == API_URING && f->c.punted)
			print_why(p, f);
		if (f->fs->api == API_URING && f->c.queue_delays)
			print_queue(p, f, !strcmp(r->capture->probe[NEED_TAKE], "sleep"));
	}
}

/* Columns that would have nothing but zeros. */
static unsigned int unused(const struct report *r)
{
	unsigned int hidden = 1u << URING_SQPOLL | 1u << URING_TASKWORK | 1u << URING_WORKERS |
			      1u << URING_WAITED | 1u << URING_HELD;

	for (size_t i = 0; i < r->nr_fs; i++) {
		const struct counters *c = &r->fs[i].c;

		if (r->fs[i].fs->api != API_URING)
			continue;
		hidden &= ~((c->sqpoll_blocked_ns ? 1u << URING_SQPOLL : 0) |
			    (c->taskwork_blocked_ns ? 1u << URING_TASKWORK : 0) |
			    (c->worker_blocked_ns ? 1u << URING_WORKERS : 0) |
			    (c->waited_ns ? 1u << URING_WAITED : 0) |
			    (c->held_up_requests ? 1u << URING_HELD : 0));
	}
	return hidden;
}

void text_uring__table(struct print *p, const struct report *r, const struct format_opts *o)
{
	/* a name that can be read is worth more than the figures that may be left out */
	int room, want = print__fs_room(p, r, API_URING, 22);
	unsigned int shown = columns__fit(columns, URING_COLUMNS, unused(r), p->width,
					  want > 14 ? want : 14, &room);
	char calls[16];

	room = print__fs_room(p, r, API_URING, room);
	print__line(p, PRINT_PLAIN, "%s", "");
	print_row(p, r, NULL, shown, room);
	for (size_t i = 0; i < r->nr_fs; i++)
		if (r->fs[i].fs->api == API_URING)
			print_row(p, r, &r->fs[i], shown, room);
	print_punts(p, r);
	if (!o || !o->legend) {
		print__para(p, PRINT_PLAIN, "",
			    "PUNTED%%: requests given to worker threads.%s More: --legend",
			    shown & (1u << URING_WAITED) ? " WAITED: for completions." : "");
		return;
	}
	print__para(
		p, PRINT_PLAIN, "  ",
		"ENTERS: calls of io_uring_enter that began a request; %s others only waited. "
		"BLOCKED%%: of those, the ones that slept other than for completions. SLEEPS/IO, "
		"BLOCKED, P99, MAX: asleep while handing over requests. PUNTED%%: of the requests, "
		"those that the kernel gave to worker threads instead of beginning them in the "
		"call. "
		"WORKERS: asleep in these threads; SQPOLL: in the one that submits for the ring; "
		"TASKWORK: in work that the kernel had put off. WAITED: for completions, as the "
		"program asked. Times of different threads are not to be added up.",
		fmt__count(r->totals.wait_calls, calls, sizeof(calls)));
}
