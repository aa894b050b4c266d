/* SPDX-License-Identifier: GPL-2.0 */
/* Inside of views: the rows that are looked at, and those that are alike as one. */
#ifndef AIOSTALL_MODEL_SELECT_H
#define AIOSTALL_MODEL_SELECT_H

#include "model/state.h"
#include "model/view.h"

struct selection {
	const struct ledger *ledger;
	const struct view *view;
	struct pool *pool;
	/* A filesystem's counters do not tell threads apart: with a choice of them the rows are all there is. */
	bool by_rows;
	const struct ledger_row **rows;
	size_t nr_rows;
	struct ledger_fs **filesystems;
	size_t nr_filesystems;
};
/* False on lack of memory. */
bool selection__make(struct selection *s, struct ledger *l, const struct view *v,
		     struct pool *pool);

/* How two rows compare in one respect; of sort's kind, over pointers to rows. */
typedef int (*row_order)(const void *a, const void *b);
/* Of paths longer than PATH_MAX their ends. */
const char *row__path(const struct ledger_row *row);
int row__by_path(const void *a, const void *b);
int row__by_comm(const void *a, const void *b);
int row__by_waker(const void *a, const void *b);
int row__by_holder(const void *a, const void *b);
int row__by_behind(const void *a, const void *b);
int row__by_stack(const void *a, const void *b);
int row__by_user_stack(const void *a, const void *b);
int stack__compare(const struct ledger_stack *a, const struct ledger_stack *b);
/* "kworker/0:1", "(interrupt)", "(unknown)". */
const char *row__waker(const struct ledger_row *row);

/* Rows that are equal in one respect. */
struct part {
	const struct ledger_row **rows;
	size_t nr;
	struct sleep_sum sum;
};
enum part_order { PARTS_BY_BLOCKED, PARTS_BY_SLEEPS };
/*
 * The rows, which are sorted, in parts; equal figures are ordered by `like`, so
 * that equal captures give equal reports. *n is 0 if memory is short.
 */
struct part *parts__of(struct pool *p, const struct ledger_row **rows, size_t nr, row_order like,
		       enum part_order order, size_t *n);

static inline double ratio(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

/* -1, 0 or 1: the larger one first. */
static inline int descending(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

/* groups.c: the groups of a report, if the view wants any; how many details of them were too many. */
uint64_t groups__build(struct selection *s, struct report *r);

/* remedies.c: the advice, what was measured of it, and settings of the programs of these rows. */
void remedies__build(struct selection *s, struct report_cause *c, const struct part *part);

#endif
