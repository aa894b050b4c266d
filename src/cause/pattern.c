// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE /* memmem */
#include "cause/pattern.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

struct expansion {
	pattern_emit_fn emit;
	void *ctx;
	const char **why;
	unsigned int nr_globs;
	char buf[PATTERN_LEN_MAX];
};

static int expand_rest(struct expansion *x, const char *p, const char *end, size_t len);

static int fail(struct expansion *x, const char *why)
{
	*x->why = why;
	return -EINVAL;
}

static int emit_glob(struct expansion *x, size_t len)
{
	if (!len)
		return fail(x, "a name is empty");
	if (++x->nr_globs > PATTERN_GLOBS_MAX)
		return fail(x, "too many choices in one pattern");
	return x->emit(x->ctx, x->buf, len);
}

/* One choice of a group: its letters are added behind len, then the rest follows. */
static int expand_choice(struct expansion *x, const char *s, size_t n, size_t len, const char *rest,
			 const char *end)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '_')
			return fail(x, "a group holds plain names only");
	if (len + n > sizeof(x->buf))
		return fail(x, "pattern too long");
	memcpy(x->buf + len, s, n);
	return expand_rest(x, rest, end, len + n);
}

/* p is behind the "(". */
static int expand_group(struct expansion *x, const char *p, const char *end, size_t len)
{
	const char *close = memchr(p, ')', (size_t)(end - p));
	const char *rest;
	bool optional;
	int rc;

	if (!close)
		return fail(x, "( without )");
	optional = close + 1 < end && close[1] == '?';
	rest = close + (optional ? 2 : 1);
	while (p <= close) {
		const char *bar = memchr(p, '|', (size_t)(close - p));
		size_t n = (size_t)((bar ? bar : close) - p);

		if (!n)
			return fail(x, "empty choice in a group");
		rc = expand_choice(x, p, n, len, rest, end);
		if (rc)
			return rc;
		p += n + 1;
	}
	return optional ? expand_rest(x, rest, end, len) : 0;
}

/* The recursion is as deep as the pattern has groups: at most PATTERN_LEN_MAX / 3. */
static int expand_rest(struct expansion *x, const char *p, const char *end, size_t len)
{
	for (; p < end; p++) {
		char c = *p;

		if (c == '(')
			return expand_group(x, p + 1, end, len);
		if (c == '.') {
			if (p + 1 == end || p[1] != '*')
				return fail(x, ". without * (write .* for any text)");
			p++;
			c = '*';
		} else if (!isalnum((unsigned char)c) && c != '_') {
			return fail(x, "only letters, digits, _, .*, (a|b) and (a|b)? make a name");
		}
		if (len == sizeof(x->buf))
			return fail(x, "pattern too long");
		x->buf[len++] = c;
	}
	return emit_glob(x, len);
}

int pattern__expand(const char *pattern, size_t len, pattern_emit_fn emit, void *ctx,
		    const char **why)
{
	struct expansion x = {.emit = emit, .ctx = ctx, .why = why};
	unsigned int stars = 0;

	*why = "";
	if (len > PATTERN_LEN_MAX)
		return fail(&x, "pattern too long");
	for (size_t i = 0; i < len; i++)
		stars += pattern[i] == '*';
	if (stars > PATTERN_STARS_MAX)
		return fail(&x, "more than four .* in one name");
	return expand_rest(&x, pattern, pattern + len, 0);
}

bool glob__match(const char *glob, size_t glob_len, struct name name)
{
	const char *end = glob + glob_len;
	const char *star = memchr(glob, '*', glob_len);
	size_t n = star ? (size_t)(star - glob) : glob_len;

	if (!star)
		return n == name.len && !memcmp(glob, name.s, n);
	if (n > name.len || memcmp(glob, name.s, n))
		return false;
	for (;;) {
		const char *found;

		name.s += n;
		name.len -= n;
		glob = star + 1;
		star = memchr(glob, '*', (size_t)(end - glob));
		n = (size_t)((star ? star : end) - glob);
		if (!star)
			break;
		found = n ? memmem(name.s, name.len, glob, n) : name.s;
		if (!found)
			return false;
		name.len -= (size_t)(found - name.s);
		name.s = found;
	}
	return n <= name.len && !memcmp(glob, name.s + name.len - n, n);
}
