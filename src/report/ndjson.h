/* SPDX-License-Identifier: GPL-2.0 */
/* Rows of a recording for SQL engines: what each second added, a JSON object a line. */
#ifndef AIOSTALL_REPORT_NDJSON_H
#define AIOSTALL_REPORT_NDJSON_H

#include "model/view.h"
#include "store/store.h"

/* The columns are in docs/fleet.md. filter: of threads leaves out what is counted of calls. 0 or -errno with e set. */
int ndjson__print(FILE *out, struct store *s, const struct store_range *range,
		  const struct view_filter *filter, struct err *e);

#endif
