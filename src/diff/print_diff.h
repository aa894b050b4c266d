/* SPDX-License-Identifier: GPL-2.0 */
/* A comparison as text and as JSON. */
#ifndef AIOSTALL_DIFF_PRINT_DIFF_H
#define AIOSTALL_DIFF_PRINT_DIFF_H

#include "diff/gate.h"
#include "report/format.h"

/* All of one output: every NEW against the same OLD. */
struct diff_output {
	const struct diff *const *diffs;
	size_t nr;
	const struct gate *gate;
	double significance;
};

typedef int (*diff_print_fn)(FILE *out, const struct diff_output *o, const struct format_opts *f);

/* Both return 0 or -errno. */
int diff_text__print(FILE *out, const struct diff_output *o, const struct format_opts *f);
int diff_json__print(FILE *out, const struct diff_output *o, const struct format_opts *f);

#endif
