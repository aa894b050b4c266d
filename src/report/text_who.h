/* SPDX-License-Identifier: GPL-2.0 */
#ifndef AIOSTALL_REPORT_TEXT_WHO_H
#define AIOSTALL_REPORT_TEXT_WHO_H

#include "report/print.h"

/* The processes that submitted, most blocked first. */
void text_who__table(struct print *p, const struct report *r, const struct format_opts *o);
/* Calls that failed, by their errors; nothing if none did. */
void text_who__failures(struct print *p, const struct report *r);

#endif
