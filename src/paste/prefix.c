// SPDX-License-Identifier: GPL-2.0
/* What stands in front of a line of a kernel log. */
#include "paste/chars.h"
#include "paste/frames.h"

/* "<6>" of the log's level; "<IRQ>" is the kernel's own mark. */
static const char *skip_level(const char *p)
{
	size_t n = *p == '<' ? chars__digits(p + 1) : 0;

	return n && n <= 3 && p[1 + n] == '>' ? p + n + 2 : NULL;
}

/* "[ 12.345678]", "[Wed Nov 25 10:00:00 2026]", "[   T25]", "[  C1]", "[ 3]"; not "[<c0123456>]", "[xfs]". */
static const char *skip_bracket(const char *p)
{
	const char *inside, *close;

	if (*p != '[')
		return NULL;
	inside = chars__skip_blanks(p + 1);
	close = memchr(inside, ']', strnlen(inside, 40));
	if (!close || (chars__hex(inside) >= 8 && inside[chars__hex(inside)] != '.'))
		return NULL;
	if ((*inside == 'T' || *inside == 'C') && chars__digits(inside + 1))
		return close + 1;
	/* A time has a dot or a colon in it; a number alone is a CPU. */
	if (memchr(inside, ':', (size_t)(close - inside)) &&
	    !memchr(inside, '+', (size_t)(close - inside)) &&
	    !memchr(inside, '/', (size_t)(close - inside)))
		return close + 1;
	return chars__digits(inside) ? close + 1 : NULL;
}

/* "(2)[1234:fio]" of a phone's console, "(0)" */
static const char *skip_cpu(const char *p)
{
	size_t n = *p == '(' ? chars__digits(p + 1) : 0;

	return n && n <= 4 && p[1 + n] == ')' ? p + n + 2 : NULL;
}

/* "4,1234,56789012,-;" of /dev/kmsg and netconsole */
static const char *skip_kmsg(const char *p)
{
	size_t n = chars__digits(p);
	const char *semicolon = n && p[n] == ',' ? strchr(p, ';') : NULL;

	return semicolon && strspn(p, "0123456789,-c+") == (size_t)(semicolon - p) ? semicolon + 1
										   : NULL;
}

/* "Nov 22 10:00:00 host kernel: ", "2026-11-25T10:00:00.123456+00:00 host kernel: ", "kernel: " */
static const char *skip_syslog(const char *p)
{
	const char *mark = strstr(p, "kernel:");

	if (!mark || mark - p > 120 || (mark > p && !chars__is_blank(mark[-1]) && mark[-1] != '>'))
		return NULL;
	/* "Oops: kernel: ..." has a sentence in front of it, a log line a date and a host. */
	return mark == p || memchr(p, ':', (size_t)(mark - p)) ? mark + strlen("kernel:") : NULL;
}

/* "10:00:00 ", "10:00:00.123456 ", "Nov 22 10:00:00 host " without "kernel:" */
static const char *skip_clock(const char *p)
{
	size_t n = chars__digits(p);

	if (n != 2 || p[2] != ':' || chars__digits(p + 3) != 2 || p[5] != ':')
		return NULL;
	n = strspn(p, "0123456789:.,+Z");
	return chars__is_blank(p[n]) ? p + n : NULL;
}

const char *frames__skip_prefix(const char *line)
{
	static const char *(*const skips[])(const char *) = {
		skip_syslog, skip_level, skip_bracket, skip_cpu, skip_kmsg, skip_clock,
	};

	for (const char *p = line;;) {
		const char *next = NULL;

		p = chars__skip_blanks(p);
		for (size_t i = 0; !next && i < sizeof(skips) / sizeof(skips[0]); i++)
			next = skips[i](p);
		if (!next)
			return p;
		p = next;
	}
}
