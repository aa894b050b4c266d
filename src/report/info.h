/* SPDX-License-Identifier: GPL-2.0 */
/* What is in a recording, in words or for programs. */
#ifndef AIOSTALL_REPORT_INFO_H
#define AIOSTALL_REPORT_INFO_H

#include <stdio.h>

#include "report/format.h"
#include "store/store.h"

/* 0 or -errno. */
int info__print_text(FILE *out, const struct store *s, const struct format_opts *o);
/* One object, schema aiostall-info/1. */
int info__print_json(FILE *out, const struct store *s);

#endif
