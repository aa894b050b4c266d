/* SPDX-License-Identifier: GPL-2.0 */
/* What the screen shows, for programs: an object a line. */
#ifndef AIOSTALL_TOP_LINES_H
#define AIOSTALL_TOP_LINES_H

#include "top/screen.h"

/* Schema aiostall-top/1. 0 or -errno. */
int top_lines__print(FILE *out, const struct page *p, const struct screen *s);

#endif
