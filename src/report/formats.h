/* SPDX-License-Identifier: GPL-2.0 */
/* The printers that formats.def names, but for those of a comparison, which are in src/diff. */
#ifndef AIOSTALL_REPORT_FORMATS_H
#define AIOSTALL_REPORT_FORMATS_H

#include "report/format.h"

#define FORMAT(name, help, printers) printers
#define REPORT(fn) report_print_fn fn;
#define GROUPS(fn) report_print_fn fn;
#define INFO(fn) info_print_fn fn;
#define TIMELINE(fn) timeline_print_fn fn;
#define ROWS(fn) rows_print_fn fn;
#define LINES(object) extern const struct line_format object;
#include "report/formats.def"

#endif
