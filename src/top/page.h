/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the screen shows, taken out of a report and kept: the report is gone when tracing goes on,
 * and a screen that is paused can still be walked through.
 */
#ifndef AIOSTALL_TOP_PAGE_H
#define AIOSTALL_TOP_PAGE_H

#include "model/pool.h"
#include "model/view.h"

#define PAGE_ROWS_MAX 500

struct page_figures {
	bool has_calls; /* submits are known */
	uint64_t submits, blocked_submits, sleeps, blocked_ns, held_up;
	uint64_t p99_ns, max_ns; /* since the start, whatever the rest is of; 0 = not known */
};

/* Texts are escaped for a terminal. */
struct page_row {
	const char *key; /* the same row of another page has the same */
	const char *name;
	const char *detail;	      /* of a cause: lines as in the text report */
	struct page_figures all, now; /* since the start; since an earlier page, or all */
	struct page_row *causes;
	size_t nr_causes;
};

struct page_asleep {
	uint64_t age_ns;
	bool at_least; /* it slept already when tracing began */
	const char *who, *cause, *where, *path;
};

struct page {
	struct pool pool;
	const char *host, *kernel, *probes, *losses, *verdict, *by;
	uint64_t all_ns, elapsed_ns; /* that all and now are of */
	bool sleeps_only;
	struct page_figures all, total;
	struct page_row *rows;
	size_t nr_rows;
	uint64_t rows_left_out;
	struct page_asleep *asleep; /* oldest first */
	size_t nr_asleep;
};

/*
 * A report by filesystem, or one with groups of one dimension; width is that of the lines of
 * detail. False if memory is short; freed with page__free in every case.
 */
bool page__make(struct page *p, const struct report *r, int width);
/* The causes of the rows, from a report with groups of the same dimension and the cause. */
bool page__add_causes(struct page *p, const struct report *r, int width);
/* What is now is what has come since an earlier page. */
void page__subtract(struct page *p, const struct page *earlier);
void page__free(struct page *p);

#endif
