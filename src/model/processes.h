/* SPDX-License-Identifier: GPL-2.0 */
/* Inside of the ledger and of views: processes, and the errors of their calls. */
#ifndef AIOSTALL_MODEL_PROCESSES_H
#define AIOSTALL_MODEL_PROCESSES_H

#include "model/select.h"

void processes__forget(struct ledger *l);
/*
 * The name of the process that all of these rows are of; where the source did not tell it, of the thread
 * that lost most time.
 */
const char *processes__name(const struct selection *s, const struct ledger_row **rows, size_t nr);
/* Of all processes that submitted, if they have one name; NULL if not, or if no source told. */
const char *processes__only_name(const struct ledger *l);
/* Those of a report; sorts the selected rows anew. */
void processes__build(struct selection *s, struct report *r);

#endif
