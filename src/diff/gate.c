// SPDX-License-Identifier: GPL-2.0
#include "diff/gate.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refuse(struct err *e, const char *clause, const char *why)
{
	char shown[160];

	esc__terminal(clause, shown, sizeof(shown));
	err__set(e, -EINVAL, "--fail-on '%.120s': %s", shown, why);
	err__hint(e, "for example 'blocked_per_1k>+20%%', 'ext4:ctxsw_per_io>0.1', 'appeared'; "
		     "aiostall diff --help names the measures");
	return -EINVAL;
}

/* Copy [s, s + len) without the blanks around it; false if there is no room. */
static bool copy_word(char *to, size_t size, const char *s, size_t len)
{
	while (len && isspace((unsigned char)*s)) {
		s++;
		len--;
	}
	while (len && isspace((unsigned char)s[len - 1]))
		len--;
	if (len >= size)
		return false;
	memcpy(to, s, len);
	to[len] = '\0';
	return true;
}

/* Digits and one point: neither hex nor "inf", whatever the locale says. */
static int parse_decimal(const char *s, size_t len, double *v)
{
	char text[32];
	char *end;

	if (!len || len >= sizeof(text) || strspn(s, "0123456789.") < len)
		return -EINVAL;
	memcpy(text, s, len);
	text[len] = '\0';
	*v = strtod(text, &end);
	return *end || end == text ? -EINVAL : 0;
}

/* "+20%" and "-20%" are changes; anything else bounds the new figure. */
static int parse_value(struct gate_clause *c, const char *s)
{
	size_t len = strlen(s);
	uint64_t ns;

	if (len && s[len - 1] == '%') {
		int sign = *s == '+' ? 1 : *s == '-' ? -1 : 0;

		if (!sign || parse_decimal(s + 1, len - 2, &c->value))
			return -EINVAL;
		c->kind = GATE_CHANGE;
		c->value = 1 + sign * c->value / 100;
		return c->value >= 0 ? 0 : -EINVAL;
	}
	c->kind = GATE_BOUND;
	if (!c->measure->is_time)
		return parse_decimal(s, len, &c->value);
	if (!len || !isalpha((unsigned char)s[len - 1]) || parse__duration(s, 1, &ns))
		return -EINVAL;
	c->value = (double)ns;
	return 0;
}

static int parse_comparison(struct gate_clause *c, const char *s, struct err *e)
{
	size_t len = strcspn(s, "<>");
	char word[64];

	if (!s[len])
		return refuse(e, c->text, "neither '>' nor '<', and not 'appeared' or 'vanished'");
	if (!copy_word(word, sizeof(word), s, len) || !(c->measure = measure__find(word)))
		return refuse(e, c->text, "no such measure");
	c->above = s[len] == '>';
	s += len + 1;
	c->or_equal = *s == '=';
	s += c->or_equal;
	if (!copy_word(word, sizeof(word), s, strlen(s)) || parse_value(c, word))
		return refuse(
			e, c->text,
			c->measure->is_time
				? "the value is a change with its sign (+20%) or a time (5ms)"
				: "the value is a change with its sign (+20%) or a number (0.1)");
	return 0;
}

static int parse_clause(struct gate_clause *c, struct err *e)
{
	const char *colon = strchr(c->text, ':');
	const char *rest = colon ? colon + 1 : c->text;
	char word[64] = "";

	if (colon && !copy_word(c->scope, sizeof(c->scope), c->text, (size_t)(colon - c->text)))
		return refuse(e, c->text, "no such filesystem or cause");
	if (colon && !*c->scope)
		return refuse(e, c->text, "nothing in front of the colon");
	copy_word(word, sizeof(word), rest, strlen(rest));
	if (!strcmp(word, "appeared") || !strcmp(word, "vanished")) {
		c->kind = *word == 'a' ? GATE_APPEARED : GATE_VANISHED;
		return 0;
	}
	return parse_comparison(c, rest, e);
}

int gate__parse(struct gate *g, const char *expr, struct err *e)
{
	for (const char *s = expr;; s++) {
		size_t len = strcspn(s, ",");
		struct gate_clause *c = &g->clauses[g->nr];

		if (g->nr == GATE_CLAUSES_MAX)
			return refuse(e, expr, "too many conditions");
		memset(c, 0, sizeof(*c));
		if (!copy_word(c->text, sizeof(c->text), s, len) || !*c->text)
			return refuse(e, expr,
				      len ? "a condition is too long" : "a condition is empty");
		if (parse_clause(c, e))
			return -EINVAL;
		g->nr++;
		s += len;
		if (!*s)
			return 0;
	}
}

static bool is_meant(const struct gate_clause *c, const struct diff_group *g)
{
	const struct series_row *fs = g->new_fs ? g->new_fs : g->old_fs;

	if (!*c->scope)
		return g->whole || (*g->cause && c->kind <= GATE_VANISHED);
	return !g->whole &&
	       ((*g->cause && !strcmp(c->scope, g->cause)) ||
		((!*g->cause || c->kind <= GATE_VANISHED) && fs && !strcmp(c->scope, fs->fstype)));
}

static bool is_beyond(const struct gate_clause *c, double v)
{
	if (isnan(v))
		return false;
	if (c->or_equal && v == c->value)
		return true;
	return c->above ? v > c->value : v < c->value;
}

/* A change must be one by the tests, and a bound must be passed by the new figure itself. */
static bool is_true(const struct gate_clause *c, const struct diff_group *g,
		    const struct diff_row *row)
{
	if (c->kind == GATE_APPEARED)
		return g->appeared;
	if (c->kind == GATE_VANISHED)
		return g->vanished;
	if (!row)
		return false;
	if (c->kind == GATE_BOUND)
		return is_beyond(c, row->new);
	return row->different && is_beyond(c, row->c.ratio);
}

const char *gate__tripped(const struct gate *g, size_t i, const struct diff *d, char *buf,
			  size_t size)
{
	const struct gate_clause *c = &g->clauses[i];

	for (size_t k = 0; k < d->nr_groups; k++) {
		const struct diff_group *group = &d->groups[k];
		const struct diff_row *row = c->measure ? group__row(group, c->measure) : NULL;
		char name[128];

		if (!is_meant(c, group) || !is_true(c, group, row))
			continue;
		group__name(group, name, sizeof(name));
		snprintf(buf, size, "%s%s%s%s", name, *group->cause ? " " : "", group->cause,
			 group__where(group));
		return buf;
	}
	return NULL;
}
