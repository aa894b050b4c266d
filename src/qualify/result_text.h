/* SPDX-License-Identifier: GPL-2.0 */
/* A result for people: 80 columns. */
#ifndef AIOSTALL_QUALIFY_RESULT_TEXT_H
#define AIOSTALL_QUALIFY_RESULT_TEXT_H

#include <stdio.h>

#include "qualify/result.h"
#include "report/format.h"

/* 0 or -errno. */
int result_text__print(const struct result *r, FILE *out, const struct format_opts *o);

#endif
