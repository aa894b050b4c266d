/* SPDX-License-Identifier: GPL-2.0 */
/* Of the HTML page: who submitted, and what became of calls that failed. */
#ifndef AIOSTALL_REPORT_HTML_WHO_H
#define AIOSTALL_REPORT_HTML_WHO_H

#include <stdio.h>

#include "model/report.h"
#include "report/format.h"

/* Nothing of what there is none of; o may be NULL. */
void html_who__print(FILE *out, const struct report *r, const struct format_opts *o);

#endif
