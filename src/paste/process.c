// SPDX-License-Identifier: GPL-2.0
#include "paste/process.h"

#include <stdio.h>
#include <stdlib.h>

#include "paste/chars.h"

#define WORDS_MAX 12
#define PID_DIGITS_MAX 9

struct word {
	const char *s;
	size_t len;
};

static size_t split(const char *line, struct word *words)
{
	size_t nr = 0;

	for (const char *p = chars__skip_blanks(line); *p && nr < WORDS_MAX;
	     p = chars__skip_blanks(p)) {
		words[nr] = (struct word){p, strcspn(p, " \t")};
		p += words[nr++].len;
	}
	return nr;
}

static bool is_number(struct word w)
{
	return w.len && w.len <= PID_DIGITS_MAX && chars__digits(w.s) == w.len;
}

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

static bool is_state(struct word w)
{
	return w.len && strchr("DRSTtXZIKP", *w.s) && strspn(w.s + 1, "<NLsl+") == w.len - 1;
}

/* "/usr/bin/fio" is fio, "[kworker/0:1]" and "(fio)" are what is inside. */
static void set_program(struct task *t, struct word w)
{
	const char *end = w.s + w.len, *base;

	if (w.len > 2 && (*w.s == '[' || *w.s == '(')) {
		w.s++;
		end--;
	} else {
		for (base = end; base > w.s && base[-1] != '/';)
			base--;
		w.s = base;
	}
	while (end > w.s && strchr(":,", end[-1]))
		end--;
	snprintf(t->comm, sizeof(t->comm), "%.*s", end - w.s > 15 ? 15 : (int)(end - w.s), w.s);
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
		set_program(t, w[1]);
	else if (chars__starts(w[0].s, "State:") && is_state(w[1]))
		t->state = *w[1].s;
	else if (chars__starts(w[0].s, "Pid:") && is_number(w[1]) && nr == 2)
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
	if (nr < 2 || !is_number(pid) || *w[1].s != '/' || chars__starts(w[1].s, "/proc/"))
		return false;
	set_pid(t, pid);
	set_program(t, w[1]);
	return true;
}

/* A row of ps aux, ps -ef or ps ax. */
static bool read_row(struct task *t, const struct word *w, size_t nr)
{
	size_t pid = 1, state = 0, command;

	if (nr > 10 && is_number(w[1]) && is_share(w[2]) && is_share(w[3]) && is_state(w[7])) {
		state = 7;
		command = 10;
	} else if (nr > 7 && is_number(w[1]) && is_number(w[2]) && is_number(w[3]) &&
		   is_time(w[6])) {
		command = 7;
	} else if (nr > 4 && is_number(w[0]) && is_state(w[2]) && is_time(w[3])) {
		pid = 0;
		state = 2;
		command = 4;
	} else {
		return false;
	}
	set_pid(t, w[pid]);
	set_program(t, w[command]);
	if (state)
		t->state = *w[state].s;
	return true;
}

/* "/proc/4242", "/proc/4240/task/4242/": the last number of it */
static bool read_folder(struct task *t, const struct word *w, size_t nr)
{
	const char *p = strstr(w[0].s, "/proc/");

	if (!p || p >= w[0].s + w[0].len || !chars__digits(p + 6))
		return false;
	p += 6;
	for (const char *task = strstr(p, "/task/"); task && chars__digits(task + 6); task = NULL)
		p = task + 6;
	t->pid = (uint32_t)strtoul(p, NULL, 10);
	p += chars__digits(p);
	p += *p == '/';
	p += *p == ':';
	if (*p && !chars__is_blank(*p) && !strchr("\"')", *p))
		return false;
	if (nr == 2)
		set_program(t, w[1]);
	return nr <= 2;
}

enum head_kind process__read(const char *line, struct task *t)
{
	struct word w[WORDS_MAX];
	size_t nr = split(line, w);

	if (nr && (read_status(t, w, nr) || read_command(t, w, nr) || read_row(t, w, nr) ||
		   read_folder(t, w, nr)))
		return HEAD_MAYBE;
	*t = (struct task){.pid = 0};
	return HEAD_NONE;
}
