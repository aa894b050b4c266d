/* SPDX-License-Identifier: GPL-2.0 */
/* The verdict: one aligned line for each filesystem, and a sentence for each that is not fine. */
#ifndef AIOSTALL_REPORT_TEXT_GLANCE_H
#define AIOSTALL_REPORT_TEXT_GLANCE_H

#include "report/print.h"

/* With o->last the lines stand below the sentences: the screen ends with them. */
void text_glance__print(struct print *p, const struct report *r, const struct format_opts *o);

#endif
