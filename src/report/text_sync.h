/* SPDX-License-Identifier: GPL-2.0 */
/* The report's section on AIO that is not asynchronous. */
#ifndef AIOSTALL_REPORT_TEXT_SYNC_H
#define AIOSTALL_REPORT_TEXT_SYNC_H

#include "model/report.h"

struct print;

/* Prints nothing where it is known that all AIO was asynchronous, and none had RWF_NOWAIT. */
void text_sync__print(struct print *p, const struct report *r);

#endif
