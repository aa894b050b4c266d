/* SPDX-License-Identifier: GPL-2.0 */
/* A result in one sentence that one can act on. */
#ifndef AIOSTALL_QUALIFY_SUMMARY_H
#define AIOSTALL_QUALIFY_SUMMARY_H

#include "qualify/result.h"

/* buf is returned. */
char *summary__line(const struct result *r, char *buf, size_t size);

#endif
