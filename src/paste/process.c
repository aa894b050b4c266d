// SPDX-License-Identifier: GPL-2.0
#include "paste/process.h"

#include <stdlib.h>

#include "paste/chars.h"
#include "paste/words.h"

/* "0.3" */
static bool is_share(struct word w)
{
	return w.len > 2 && isdigit((unsigned char)*w.s) && memchr(w.s, '.', w.len) &&
	       strspn(w.s, "0123456789.") == w.len;
}

/* "0:01", "00:00:01", "1-02:03:04" */
static bool is_time(struct word w)
{
	return memchr(w.s, ':', w.len) && isdigit((unsigned char)*w.s) &&
	       strspn(w.s, "0123456789:-.") == w.len;
}

static void set_pid(struct task *t, struct word w)
{
	t->pid = (uint32_t)strtoul(w.s, NULL, 10);
}

/* "Name:	fio", "State:	D (disk sleep)", "Pid:	4242" */
static bool read_status(struct task *t, const struct word *w, size_t nr)
{
	if (nr < 2)
		return false;
	if (chars__starts(w[0].s, "Name:"))
		words__set_program(t, w[1]);
	else if (chars__starts(w[0].s, "State:") && words__is_state(w[1]))
		t->state = *w[1].s;
	else if (chars__starts(w[0].s, "Pid:") && words__is_number(w[1]) && nr == 2)
		set_pid(t, w[1]);
	else
		return false;
	return true;
}

/* "4242: /usr/bin/fio --name=x": a pid and a command line */
static bool read_command(struct task *t, const struct word *w, size_t nr)
{
	struct word pid = w[0];

	if (pid.len && pid.s[pid.len - 1] == ':')
		pid.len--;
	if (nr < 2 || !words__is_number(pid) || *w[1].s != '/' || chars__starts(w[1].s, "/proc/"))
		return false;
	set_pid(t, pid);
	words__set_program(t, w[1]);
	return true;
}

/* A row of ps aux, ps -ef or ps ax. */
static bool read_row(struct task *t, const struct word *w, size_t nr)
{
	size_t pid = 1, state = 0, command;

	if (nr > 10 && words__is_number(w[1]) && is_share(w[2]) && is_share(w[3]) &&
	    words__is_state(w[7])) {
		state = 7;
		command = 10;
	} else if (nr > 7 && words__is_number(w[1]) && words__is_number(w[2]) &&
		   words__is_number(w[3]) && is_time(w[6])) {
		command = 7;
	} else if (nr > 4 && words__is_number(w[0]) && words__is_state(w[2]) && is_time(w[3])) {
		pid = 0;
		state = 2;
		command = 4;
	} else {
		return false;
	}
	set_pid(t, w[pid]);
	words__set_program(t, w[command]);
	if (state)
		t->state = *w[state].s;
	return true;
}

/* "/proc/4242", "/proc/4240/task/4242/": the last number of it */
static bool read_folder(struct task *t, const struct word *w, size_t nr)
{
	const char *p = strstr(w[0].s, "/proc/"), *task;

	if (!p || p >= w[0].s + w[0].len || !chars__digits(p + 6))
		return false;
	p += 6;
	task = strstr(p, "/task/");
	if (task && chars__digits(task + 6))
		p = task + 6;
	t->pid = (uint32_t)strtoul(p, NULL, 10);
	p += chars__digits(p);
	p += *p == '/';
	p += *p == ':';
	if (*p && !chars__is_blank(*p) && !strchr("\"')", *p))
		return false;
	if (nr == 2)
		words__set_program(t, w[1]);
	return nr <= 2;
}

enum head_kind process__read(const char *line, struct task *t)
{
	struct word w[WORDS_MAX];
	size_t nr = words__split(line, w);

	if (nr && (read_status(t, w, nr) || read_command(t, w, nr) || read_row(t, w, nr) ||
		   read_folder(t, w, nr)))
		return HEAD_MAYBE;
	*t = (struct task){.pid = 0};
	return HEAD_NONE;
}
