/* SPDX-License-Identifier: GPL-2.0 */
/* Paths of the files that requests are for; valid during the call that delivers an event. */
#ifndef AIOSTALL_LIVE_FILES_H
#define AIOSTALL_LIVE_FILES_H

#include "live/state.h"

/* "" if it is not known. */
const char *live_files__path(struct live *lv, const struct wire_req *r, uint32_t pid);

#endif
