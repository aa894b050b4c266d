/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A text as it was pasted, with what terminals, web pages, log daemons and JSON put into it taken out:
 * colours, entities and tags, escapes, blanks that are no ASCII.
 */
#ifndef AIOSTALL_PASTE_PLAIN_H
#define AIOSTALL_PASTE_PLAIN_H

#include <stddef.h>

/*
 * In place; returns the new length, which is never larger. A line break that was spelled out ("\n",
 * "<br>", "#012") becomes a '\r': the line has still the number of the one that it stood in.
 */
size_t plain__make(char *text, size_t len);

#endif
