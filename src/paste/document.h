/* SPDX-License-Identifier: GPL-2.0 */
/* JSON as it is pasted: reports of this and other tools, lines of logs, arrays of names. */
#ifndef AIOSTALL_PASTE_DOCUMENT_H
#define AIOSTALL_PASTE_DOCUMENT_H

#include <stddef.h>

/*
 * A copy of text[0..*len) with two NULs behind it; where there are documents in it, the stacks and lines
 * in them instead. A line of it has the number of the line that its document began at or before.
 * The caller frees it; NULL when memory is short.
 */
char *document__text(const char *text, size_t *len);

#endif
