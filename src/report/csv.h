/* SPDX-License-Identifier: GPL-2.0 */
/* Fields of RFC 4180, with nothing in them that a terminal would obey. */
#ifndef AIOSTALL_REPORT_CSV_H
#define AIOSTALL_REPORT_CSV_H

#include <stdint.h>
#include <stdio.h>

/* One row: the first field has no comma before it. */
struct csv {
	FILE *out;
	int fields; /* of the present row */
};

void csv__text(struct csv *c, const char *s);
void csv__u64(struct csv *c, uint64_t v);
void csv__real(struct csv *c, double v);
void csv__end(struct csv *c);

#endif
