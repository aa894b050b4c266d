/* SPDX-License-Identifier: GPL-2.0 */
/* The result as one page that needs nothing else. */
#ifndef AIOSTALL_QUALIFY_RESULT_HTML_H
#define AIOSTALL_QUALIFY_RESULT_HTML_H

#include <stdio.h>

#include "qualify/result.h"

/* 0 or -errno. */
int result_html__print(const struct result *r, FILE *out);

#endif
