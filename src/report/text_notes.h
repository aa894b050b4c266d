/* SPDX-License-Identifier: GPL-2.0 */
/* What the figures leave out, and how they became known: the end of the page. */
#ifndef AIOSTALL_REPORT_TEXT_NOTES_H
#define AIOSTALL_REPORT_TEXT_NOTES_H

#include "report/print.h"

void text_notes__print(struct print *p, const struct report *r, const struct format_opts *o);

#endif
