// SPDX-License-Identifier: GPL-2.0
#include "paste/margin.h"

#include <stdbool.h>
#include <string.h>

#include "paste/chars.h"
#include "paste/frames.h"

/* Narrower terminals wrap nothing that people paste. */
#define EDGE_MIN 40

static bool is_empty(const char *line)
{
	return *chars__skip_blanks(line) == '\0';
}

/* "MESSAGE=" of journalctl -o verbose and -o export: what is behind it, or NULL. */
static const char *message_of(const char *line)
{
	line = chars__skip_blanks(line);
	return chars__starts(line, "MESSAGE=") ? line + strlen("MESSAGE=") : NULL;
}

/* "_TRANSPORT=kernel", and the line with the cursor that begins an entry. */
static bool is_field(const char *line)
{
	const char *p = chars__skip_blanks(line);
	size_t n = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

	return (n && p[n] == '=') || !*p || (strstr(p, "[s=") && strstr(p, ";i="));
}

static void keep_messages(struct lines *l)
{
	size_t to = 0;

	for (size_t i = 0; i < l->nr; i++) {
		const char *message = message_of(l->v[i].text);

		if (!message && is_field(l->v[i].text))
			continue;
		l->v[to] = l->v[i];
		if (message)
			l->v[to].text = message;
		to++;
	}
	l->nr = to;
}

static bool is_journal(const struct lines *l)
{
	for (size_t i = 0; i < l->nr; i++)
		if (message_of(l->v[i].text))
			return true;
	return false;
}

/* "# " in front of nearly all lines is a comment's, in front of a few a shell's prompt. */
static bool is_hash(const char *line)
{
	return *line == '#' && (!line[1] || chars__is_blank(line[1]));
}

static void drop_hashes(struct lines *l)
{
	size_t nr = 0, all = 0;

	for (size_t i = 0; i < l->nr; i++) {
		all += !is_empty(l->v[i].text);
		nr += is_hash(l->v[i].text);
	}
	if (nr * 10 < all * 9)
		return;
	for (size_t i = 0; i < l->nr; i++)
		l->v[i].text += is_hash(l->v[i].text);
}

static bool has_prefix(const char *line)
{
	return frames__skip_prefix(line) != chars__skip_blanks(line);
}

/* Does the line behind i go on with it: a log's line without date or time? */
static bool goes_on(const struct lines *l, size_t i)
{
	return i + 1 < l->nr && !is_empty(l->v[i + 1].text) && !has_prefix(l->v[i + 1].text);
}

/* The width at which all lines that go on were cut; 0 if they were not cut so. */
static size_t find_edge(const struct lines *l)
{
	size_t edge = 0, nr = 0;

	for (size_t i = 0; i < l->nr; i++) {
		size_t len = strlen(l->v[i].text);

		if (!has_prefix(l->v[i].text) || !goes_on(l, i))
			continue;
		if (len < EDGE_MIN || (edge && len != edge))
			return 0;
		edge = len;
		nr++;
	}
	for (size_t i = 0; i < l->nr; i++)
		if (strlen(l->v[i].text) > edge)
			return 0;
	return nr > 2 ? edge : 0;
}

/* A terminal cut words wherever its edge was: put together again. */
static void join_at_edge(struct lines *l)
{
	size_t edge = find_edge(l), to = 0;

	for (size_t i = 0; edge && i < l->nr; i++) {
		/* Lines stand behind each other in a text that is ours. */
		char *text = (char *)l->v[i].text;
		size_t len = strlen(text);
		bool joined = len == edge && has_prefix(text);

		l->v[to++] = l->v[i];
		while (joined && goes_on(l, i)) {
			const char *more = l->v[++i].text;
			size_t n = strlen(more);

			memmove(text + len, more, n + 1);
			len += n;
			joined = n == edge;
		}
	}
	if (edge)
		l->nr = to;
}

void margin__take_off(struct lines *lines)
{
	if (is_journal(lines))
		keep_messages(lines);
	drop_hashes(lines);
	join_at_edge(lines);
}
