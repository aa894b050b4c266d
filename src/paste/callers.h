/* SPDX-License-Identifier: GPL-2.0 */
/* Lines of two tasks or CPUs that print at once ("[   T38]", "[    C1]"). */
#ifndef AIOSTALL_PASTE_CALLERS_H
#define AIOSTALL_PASTE_CALLERS_H

#include "paste/lines.h"

/*
 * Lines of each caller are put together, in the order in which the callers began; a line that
 * names none stays behind the one before it. 0 or -ENOMEM.
 */
int callers__part(struct lines *lines);

#endif
