/* SPDX-License-Identifier: GPL-2.0 */
/* --fail-on: verdicts that a place must not have, "append:blocks,any:synchronous". */
#ifndef AIOSTALL_QUALIFY_GATE_H
#define AIOSTALL_QUALIFY_GATE_H

#include "base/base.h"
#include "qualify/plan.h"
#include "qualify/result.h"

#define VERDICT_GATES_MAX 32

struct verdict_gate_clause {
	char text[ROW_ID_MAX + 48]; /* as given */
	char engine[24];	    /* "" = the first of the result */
	char row[ROW_ID_MAX];
	enum verdict verdict;
};

struct verdict_gate {
	struct verdict_gate_clause clauses[VERDICT_GATES_MAX];
	size_t nr;
};

/* Add the clauses of a list [ENGINE/]ROW:VERDICT[,...]. 0, or -EINVAL with e set. */
int verdict_gate__parse(struct verdict_gate *g, const char *list, struct err *e);
/* That each clause is about a row that will run: 0, or -EINVAL with e set. It would hold of nothing. */
int verdict_gate__check(const struct verdict_gate *g, const struct plan *p, struct err *e);
/*
 * The first cell for which the i-th clause holds: rare, blocks and synchronous hold for what is worse
 * too, the other words for themselves. NULL if there is none.
 */
const struct cell *verdict_gate__tripped(const struct verdict_gate *g, size_t i,
					 const struct result *r);

#endif
