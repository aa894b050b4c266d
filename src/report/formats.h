/* SPDX-License-Identifier: GPL-2.0 */
/* The formats' entry points, for the table in format.c only. */
#ifndef AIOSTALL_REPORT_FORMATS_H
#define AIOSTALL_REPORT_FORMATS_H

#include "report/format.h"

int text__print(FILE *out, const struct report *r, const struct format_opts *o);
int json__print(FILE *out, const struct report *r, const struct format_opts *o);
int csv__print(FILE *out, const struct report *r, const struct format_opts *o);
int folded__print(FILE *out, const struct report *r, const struct format_opts *o);

#endif
