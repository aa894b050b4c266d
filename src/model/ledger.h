/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one aggregate: events are added up here and nowhere else, by key (api
 * and filesystem, cause, stacks, file, process, cgroup, waker, holder) and
 * slice of time. Whatever is printed or compared is a view of it (view.h); a
 * recording is its slices on disk (src/store).
 *
 * Memory is bounded. When there are more keys than may be, the one that was
 * used longest ago loses its file and process first, then its stack, and is
 * counted as evicted: its sleeps stay in the sums, under "(other)". So are those
 * of the filesystem that was used longest ago, when there are too many.
 */
#ifndef AIOSTALL_MODEL_LEDGER_H
#define AIOSTALL_MODEL_LEDGER_H

#include "model/source.h"

#define LEDGER_OTHER "(other)"
/* Of a longer name the end is kept. */
#define LEDGER_NAME_MAX 65535
/* Long submits that are kept in full: the longest of all. */
#define LEDGER_SLOW_MAX 20

struct cause;
struct causes;
struct ledger;
struct ledger_row;

struct ledger_opts {
	const struct causes *causes; /* rule set, not owned; NULL = all causes unknown */
	uint64_t slow_threshold_ns;  /* submits at least this long that did not sleep are listed */
	size_t max_keys;	     /* 0 = default */
};

/* NULL on lack of memory. */
struct ledger *ledger__new(const struct ledger_opts *opts);
void ledger__free(struct ledger *l);
/* The sink that feeds it, as good as the functions below; valid as long as the ledger. */
const struct sink *ledger__sink(struct ledger *l);
/* Counters over all filesystems so far, for progress and interval lines. */
const struct fs_counts *ledger__totals(const struct ledger *l);
/* Details that are told apart no more, and what memory was short for. */
uint64_t ledger__evicted(const struct ledger *l);

/*
 * What is fed from now on is of that host and kernel, and of another source than before: equal device
 * numbers of two hosts are two filesystems, equal stack ids two stacks. Not needed if there is but one, which the
 * capture names. 0 or -ENOMEM.
 */
int ledger__set_origin(struct ledger *l, const char *hostname, const char *kernel);

/* The wall clock less CLOCK_MONOTONIC of what is fed from now on, where the capture does not tell. */
void ledger__set_clock(struct ledger *l, int64_t wall_minus_mono_ns);

/* ---- one by one; what is not taken for lack of memory is counted as evicted ---- */

/* The row that the stall was added to, NULL on lack of memory. */
struct ledger_row *ledger__add_stall(struct ledger *l, const struct ev_stall *ev);
struct ledger_row *ledger__add_stalls(struct ledger *l, const struct ev_stalls *ev);
/* What became of a submit. */
enum ledger_slow { SUBMIT_QUICK, SUBMIT_SLOW, SUBMIT_AMONG_LONGEST };
enum ledger_slow ledger__add_submit(struct ledger *l, const struct ev_submit *ev);
/* cause NULL = by the rules. */
void ledger__add_unfinished(struct ledger *l, const struct ev_unfinished *ev,
			    const struct cause *cause);
void ledger__add_sample(struct ledger *l, const struct ev_sample *ev);
/* What is said of a process twice adds up, as of several recordings. */
void ledger__add_process(struct ledger *l, const struct ev_process *ev);
void ledger__add_failed(struct ledger *l, const struct ev_failed *ev);
/* Before unfinished sleeps, samples and processes are told again: what was said of them is forgotten. */
void ledger__forget_asleep(struct ledger *l);

/* ---- in sums, as a recording has them ---- */

/*
 * The row of stalls like this one, whose length does not count; cause NULL =
 * by the rules. Valid until the next call that adds. NULL on lack of memory.
 */
struct ledger_row *ledger__row(struct ledger *l, const struct ev_stall *like,
			       const struct cause *cause);
/* One stall of the row as a sum; those of a thread are asked for in their order, each once. */
struct sleep_sum ledger__sum_of(struct ledger *l, const struct ledger_row *row,
				const struct ev_stall *ev);
/* hist NULL = of several only the longest is known by itself. */
void ledger__add_sum(struct ledger *l, struct ledger_row *row, const struct sleep_sum *sum,
		     const struct hist *hist);
/* A stall that is in the sums already is known in full. */
void ledger__note_stall(struct ledger *l, struct ledger_row *row, const struct ev_stall *ev);
/* What was added to the counters; fs NULL = to the totals. See fs_counts__add. 0 or -ENOMEM. */
int ledger__add_counts(struct ledger *l, const struct fs_info *fs, const struct fs_counts *delta);
void ledger__add_loss(struct ledger *l, const struct loss *delta);
/* Long submits that did not sleep, besides those fed as events. */
void ledger__add_slow(struct ledger *l, uint64_t n);
/* What the host said that bears on a cause (its id), a line each: the last one holds. 0 or -ENOMEM. */
int ledger__add_here(struct ledger *l, const struct fs_info *fs, const char *cause,
		     const char *text);

#endif
