/* SPDX-License-Identifier: GPL-2.0 */
/* Inside of views: the causes of a filesystem's sleeps, and the files that they were for. */
#ifndef AIOSTALL_MODEL_REPORT_CAUSES_H
#define AIOSTALL_MODEL_REPORT_CAUSES_H

#include "model/select.h"

/* Of rows that are one filesystem's and that are sorted anew; counters are there already. */
void report_causes__build(struct selection *s, struct report_fs *f, const struct ledger_row **rows,
			  size_t nr);
/* *n is 0 if memory is short. */
struct report_file *report_files__build(struct pool *p, const struct ledger_row **rows, size_t nr,
					size_t *n);

#endif
