/* SPDX-License-Identifier: GPL-2.0 */
/* The part of the text report that explains one filesystem's sleeps. */
#ifndef AIOSTALL_REPORT_TEXT_CAUSES_H
#define AIOSTALL_REPORT_TEXT_CAUSES_H

#include "report/print.h"

/* Nothing if the filesystem's requests never slept. */
void text_causes__print(struct print *p, const struct report_fs *f, const struct format_opts *o);
/* Others hurt and this one does not: its sentence is enough unless more is asked for. */
bool text_causes__in_short(const struct report *r, const struct report_fs *f,
			   const struct format_opts *o);
/* A line that says of how many filesystems the details are left out. */
void text_causes__left_out(struct print *p, const struct report *r, const struct format_opts *o);
/* "request 3 of 16 (exact), pwrite, /data/file offset 0 length 4096, O_DIRECT"; nothing if not
 * known. */
void text_causes__request(struct print *p, const char *lead, const struct request *q);
/* Why a cause is not certain, see causes__say_doubt; name NULL = it is. */
void text_causes__doubt(struct print *p, const char *name, bool advice);

#endif
