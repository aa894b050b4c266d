/* SPDX-License-Identifier: GPL-2.0 */
/* Where there is room for two columns of text, parts of a page stand side by side. */
#ifndef AIOSTALL_REPORT_BESIDE_H
#define AIOSTALL_REPORT_BESIDE_H

#include "report/print.h"

/* One of the parts; what it prints may be nothing. */
typedef void beside_fn(struct print *p, void *ctx, size_t part);

/* All n parts in their order: one below the other, or first down the left column, then the right one. */
void beside__print(struct print *p, beside_fn *body, void *ctx, size_t n);

#endif
