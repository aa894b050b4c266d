// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE /* vasprintf */
#include "report/print.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

static const char *const style_on[] = {
	[PRINT_PLAIN] = "",
	[PRINT_BOLD] = "\033[1m",
	[PRINT_ALARM] = "\033[1;31m",
};

void print__init(struct print *p, FILE *out, const struct format_opts *o)
{
	memset(p, 0, sizeof(*p));
	p->out = out;
	p->width = o && o->width > 0 ? o->width : 80;
	if (p->width < PRINT_MIN_WIDTH)
		p->width = PRINT_MIN_WIDTH;
	if (p->width > PRINT_MAX_WIDTH)
		p->width = PRINT_MAX_WIDTH;
	p->color = o && o->color;
}

int print__flush(FILE *out)
{
	errno = 0;
	if (fflush(out) != 0)
		return errno ? -errno : -EIO;
	return ferror(out) ? -EIO : 0;
}

int print__finish(struct print *p)
{
	int rc = print__flush(p->out);

	return p->err ? p->err : rc;
}

static bool starts_char(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

int print__columns(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += starts_char(*s);
	return n;
}

size_t print__bytes(const char *s, int columns)
{
	size_t i = 0;

	for (; s[i]; i++) {
		if (starts_char(s[i]) && columns-- == 0)
			break;
	}
	return i;
}

static void emit(struct print *p, enum print_style style, const char *s, size_t len)
{
	bool styled = p->color && style != PRINT_PLAIN;

	while (len && s[len - 1] == ' ')
		len--;
	if (styled)
		fputs(style_on[style], p->out);
	fwrite(s, 1, len, p->out);
	if (styled)
		fputs("\033[0m", p->out);
	fputc('\n', p->out);
	if (ferror(p->out) && !p->err)
		p->err = errno ? -errno : -EIO;
}

static char *format_text(struct print *p, const char *fmt, va_list ap)
{
	char *text = NULL;

	if (vasprintf(&text, fmt, ap) < 0) {
		if (!p->err)
			p->err = -ENOMEM;
		return NULL;
	}
	return text;
}

void print__line(struct print *p, enum print_style style, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = format_text(p, fmt, ap);
	va_end(ap);
	if (!text)
		return;
	emit(p, style, text, print__bytes(text, p->width));
	free(text);
}

/* Bytes of s that fit in so many columns, ending between words; a longer word is split. */
static size_t fitting(const char *s, int columns)
{
	size_t max = print__bytes(s, columns), i = max;

	if (!s[max])
		return max;
	while (i > 0 && s[i] != ' ')
		i--;
	return i ? i : max;
}

void print__para(struct print *p, enum print_style style, const char *lead, const char *fmt, ...)
{
	int indent = (int)strlen(lead), room = p->width - indent;
	char line[4 * PRINT_MAX_WIDTH + 1];
	const char *rest;
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = format_text(p, fmt, ap);
	va_end(ap);
	if (!text)
		return;
	rest = text;
	do {
		size_t n = fitting(rest, room);
		int len = snprintf(line, sizeof(line), "%*s%.*s", indent, rest == text ? lead : "",
				   (int)n, rest);

		emit(p, style, line, len < (int)sizeof(line) ? (size_t)len : sizeof(line) - 1);
		rest += n;
		while (*rest == ' ')
			rest++;
	} while (*rest);
	free(text);
}

static char *next_slot(struct print *p)
{
	return p->slot[p->next++ % PRINT_SLOTS];
}

const char *print__safe(struct print *p, const char *s)
{
	char *slot = next_slot(p);

	esc__terminal(s ? s : "", slot, sizeof(p->slot[0]));
	return slot;
}

const char *print__path(struct print *p, const char *s, int columns)
{
	char *slot = next_slot(p);

	esc__terminal(s ? s : "", p->work, sizeof(p->work));
	return esc__tail(p->work, columns > 4 ? (size_t)columns : 4, slot, sizeof(p->slot[0]));
}

const char *print__middle(struct print *p, const char *s, int columns)
{
	char *slot = next_slot(p), *rest;
	int all, head;

	esc__terminal(s ? s : "", slot, sizeof(p->slot[0]));
	all = print__columns(slot);
	if (all <= columns || columns < 8)
		return slot;
	head = columns - 3 - (columns - 3) / 2;
	rest = slot + print__bytes(slot, all - (columns - 3) / 2);
	memcpy(slot + print__bytes(slot, head), "...", 3);
	memmove(slot + print__bytes(slot, head) + 3, rest, strlen(rest) + 1);
	return slot;
}

const char *print__cut(struct print *p, const char *s, size_t bytes)
{
	char *slot = next_slot(p);

	snprintf(slot, sizeof(p->slot[0]), "%.*s", (int)bytes, s);
	return slot;
}

const char *print__n(struct print *p, uint64_t n, const char *what)
{
	char *slot = next_slot(p), number[16];
	size_t len = strlen(what);
	bool hisses = len && strchr("sxh", what[len - 1]);

	snprintf(slot, sizeof(p->slot[0]), "%s %s%s", fmt__count(n, number, sizeof(number)), what,
		 n == 1	  ? ""
		 : hisses ? "es"
			  : "s");
	return slot;
}

const char *print__join(struct print *p, const char *a, const char *b, const char *c)
{
	char *slot = next_slot(p);
	size_t used = 0, size = sizeof(p->slot[0]);
	const char *const parts[] = {a, b, c};

	for (size_t i = 0; i < ARRAY_SIZE(parts) && used < size; i++)
		used += (size_t)snprintf(slot + used, size - used, "%s", parts[i]);
	return slot;
}

/* The device, and often the mount point too, is that of another filesystem before. */
static const char *nth_of_device(struct print *p, const char *type, uint64_t n)
{
	char *slot = next_slot(p);

	snprintf(slot, sizeof(p->slot[0]), "%.48s #%llu", type, (unsigned long long)n);
	return slot;
}

const char *print__fs(struct print *p, const struct fs_info *fs, int columns)
{
	const char *where = "", *type, *tail;
	char *slot;

	if (!fs)
		return "(unknown)";
	if (fs->mount && *fs->mount)
		where = fs->mount;
	else if (fs->device_name)
		where = fs->device_name;
	type = print__safe(p, fs->fstype);
	if (fs->generation)
		type = nth_of_device(p, type, fs->generation + 1ULL);
	if (!*where)
		return type;
	tail = print__path(p, where, columns - print__columns(type) - 1);
	slot = next_slot(p);
	snprintf(slot, sizeof(p->slot[0]), "%.64s %s", type, tail);
	slot[print__bytes(slot, columns)] = '\0';
	return slot;
}

int print__fs_room(struct print *p, const struct report *r, enum api api, int left)
{
	int most = (int)strlen("FILESYSTEM");

	for (size_t i = 0; i < r->nr_fs; i++) {
		int n = r->fs[i].fs->api == api ? print__columns(print__fs(p, r->fs[i].fs, left))
						: 0;

		most = n > most ? n : most;
	}
	return most < left ? most : left;
}

const char *print__api(const struct fs_info *fs)
{
	return fs && fs->api == API_URING ? "io_uring, " : "";
}

const char *print__probes(struct print *p, const struct capture_info *c)
{
	char *slot = next_slot(p);
	size_t used = 0, size = sizeof(p->slot[0]);
	char way[64];

	slot[0] = '\0';
	for (size_t i = 0; i < NEED_MAX && used < size; i++) {
		if (!c->probe[i] || !*c->probe[i])
			continue;
		esc__terminal(c->probe[i], way, sizeof(way));
		used += (size_t)snprintf(slot + used, size - used, "%s%s %s", used ? ", " : "",
					 probe_need__name(i), way);
	}
	return used ? slot : "unknown";
}

static int used_width(const struct column *c, size_t n, unsigned int shown)
{
	int used = 0;

	for (size_t i = 0; i < n; i++) {
		if (shown & (1u << i))
			used += c[i].width + 1;
	}
	return used;
}

unsigned int columns__fit(const struct column *c, size_t n, unsigned int hidden, int width,
			  int want, int *rest)
{
	unsigned int shown = ((1u << n) - 1) & ~hidden;

	for (int drop = 1; drop <= (int)n && width - used_width(c, n, shown) < want; drop++) {
		for (size_t i = 0; i < n; i++) {
			if (c[i].drop == drop)
				shown &= ~(1u << i);
		}
	}
	*rest = width - used_width(c, n, shown);
	return shown;
}
