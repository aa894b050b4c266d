/* SPDX-License-Identifier: GPL-2.0 */
/* One cell: a row on an engine at a place, run in the calling thread. */
#ifndef AIOSTALL_QUALIFY_RUN_H
#define AIOSTALL_QUALIFY_RUN_H

#include "qualify/site.h"
#include "qualify/plan.h"

/* The submits take budget_ms at most, twice if the verdict would hang on chance. Fills in all of c but the cause. */
void run__cell(const struct site *p, const struct plan_cell *pc, uint64_t budget_ms,
	       struct cell *c);
/* The first requests of all, a few overwrites: they may have to wait for what is set up but once. */
void run__warm_up(const struct site *p, const char *engine, struct cell *c);

#endif
