/* SPDX-License-Identifier: GPL-2.0 */
/* What one line can say of a filesystem: who suffers most, how much, and why. */
#ifndef AIOSTALL_MODEL_GLANCE_H
#define AIOSTALL_MODEL_GLANCE_H

#include "model/report.h"
#include "model/select.h"

/* The glance of a row of the report that has been judged; its rows of sleeps, of all planes, are sorted anew. */
void glance__build(const struct selection *s, struct report_fs *f, const struct ledger_row **rows,
		   size_t nr_rows);

#endif
