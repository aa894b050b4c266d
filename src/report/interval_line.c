// SPDX-License-Identifier: GPL-2.0
/* One line per interval: what happened since the line before, elapsed time apart. */
#include <errno.h>
#include <stdlib.h>

#include "base/base.h"
#include "model/sums.h"
#include "report/print.h"

enum iv_column {
	IV_TIME,
	IV_SUBMITS,
	IV_SHARE,
	IV_SLEEPS,
	IV_CTXSW,
	IV_BLOCKED,
	IV_CPU,
	IV_P99,
	IV_HELD,
	IV_TASKWORK,
	IV_WORKER,
	IV_SQPOLL,
	IV_MOST,
	IV_COLUMNS,
};

/* Where and for what takes what the others leave. */
static const struct column columns[IV_COLUMNS] = {
	[IV_TIME] = {"ELAPSED", 8, 0, false},
	[IV_SUBMITS] = {"SUBMITS", 7, 0, false},
	[IV_SHARE] = {"BLOCKED%", 8, 0, false},
	[IV_SLEEPS] = {"SLEEPS", 7, 4, false},
	[IV_CTXSW] = {"CTXSW/IO", 8, 5, false},
	[IV_BLOCKED] = {"BLOCKED", 7, 0, false},
	[IV_CPU] = {"ON-CPU", 7, 2, false},
	[IV_P99] = {"P99", 7, 6, false},
	[IV_HELD] = {"HELD-UP", 7, 3, false},
	/* asleep in the other planes of io_uring: no part of BLOCKED, nor of each other */
	[IV_TASKWORK] = {"TASKWORK", 8, 1, false},
	[IV_WORKER] = {"WORKER", 7, 1, false},
	[IV_SQPOLL] = {"SQPOLL", 7, 1, false},
	[IV_MOST] = {"MOST", -1, 0, true},
};

#define MOST_LEAST 26

/* Counters only grow; a source that restarts must not show 2^64. */
static uint64_t grown(uint64_t before, uint64_t now)
{
	return now > before ? now - before : 0;
}

static double ratio(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

static uint64_t p99_of(const struct fs_counts *before, const struct fs_counts *now)
{
	struct hist d;

	for (size_t b = 0; b < HIST_BUCKETS; b++)
		d.n[b] = grown(before->sleep.n[b], now->sleep.n[b]);
	return hist__quantile(&d, 0.99, now->c.max_sleep_ns);
}

/* What sleeps alone do not tell. */
static const enum iv_column of_calls[] = {IV_SUBMITS, IV_SHARE, IV_CTXSW, IV_CPU};

static const struct elsewhere {
	enum iv_column column;
	enum plane plane;
} elsewhere[] = {
	{IV_TASKWORK, PLANE_TASKWORK}, {IV_WORKER, PLANE_WORKER}, {IV_SQPOLL, PLANE_SQPOLL}};

static void fill_elsewhere(char cell[IV_COLUMNS][24], const struct counters *before,
			   const struct counters *now)
{
	for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++) {
		enum plane plane = elsewhere[i].plane;

		fmt__duration(grown(counters__blocked_in(before, plane),
				    counters__blocked_in(now, plane)),
			      cell[elsewhere[i].column], 24);
	}
}

static void fill_cells(char cell[IV_COLUMNS][24], uint64_t elapsed_ns,
		       const struct fs_counts *before, const struct fs_counts *now)
{
	const struct counters *a = &before->c, *b = &now->c;
	uint64_t submits = grown(a->submits, b->submits), sleeps = grown(a->sleeps, b->sleeps);

	snprintf(cell[IV_TIME], 24, "%llu.%llus", (unsigned long long)(elapsed_ns / NSEC_PER_SEC),
		 (unsigned long long)(elapsed_ns % NSEC_PER_SEC / (100 * NSEC_PER_MSEC)));
	fmt__count(submits, cell[IV_SUBMITS], 24);
	fmt__percent(ratio(grown(a->submits_blocked, b->submits_blocked), submits), cell[IV_SHARE],
		     24);
	fmt__count(sleeps, cell[IV_SLEEPS], 24);
	snprintf(cell[IV_CTXSW], 24, "%.2f", ratio(sleeps, grown(a->requests, b->requests)));
	fmt__duration(grown(a->blocked_ns, b->blocked_ns), cell[IV_BLOCKED], 24);
	fmt__duration(grown(a->on_cpu_ns, b->on_cpu_ns), cell[IV_CPU], 24);
	fmt__duration(p99_of(before, now), cell[IV_P99], 24);
	fmt__count(grown(a->held_up_requests, b->held_up_requests), cell[IV_HELD], 24);
	fill_elsewhere(cell, a, b);
}

/* "ext4 /data: blk.tag", or ": worker blk.tag": the cause is whole, of the filesystem what is left. */
static const char *most_words(struct print *p, const struct most_entry *most, int room)
{
	const struct fs_info fs = {.fstype = most->fstype, .mount = most->where};
	const char *id = print__safe(p, most->cause);
	const char *cause = most->plane == PLANE_SUBMIT
				    ? id
				    : print__join(p, plane__name(most->plane), " ", id);
	const char *name = print__fs(p, &fs, room - print__columns(cause) - 2);

	return print__join(p, name, ": ", cause);
}

/* cell NULL: the header. */
static int put_line(FILE *out, const struct format_opts *o, char (*cell)[24],
		    const struct most_entry *most)
{
	struct print *p = malloc(sizeof(*p));
	char line[PRINT_MAX_WIDTH * 5];
	const char *last;
	size_t used = 0;
	unsigned int shown;
	int rest, rc;

	if (!p)
		return -ENOMEM;
	print__init(p, out, o);
	shown = columns__fit(columns, IV_COLUMNS, 0, p->width, MOST_LEAST, &rest);
	for (size_t i = 0; i < IV_MOST; i++) {
		if (shown & (1u << i))
			used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%*s",
						 used ? " " : "", columns[i].width,
						 cell ? cell[i] : columns[i].name);
	}
	last = !cell ? columns[IV_MOST].name : most ? most_words(p, most, rest) : "-";
	print__line(p, cell ? PRINT_PLAIN : PRINT_BOLD, "%s %s", line, last);
	rc = print__finish(p);
	free(p);
	return rc;
}

int interval_line__header(FILE *out, const struct format_opts *o)
{
	return put_line(out, o, NULL, NULL);
}

int interval_line__print(FILE *out, uint64_t elapsed_ns, const struct fs_counts *before,
			 const struct fs_counts *now, const struct most_entry *most,
			 const struct format_opts *o)
{
	static const struct fs_counts nothing;
	char cell[IV_COLUMNS][24];

	fill_cells(cell, elapsed_ns, before ? before : &nothing, now);
	for (size_t i = 0; o && o->sleeps_only && i < ARRAY_SIZE(of_calls); i++)
		snprintf(cell[of_calls[i]], 24, "?");
	return put_line(out, o, cell, most);
}
