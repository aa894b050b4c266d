/* SPDX-License-Identifier: GPL-2.0 */
/* The report's section on what tracing itself cost. */
#ifndef AIOSTALL_REPORT_TEXT_SELF_H
#define AIOSTALL_REPORT_TEXT_SELF_H

#include "model/report.h"

struct print;

/* Prints nothing where it was not asked for. */
void text_self__print(struct print *p, const struct report *r);

#endif
