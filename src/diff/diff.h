/* SPDX-License-Identifier: GPL-2.0 */
/* The finished comparison of one recording with another: the formats only print it. */
#ifndef AIOSTALL_DIFF_DIFF_H
#define AIOSTALL_DIFF_DIFF_H

#include "diff/compare.h"
#include "diff/sample.h"

#define DIFF_MARGIN 0.05       /* differences up to this are nobody's business */
#define DIFF_SIGNIFICANCE 0.05 /* of the whole output together */

enum measure_kind {
	MEASURE_COUNT,	  /* numbers of events */
	MEASURE_TIME,	  /* sums of time */
	MEASURE_QUANTILE, /* of one sleep */
	MEASURE_MAX,	  /* shown, not tested: no test of a maximum holds */
};

struct measure {
	const char *id;	  /* in JSON and --fail-on */
	const char *text; /* for people */
	enum measure_kind kind;
	enum series_column part, whole;
	double scale;  /* per so many of the whole; the quantile of MEASURE_QUANTILE */
	bool is_time;  /* ns, else a plain number */
	bool of_cause; /* also measured per cause */
	bool of_uring; /* only where io_uring is: of aio it says what another one says */
	double weight; /* among the tests of a filesystem; those of causes weigh 1 */
};
/* The i-th measure, NULL past the end. */
const struct measure *measure__at(size_t i);
/* By its id, or by what stands on the screen. */
const struct measure *measure__find(const char *id);

struct diff_row {
	const struct measure *measure;
	double old, new;
	struct compared c;
	double p; /* of the family; c.p is the row's own */
	bool different;
};

enum presence { PRESENT_BOTH, PRESENT_NEW, PRESENT_OLD, PRESENT_NONE };

/* A filesystem, or a cause on one, in both recordings. */
struct diff_group {
	const struct series_row *old, *new;	  /* NULL where it is missing */
	const struct series_row *old_fs, *new_fs; /* whose submits and requests it is measured by */
	const char *cause;			  /* "" = a filesystem or the whole */
	enum plane plane;			  /* of the cause's sleeps */
	bool whole;
	struct diff_row *rows;
	size_t nr_rows;
	/* A cause on one side only, and not by chance. */
	enum presence presence;
	bool appeared, vanished;
};

/* One fact that is not the same; value "" = not there. */
struct diff_fact {
	const char *what, *of, *old, *new;
};

/* A reason why the figures may not be compared. */
struct diff_warning {
	char text[256];
};
#define DIFF_WARNINGS_MAX 32

/* The stacks that matter most of a cause on each side. */
struct diff_stack {
	const char *cause;
	const struct sample_stack *old,
		*new;		     /* NULL = none; the same stack if it is on both sides */
	double old_share, new_share; /* of the cause's blocked time */
};

struct diff {
	const struct sample *old, *new;
	double margin;
	bool across_api;	   /* old is aio, new is io_uring */
	struct diff_group *groups; /* [0] is the whole; causes follow their filesystem */
	size_t nr_groups;
	struct diff_fact *facts;
	size_t nr_facts;
	struct diff_warning warnings[DIFF_WARNINGS_MAX];
	size_t nr_warnings;
	struct diff_stack *stacks;
	size_t nr_stacks;
	size_t nr_tests, nr_different;
};

/*
 * Figures, facts and stacks side by side. The samples outlive it. across_api: filesystems are paired
 * whatever handed over their requests, and stacks are not, which cannot be the same. NULL on lack of
 * memory.
 */
struct diff *diff__new(const struct sample *old, const struct sample *new, double margin,
		       bool across_api);
void diff__free(struct diff *d);
/* Verdicts over all of them together: one family of tests. 0 or -ENOMEM. */
int diff__judge(struct diff *const *diffs, size_t n, double significance);
/* NULL if the group has none of it. */
const struct diff_row *group__row(const struct diff_group *g, const struct measure *m);
/* "ext4 /data", "ext4 /data by io_uring", "all filesystems". Returns buf. */
char *group__name(const struct diff_group *g, char *buf, size_t size);
/* " in threads of io-wq" behind a cause; "" where it is the submitter in the call. */
const char *group__where(const struct diff_group *g);

#endif
