/* SPDX-License-Identifier: GPL-2.0 */
/* A result, printed: the RESULT printers of formats.def. */
#ifndef AIOSTALL_QUALIFY_PRINT_RESULT_H
#define AIOSTALL_QUALIFY_PRINT_RESULT_H

#include <stdio.h>

#include "qualify/result.h"
#include "report/format.h"

/* 0 or -errno. */
typedef int result_print_fn(const struct result *r, FILE *out, const struct format_opts *o);

#define FORMAT(name, help, printers) printers
#define RESULT(fn) result_print_fn fn;
#include "report/formats.def"

/* NULL = the format has none. */
result_print_fn *result_print__find(const char *format);

#endif
