// SPDX-License-Identifier: GPL-2.0
#include "paste/table.h"

#include <stdio.h>
#include <stdlib.h>

#include "paste/chars.h"
#include "paste/words.h"

static size_t column_of(const struct word *w, size_t nr, const char *const *names)
{
	for (size_t i = 0; i < nr; i++)
		for (size_t k = 0; names[k]; k++)
			if (words__equal(w[i], names[k]))
				return i + 1;
	return 0;
}

bool table__read_head(const char *line, struct table *t)
{
	static const char *const pids[] = {"TID", "LWP", "SPID", "PID", NULL};
	static const char *const states[] = {"STAT", "S", "STATE", NULL};
	static const char *const wchans[] = {"WCHAN", NULL};
	static const char *const comms[] = {"COMMAND", "CMD", "COMM", NULL};
	struct word w[WORDS_MAX];
	size_t nr = strstr(line, "WCHAN") ? words__split(line, w) : 0;

	if (!column_of(w, nr, wchans))
		return false;
	*t = (struct table){
		.pid = column_of(w, nr, pids),
		.state = column_of(w, nr, states),
		.wchan = column_of(w, nr, wchans),
		.comm = column_of(w, nr, comms),
	};
	return true;
}

/* "blk_mq_get_tag", "schedule"; "-" and "0" are no function. */
static bool is_function(struct word w)
{
	return w.len > 1 && chars__name(w.s) == w.len && !isdigit((unsigned char)*w.s) &&
	       strspn(w.s, "abcdefghijklmnopqrstuvwxyz0123456789_") == w.len;
}

static void set_frame(struct found_frame *frame, struct word wchan)
{
	*frame = (struct found_frame){.name = wchan.s, .len = is_function(wchan) ? wchan.len : 0};
}

static bool read_columns(const struct table *t, const struct word *w, size_t nr, struct task *task,
			 struct found_frame *frame)
{
	struct word wchan;

	if (t->wchan > nr || t->pid > nr || t->state > nr || t->comm > nr)
		return false;
	wchan = w[t->wchan - 1];
	if (!is_function(wchan) && !words__equal(wchan, "-") && !words__equal(wchan, "0"))
		return false;
	if (t->pid && !words__is_number(w[t->pid - 1]))
		return false;
	if (t->pid)
		task->pid = (uint32_t)strtoul(w[t->pid - 1].s, NULL, 10);
	if (t->state)
		task->state = *w[t->state - 1].s;
	if (t->comm)
		words__set_program(task, w[t->comm - 1]);
	set_frame(frame, wchan);
	return true;
}

/* "4242 D blk_mq_get_tag fio" in any order */
static bool read_clear(const struct word *w, size_t nr, struct task *task,
		       struct found_frame *frame)
{
	struct word wchan = {NULL, 0}, comm = {NULL, 0};

	for (size_t i = 0; i < nr; i++) {
		if (words__is_number(w[i]) && !task->pid)
			task->pid = (uint32_t)strtoul(w[i].s, NULL, 10);
		else if (words__is_state(w[i]) && !task->state)
			task->state = *w[i].s;
		else if (!wchan.len && is_function(w[i]) && memchr(w[i].s, '_', w[i].len))
			wchan = w[i];
		else if (!comm.len)
			comm = w[i];
		else
			return false;
	}
	if (nr != 4 || !task->pid || !task->state || !wchan.len || !comm.len)
		return false;
	words__set_program(task, comm);
	set_frame(frame, wchan);
	return true;
}

bool table__read_row(const struct table *t, const char *line, struct task *task,
		     struct found_frame *frame)
{
	struct word w[WORDS_MAX];
	size_t nr = words__split(line, w);

	*task = (struct task){.pid = 0};
	if (t->wchan)
		return read_columns(t, w, nr, task, frame);
	return read_clear(w, nr, task, frame);
}

bool table__read_grep(const char *line, struct task *task, struct found_frame *frame)
{
	const char *at = strstr(line, "/wchan:"), *pid = at, *name;

	if (!at)
		return false;
	while (pid > line && isdigit((unsigned char)pid[-1]))
		pid--;
	*task = (struct task){.pid = (uint32_t)strtoul(pid, NULL, 10)};
	name = at + strlen("/wchan:");
	set_frame(frame, (struct word){name, strcspn(name, " \t")});
	return task->pid;
}
