/* SPDX-License-Identifier: GPL-2.0 */
/* A comparison, printed: the DIFF printers of formats.def. */
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

/* A printer; returns 0 or -errno. */
typedef int diff_print_fn(FILE *out, const struct diff_output *o, const struct format_opts *f);

#define FORMAT(name, help, printers) printers
#define DIFF(fn) diff_print_fn fn;
#include "report/formats.def"

/* The printer of a format, NULL if it has none for this. */
diff_print_fn *diff_print__find(const char *format);

#endif
