/* SPDX-License-Identifier: GPL-2.0 */
/* Rows with a task and the one function that it waits in: ps -o wchan, /proc/PID/wchan. */
#ifndef AIOSTALL_PASTE_TABLE_H
#define AIOSTALL_PASTE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "paste/frames.h"
#include "paste/heads.h"

/* Columns from 1 on, 0 = the table has none. */
struct table {
	size_t pid, state, wchan, comm;
};

/* Is the line the head of such a table? *t is set if it is. */
bool table__read_head(const char *line, struct table *t);
/*
 * A row of the table, or one that is clear without a head: a pid, a program, a state and a function.
 * frame->len is 0 where the task waits in none.
 */
bool table__read_row(const struct table *t, const char *line, struct task *task,
		     struct found_frame *frame);
/* "/proc/4242/wchan:blk_mq_get_tag" of grep */
bool table__read_grep(const char *line, struct task *task, struct found_frame *frame);

#endif
