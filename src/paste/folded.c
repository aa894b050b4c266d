// SPDX-License-Identifier: GPL-2.0
#include "paste/folded.h"

#include <stdio.h>
#include <stdlib.h>

#include "paste/chars.h"
#include "paste/order.h"

/* Where the parts end: before the count, if there is one. NULL: a word stands where none may. */
static const char *find_end(const char *line)
{
	const char *last = strrchr(line, ';');
	const char *blank = last ? strpbrk(last, " \t") : NULL;
	const char *count;

	if (!last)
		return NULL;
	if (!blank)
		return line + strlen(line);
	count = chars__skip_blanks(blank);
	count += chars__digits(count);
	return *chars__skip_blanks(count) ? NULL : blank;
}

/* "blk_mq_get_tag_[k]", "schedule+0x1/0x2", "[kernel.kallsyms]`schedule" */
static bool read_part(const char *p, size_t len, struct folded *f)
{
	const char *tick = memchr(p, '`', len);
	size_t n;

	if (tick) {
		len -= (size_t)(tick + 1 - p);
		p = tick + 1;
	}
	n = chars__name(p);
	if (n > len || !n || isdigit((unsigned char)*p))
		return true; /* "-", "[unknown]", an address: of no use */
	if (n > 1 && p[n - 1] == '_' && chars__starts(p + n, "[k]"))
		n--;
	if (f->nr == FOLDED_MAX) {
		memmove(f->v, f->v + 1, sizeof(f->v) - sizeof(f->v[0]));
		f->nr--;
	}
	f->v[f->nr++] = (struct found_frame){.name = p, .len = n};
	return true;
}

/* The program's name in front: "fio", "ceph-osd", "kworker/0:1". A function's has "_". */
static bool is_comm(const char *p, size_t len)
{
	return len && len < HEADS_COMM_MAX && !memchr(p, '=', len) &&
	       (chars__name(p) < len || !memchr(p, '_', len));
}

/* "fio 4242", "fio-4242/4240", "fio" */
static void read_comm(struct folded *f, const char *p, size_t len, uint32_t *pid)
{
	size_t at = len, digits;

	while (at && (isdigit((unsigned char)p[at - 1]) || p[at - 1] == '/'))
		at--;
	digits = chars__digits(p + at);
	/* "jbd2/dm-0-8" ends so itself. */
	if (at > 1 && digits && (p[at - 1] == ' ' || (p[at - 1] == '-' && !memchr(p, '/', at)))) {
		*pid = (uint32_t)strtoul(p + at, NULL, 10);
		len = at - 1;
	}
	memcpy(f->comm, p, len);
	f->comm[len] = '\0';
}

/* "50.00% " of perf report -g folded */
static const char *skip_share(const char *line)
{
	size_t n = strspn(line, "0123456789.");

	return n && line[n] == '%' ? chars__skip_blanks(line + n + 1) : line;
}

bool folded__read(const char *line, struct folded *f, uint32_t *pid)
{
	const char *p = skip_share(chars__skip_blanks(line)), *end = find_end(p);

	f->nr = 0;
	*pid = 0;
	*f->comm = '\0';
	if (!end || end == p)
		return false;
	for (size_t nr = 0; p < end; nr++) {
		const char *sep = memchr(p, ';', (size_t)(end - p));
		size_t len = (size_t)((sep ? sep : end) - p);

		/* Blanks are in names of programs only. */
		if (nr && memchr(p, ' ', len))
			return false;
		if (!nr && is_comm(p, len)) {
			read_comm(f, p, len, pid);
		} else {
			read_part(p, len, f);
		}
		p += len + 1;
	}
	return f->nr > 1;
}

/* "fio[4242]" among the columns in front of the chain. */
static void read_owner(const char *line, const char *end, struct folded *f, uint32_t *pid)
{
	*pid = 0;
	for (const char *open = line; (open = memchr(open, '[', (size_t)(end - open))); open++) {
		size_t n = chars__digits(open + 1), len = 0;

		while (open - len > line && !chars__is_blank(open[-1 - (ptrdiff_t)len]))
			len++;
		if (!n || open[1 + n] != ']' || !len || len >= sizeof(f->comm))
			continue;
		memcpy(f->comm, open - len, len);
		f->comm[len] = '\0';
		*pid = (uint32_t)strtoul(open + 1, NULL, 10);
		return;
	}
}

