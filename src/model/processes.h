/* SPDX-License-Identifier: GPL-2.0 */
/* Inside of the ledger and of views: processes, and the errors of their calls. */
#ifndef AIOSTALL_MODEL_PROCESSES_H
#define AIOSTALL_MODEL_PROCESSES_H

#include "model/select.h"

void processes__forget(struct ledger *l);
/* Those of a report; sorts the selected rows anew. */
void processes__build(struct selection *s, struct report *r);

#endif
