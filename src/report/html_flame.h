/* SPDX-License-Identifier: GPL-2.0 */
/* The flame graph of an HTML report: a place for it, and the stacks that the page's script draws. */
#ifndef AIOSTALL_REPORT_HTML_FLAME_H
#define AIOSTALL_REPORT_HTML_FLAME_H

#include <stdio.h>

#include "model/report.h"

/* What is not among the stacks that cost most is summed up. 0 or -ENOMEM. */
int html_flame__print(FILE *out, const struct report *r);

#endif