static void turn(struct folded *f)
{
	for (size_t i = 0, k = f->nr; i + 1 < k; i++) {
		struct found_frame other = f->v[--k];

		f->v[k] = f->v[i];
		f->v[i] = other;
	}
}

/* How names are strung together on a line. */
struct string {
	const char *mark;
	bool root_first;
	bool loose;	/* parts may be something else: "[unknown]" */
	bool of_switch; /* a list like any other, unless the switch or the syscall is in it */
};

/* A name alone, perhaps with "()" or an offset; what is behind the last one is not looked at. */
static bool is_part(const char *p, size_t len)
{
	size_t n = chars__name(p);

	if (!n || n > len || isdigit((unsigned char)*p))
		return false;
	if (n < len && p[n] == '.')
		n += strcspn(p + n, " +(");
	if (n + 1 < len && p[n] == '(' && p[n + 1] == ')')
		n += 2;
	return n >= len || p[n] == '+';
}

/* Where the first part begins: the word in front of the first mark. */
static const char *first_part(const char *line, const char *mark)
{
	while (mark > line && !chars__is_blank(mark[-1]))
		mark--;
	return mark;
}

static bool is_stack(const struct string *s, const struct folded *f)
{
	size_t words = 0;
	bool ends = false;
	char name[64];

	if (s->loose)
		return f->nr > 2;
	for (size_t i = 0; i < f->nr; i++) {
		words += memchr(f->v[i].name, '_', f->v[i].len) != NULL;
		snprintf(name, sizeof(name), "%.*s", (int)f->v[i].len, f->v[i].name);
		ends |= order__is_switch(name) || order__is_outermost(name) ||
			chars__starts(name, "schedule") || chars__starts(name, "io_schedule");
	}
	return f->nr > 2 && words * 2 >= f->nr && (ends || !s->of_switch);
}

static bool read_string(const struct string *s, const char *line, const char *at, struct folded *f)
{
	const char *p = first_part(line, at);

	for (f->nr = 0; p && f->nr < FOLDED_MAX; p = at ? at + strlen(s->mark) : NULL) {
		size_t len;

		p = chars__skip_blanks(p);
		at = strstr(p, s->mark);
		len = at ? (size_t)(at - p) : strcspn(p, " \t");
		if (!s->loose && !is_part(p, len))
			return false;
		read_part(p, len, f);
	}
	return is_stack(s, f);
}

/* "17 123456 9999 __schedule io_schedule ... do_syscall_64" of /proc/latency_stats, and names with blanks alone */
static bool read_blanks(const char *line, struct folded *f)
{
	static const struct string blanks = {.mark = " ", .of_switch = true};
	const char *p = chars__skip_blanks(line);

	while (chars__digits(p) && p[chars__digits(p)] == ' ')
		p = chars__skip_blanks(p + chars__digits(p));
	return strchr(p, ' ') && read_string(&blanks, p, strchr(p, ' '), f);
}

bool folded__read_chain(const char *line, struct folded *f, uint32_t *pid)
{
	static const struct string strings[] = {
		{.mark = " <- ", .loose = true},      {.mark = " < "},
		{.mark = " -> ", .root_first = true}, {.mark = " => ", .root_first = true},
		{.mark = " > ", .root_first = true},  {.mark = ", ", .of_switch = true},
	};

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		const struct string *s = &strings[i];
		const char *at = strstr(line, s->mark);

		*f->comm = '\0';
		f->nr = 0;
		/* One mark alone may be anybody's. */
		if (!at || !strstr(at + 1, s->mark) || !read_string(s, line, at, f))
			continue;
		*pid = 0;
		read_owner(line, first_part(line, at), f, pid);
		if (!s->root_first)
			turn(f);
		return true;
	}
	*pid = 0;
	if (!read_blanks(line, f))
		return false;
	turn(f);
	return true;
}
