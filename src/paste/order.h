/* SPDX-License-Identifier: GPL-2.0 */
/* Which end of a stack is which, and whether its task slept. */
#ifndef AIOSTALL_PASTE_ORDER_H
#define AIOSTALL_PASTE_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "paste/lines.h"
#include "paste/paste.h"

/* "__schedule" and what else is only the innermost of a sleeper. */
bool order__is_switch(const char *name);
/* Where the kernel was entered or a thread began. */
bool order__is_outermost(const char *name);
/* Frames that were written from the outermost inward are turned round. */
void order__turn_inward(struct paste_frame *frames, size_t nr);
/* One of those that put a task to sleep: "schedule_timeout", "io_schedule". */
bool order__is_wait(const char *name);
/* As the frames that are sure and the task's head show it. */
enum paste_sleep order__sleep_of(const struct paste *p, const struct paste_stack *s);
/* Are frames that each stack has once there twice, so that two were written at the same time? */
bool order__is_mixed(const struct paste *p, const struct paste_stack *s);
/* Does the log begin in the middle of the first stack: no head, no frame of a wait, but heads behind it? */
bool order__begins_within(const struct paste *p, const struct lines *lines);

#endif
