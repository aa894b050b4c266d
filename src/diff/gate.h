/* SPDX-License-Identifier: GPL-2.0 */
/* --fail-on: conditions that make a comparison fail. The grammar is in docs/diff.md. */
#ifndef AIOSTALL_DIFF_GATE_H
#define AIOSTALL_DIFF_GATE_H

#include "base/base.h"
#include "diff/diff.h"

#define GATE_CLAUSES_MAX 16

enum gate_kind { GATE_APPEARED, GATE_VANISHED, GATE_CHANGE, GATE_BOUND };

struct gate_clause {
	char text[128]; /* as given */
	char scope[64]; /* "" = the whole; a filesystem's type or a cause */
	enum gate_kind kind;
	const struct measure *measure;
	bool above, or_equal;
	double value; /* GATE_CHANGE: wanted new / old; GATE_BOUND: ns or a number */
};

struct gate {
	struct gate_clause clauses[GATE_CLAUSES_MAX];
	size_t nr;
};

/* Add the clauses of one expression. 0, or -EINVAL with e set. */
int gate__parse(struct gate *g, const char *expr, struct err *e);
/* What made the i-th clause true, in words; NULL if it is false. diff__judge came before. */
const char *gate__tripped(const struct gate *g, size_t i, const struct diff *d, char *buf,
			  size_t size);

#endif
