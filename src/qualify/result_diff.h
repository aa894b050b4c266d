/* SPDX-License-Identifier: GPL-2.0 */
/* Two results of one place: which verdicts changed. */
#ifndef AIOSTALL_QUALIFY_RESULT_DIFF_H
#define AIOSTALL_QUALIFY_RESULT_DIFF_H

#include <stdio.h>

#include "qualify/result.h"
#include "report/format.h"

/* Facts that differ, then verdicts that do. 0 or -errno. */
int result_diff__print(const struct result *old, const struct result *new, FILE *out,
		       const struct format_opts *o);

#endif
