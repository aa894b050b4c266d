/* SPDX-License-Identifier: GPL-2.0 */
/* Filters: words of the user to keys of the programs. */
#ifndef AIOSTALL_LIVE_FILTER_H
#define AIOSTALL_LIVE_FILTER_H

#include "live/state.h"

/* Names for a list of the programs, at most 8. 0 or -errno with e set. */
int filter__set_names(const char *option, char (*to)[16], const char *const *names, size_t nr,
		      struct err *e);
/* With the maps created, and before attaching. 0 or -errno with e set. */
int filter__fill(struct live *lv, struct err *e);

#endif
