/* SPDX-License-Identifier: GPL-2.0 */
/* The bare function name in a frame as some tool wrote it. */
#ifndef AIOSTALL_CAUSE_FRAME_H
#define AIOSTALL_CAUSE_FRAME_H

#include <stdbool.h>

#include "cause/pattern.h"

/*
 * Without address, "#N", "[<...>]", "? ", compiler suffix, offset and module.
 * What has no name keeps its text (an address stays an address). Empty for "".
 */
struct name frame__name(const char *frame);

#endif
