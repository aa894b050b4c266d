/* SPDX-License-Identifier: GPL-2.0 */
/* When it blocked, in the page of a report: a lane for each filesystem, and data to choose a time by. */
#ifndef AIOSTALL_REPORT_HTML_TIME_H
#define AIOSTALL_REPORT_HTML_TIME_H

#include "report/format.h"

/* Nothing, if o has no series or nothing slept. */
void html_time__print(FILE *out, const struct report *r, const struct format_opts *o);

#endif
