/* SPDX-License-Identifier: GPL-2.0 */
/* Inside of views: how much what a report says matters, and what of it is to be named. */
#ifndef AIOSTALL_MODEL_JUDGE_H
#define AIOSTALL_MODEL_JUDGE_H

#include "model/select.h"

/* The share of each cause of a plane: those of one plane add up to the whole. */
void judge__shares(struct report_fs *f, enum plane plane);
/* Of a row that is finished else: made of these filesystems and rows, which may be sorted anew. */
void judge__fs(const struct selection *s, struct report_fs *f, const struct ledger_fs **of,
	       size_t nr_of, const struct ledger_row **rows, size_t nr_rows);
/* Of the losses; totals are those of all that was seen, whatever the view leaves out. */
void judge__loss(const struct selection *s, struct report *r);
/* Of the whole: the worst of its filesystems, and of sleeps that have not ended. */
void judge__report(const struct selection *s, struct report *r);

#endif
