/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A view of a ledger over time: a row for all of it, for each filesystem and
 * for each cause on one, with what every slice added. Bounded, whatever is fed.
 */
#ifndef AIOSTALL_MODEL_SERIES_H
#define AIOSTALL_MODEL_SERIES_H

#include "model/ledger.h"

#define SERIES_SLICES_MAX 300 /* where there are more of them, so many are taken as one */
#define SERIES_ROWS_MAX 128

/* What is told of each slice; sums of members of struct counters. */
enum series_column {
	SERIES_SUBMITS,
	SERIES_SUBMITS_BLOCKED,
	SERIES_REQUESTS,
	SERIES_SLEEPS,
	SERIES_BLOCKED_NS,
	SERIES_HELD_UP,
	/* whoever of the planes slept: the submitter, in the call or in work put off; any thread */
	SERIES_SUBMITTER_SLEEPS,
	SERIES_SUBMITTER_NS,
	SERIES_ALL_SLEEPS,
	SERIES_ALL_NS,
	SERIES_COLUMNS,
};

/* The whole, one filesystem of it, or one cause on one filesystem. */
struct series_row {
	enum api api;		       /* APIS for the whole */
	char *fstype, *mount, *device; /* all empty for the whole */
	char *options;		       /* of the mount */
	char *cause;		       /* "" = whatever the cause */
	enum plane plane; /* of a cause's sleeps, which are told as the submitter's are */
	double *column[SERIES_COLUMNS]; /* one per slice; a cause has no submits of its own */
	uint32_t *sleep_hist;		/* HIST_BUCKETS per slice */
	struct fs_counts sum;
};

struct series {
	unsigned int apis; /* API_BIT() of those whose requests are told; 0 = any */
	uint64_t merged;   /* slices of the ledger to one of these */
	uint64_t seen;	   /* slices of the ledger so far */
	size_t nr_slices;
	bool grows;
	struct series_row *rows[SERIES_ROWS_MAX]; /* [0] is the whole */
	size_t nr_rows;
	bool left_out; /* rows beyond the bound */
	bool any_loss;
	struct loss loss;	/* of all slices */
	struct counters totals; /* what it is a share of: submits, requests, sleeps */
	int err;		/* -ENOMEM once memory was short */
};

/* Room for so many slices, in fewer if they are many, of these apis. NULL on lack of memory. */
struct series *series__new(uint64_t slices, unsigned int apis);
/*
 * The same where nobody knows yet how many there will be: two are taken as one whenever the room is
 * used up. NULL on lack of memory.
 */
struct series *series__growing(void);
/* The same, and from now on the ledger has slices. */
struct series *series__open(struct ledger *l);
/* Of nr_slices those that are used. */
size_t series__used(const struct series *s);
void series__free(struct series *s);
/* Of what was lost; see loss__share. */
double series__loss_share(const struct series *s);
/* The present slice of the ledger, of which slices are taken, is complete: the next one begins. */
void series__take(struct series *s, struct ledger *l);
/* All slices are taken: what only all of them tell is put right. */
void series__finish(struct series *s);
/* A sum over all slices. */
double series_row__sum(const struct series_row *r, enum series_column column);

#endif
