/* SPDX-License-Identifier: GPL-2.0 */
/* What stands around every line of a text: comment marks, the fields of a journal, the edge of a terminal. */
#ifndef AIOSTALL_PASTE_MARGIN_H
#define AIOSTALL_PASTE_MARGIN_H

#include "paste/lines.h"

/* Lines become fewer and shorter, in place. */
void margin__take_off(struct lines *lines);

#endif
