/* SPDX-License-Identifier: GPL-2.0 */
/* Pieces of an HTML page: what comes from outside is escaped here and nowhere else. */
#ifndef AIOSTALL_REPORT_HTMLW_H
#define AIOSTALL_REPORT_HTMLW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "model/event.h"

/* Any bytes, as text or as the value of an attribute; NULL reads as "". */
void htmlw__text(FILE *out, const char *s);
/* The same as a string of JSON inside a script element, with its quotes. */
void htmlw__json(FILE *out, const char *s);
/* "ext4 /data (sda1)", not escaped. buf is returned. */
const char *htmlw__fs_name(const struct fs_info *fs, char *buf, size_t size);
/* <TAG class="CLASS">TEXT</TAG>; class "" = none */
void htmlw__element(FILE *out, const char *tag, const char *class, const char *text);

/* A table that can be sorted: heads separated by "|", those of text begin with "*". */
void htmlw__table(FILE *out, const char *caption, const char *heads);
void htmlw__table_end(FILE *out);
void htmlw__row(FILE *out);
void htmlw__row_end(FILE *out);
/* Cells; what is not known sorts below everything. */
void htmlw__name(FILE *out, const char *s);
void htmlw__count(FILE *out, uint64_t n, bool known);
void htmlw__time(FILE *out, uint64_t ns);
void htmlw__share(FILE *out, double share, bool known);

/* How many of nr rows are shown, if at most top are asked for; 0 = as many as a page should have. */
size_t htmlw__shown(size_t nr, size_t top);
/* Nothing is left out without being said: "more stack{|s}", see fmt__many. */
void htmlw__rest(FILE *out, size_t nr, size_t shown, const char *what);

/* A line of facts: <dt>, <dd>; nothing if s is empty. */
void htmlw__fact(FILE *out, const char *what, const char *s);

/* The beginning of a page up to its <main>, and its end. */
void htmlw__begin(FILE *out, const char *title);
void htmlw__end(FILE *out);

#endif
