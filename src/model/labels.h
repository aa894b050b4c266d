/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who sleeps, by one name that there may be any number of (a cgroup, a program), in few: a view of the
 * slices of a ledger. The names that sleep most have sums of their own, all else is "other".
 *
 * A reader of sums sees growth between two readings only, so growth must never come with a sum that was
 * not there at the first. A sum of its own begins with 0 when it is told for the first time, and until
 * then its name's sleeps are in "other"; a name that loses its place leaves to "other" what was not told
 * yet, and finds its sum again if it comes back. So each sum only grows, and what all of them have grown
 * is what was slept.
 */
#ifndef AIOSTALL_MODEL_LABELS_H
#define AIOSTALL_MODEL_LABELS_H

#include "base/base.h"
#include "model/ledger.h"

#define LABELS_DEFAULT 20
#define LABELS_MAX 1000
#define LABELS_OTHER "other"
#define LABELS_UNKNOWN "unknown"
/* Beyond these the sum that was used longest ago is told no more. */
#define LABELS_ROWS_MAX 8192

enum label { LABEL_CGROUP, LABEL_COMM };

/* One sum. */
struct labels_row {
	enum api api;
	const char *fstype, *device, *name;
	uint64_t sleeps, blocked_ns;
};

struct labels;

/* So many names besides "other" and "unknown". NULL on lack of memory. */
struct labels *labels__new(enum label label, size_t most);
const char *label__name(enum label label);
enum label labels__by(const struct labels *l);
/* "cgroup" or "comm:50". 0 or -EINVAL with e set. */
int labels__parse(const char *text, enum label *label, size_t *most, struct err *e);
/* The present slice is complete; call before it is taken by whoever ends it. */
void labels__take(struct labels *l, const struct ledger *of, uint64_t now_ns);
/* "other" of a filesystem is there from now on, with 0 if nothing slept. */
void labels__want(struct labels *l, const struct fs_info *fs);
/* The sums, by their names; valid until the next call that takes. */
const struct labels_row *labels__rows(struct labels *l, size_t *nr);
/* Somebody has read what labels__rows returns now. */
void labels__told(struct labels *l);
/* Sleeps that are in "other" because there are so many names. */
uint64_t labels__overflow(const struct labels *l);
/* Sums that each filesystem can have. */
size_t labels__per_fs(const struct labels *l);
void labels__free(struct labels *l); /* free(NULL) works */

#endif
