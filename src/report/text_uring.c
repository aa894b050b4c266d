// SPDX-License-Identifier: GPL-2.0
#include "report/text_uring.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"

enum uring_column {
	URING_NAME,
	URING_ENTERS,
	URING_REQUESTS,
	URING_SHARE,
	URING_CTXSW,
	URING_BLOCKED,
	URING_P99,
	URING_MAX,
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
	[URING_P99] = {"P99", 7, 4, false},	      [URING_MAX] = {"MAX", 7, 0, false},
	[URING_TASKWORK] = {"TASKWORK", 8, 0, false}, [URING_WAITED] = {"WAITED", 7, 3, false},
	[URING_HELD] = {"HELD-UP", 7, 5, false},
};

bool text_uring__seen(const struct report *r)
{
	const char *way = r->capture->probe[NEED_ENTER];

	return way && *way && strcmp(way, "none") != 0 && strcmp(way, "off") != 0;
}

static void fill_cells(const struct report_fs *f, char cell[URING_COLUMNS][16])
{
	const struct counters *c = &f->c;

	fmt__count(c->submits, cell[URING_ENTERS], 16);
	fmt__count(c->requests, cell[URING_REQUESTS], 16);
	fmt__percent(f->blocked_share, cell[URING_SHARE], 16);
	snprintf(cell[URING_CTXSW], 16, "%.2f", f->ctxsw_per_io);
	fmt__duration(c->blocked_ns, cell[URING_BLOCKED], 16);
	fmt__duration(f->sleep.p99, cell[URING_P99], 16);
	fmt__duration(f->sleep.max, cell[URING_MAX], 16);
	fmt__duration(c->taskwork_blocked_ns, cell[URING_TASKWORK], 16);
	fmt__duration(c->waited_ns, cell[URING_WAITED], 16);
	fmt__count(c->held_up_requests, cell[URING_HELD], 16);
}

/* f NULL: the header. */
static void print_row(struct print *p, const struct report_fs *f, unsigned int shown, int room)
{
	const char *name = f ? print__fs(p, f->fs, room) : columns[URING_NAME].name;
	char line[PRINT_MAX_WIDTH * 5], cell[URING_COLUMNS][16] = {""};
	int used;

	if (f)
		fill_cells(f, cell);
	used = snprintf(line, sizeof(line), "%s%*s", name, room - print__columns(name), "");
	for (size_t i = URING_ENTERS; i < URING_COLUMNS; i++) {
		if (shown & (1u << i))
			used += snprintf(line + used, sizeof(line) - (size_t)used, " %*s",
					 columns[i].width, f ? cell[i] : columns[i].name);
	}
	print__line(p, f ? PRINT_PLAIN : PRINT_BOLD, "%s", line);
}

void text_uring__table(struct print *p, const struct report *r, const struct format_opts *o)
{
	int room;
	unsigned int shown = columns__fit(columns, URING_COLUMNS, p->width, 14, &room);
	char calls[16];

	room = print__fs_room(p, r, API_URING, room);
	print__line(p, PRINT_PLAIN, "%s", "");
	print_row(p, NULL, shown, room);
	for (size_t i = 0; i < r->nr_fs; i++)
		if (r->fs[i].fs->api == API_URING)
			print_row(p, &r->fs[i], shown, room);
	if (!o || !o->legend)
		return;
	print__para(
		p, PRINT_PLAIN, "  ",
		"ENTERS: calls of io_uring_enter that began a request; %s others only waited. "
		"BLOCKED%%: of those, the ones that slept other than for completions. SLEEPS/IO, "
		"BLOCKED, P99, MAX: asleep while handing over requests. TASKWORK: asleep in work "
		"that the kernel had put off. WAITED: for completions, as the program asked.",
		fmt__count(r->totals.wait_calls, calls, sizeof(calls)));
}
