/* SPDX-License-Identifier: GPL-2.0 */
/* Which end of a stack is which, and whether its task slept. */
#ifndef AIOSTALL_PASTE_ORDER_H
#define AIOSTALL_PASTE_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "paste/paste.h"

/* "__schedule" and what else is only the innermost of a sleeper. */
bool order__is_switch(const char *name);
/* Where the kernel was entered or a thread began. */
bool order__is_outermost(const char *name);
/* Were the frames written from the outermost inward? */
bool order__is_reversed(const struct paste_frame *frames, size_t nr);
/* Is the switch to another task among them? */
bool order__switched(const struct paste_frame *frames, size_t nr);
/* As the frames show it; a task that is known to run is for the caller. */
enum paste_sleep order__sleep(const struct paste_frame *frames, size_t nr, bool interrupted);

#endif
