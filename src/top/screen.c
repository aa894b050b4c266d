// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE /* strcasestr, qsort_r */
#include "top/screen.h"

#include <stdlib.h>
#include <string.h>

#include "model/sums.h"

void screen__init(struct screen *s, enum view_by by, uint64_t interval_ns)
{
	*s = (struct screen){.by = by, .interval_ns = interval_ns, .sort = COLUMN_BLOCKED};
}

/* ---- which rows, in which order ---- */

static const struct page_row *find_row(const struct page_row *rows, size_t nr, const char *key)
{
	for (size_t i = 0; i < nr; i++)
		if (!strcmp(rows[i].key, key))
			return &rows[i];
	return NULL;
}

/* The row that was gone into; NULL if it is not there any more. */
static const struct page_row *current_row(const struct page *p, const struct screen *s)
{
	return find_row(p->rows, p->nr_rows, s->row);
}

static uint64_t share_blocked(const struct page_figures *f)
{
	return f->submits ? f->blocked_submits * 1000000 / f->submits : 0;
}

static uint64_t figure(const struct page_row *r, enum screen_column column)
{
	const struct page_figures *f = &r->now;

	switch (column) {
	case COLUMN_SUBMITS:
		return f->submits;
	case COLUMN_SHARE_BLOCKED:
		return share_blocked(f);
	case COLUMN_SLEEPS:
		return f->sleeps;
	case COLUMN_P99:
		return f->p99_ns;
	case COLUMN_MAX:
		return f->max_ns;
	case COLUMN_HELD_UP:
		return f->held_up;
	default:
		return f->blocked_ns;
	}
}

/* Largest first, names by the alphabet; equal ones by their names, so that nothing flickers. */
static int row_order(const void *a, const void *b, void *ctx)
{
	const struct page_row *x = *(const struct page_row *const *)a;
	const struct page_row *y = *(const struct page_row *const *)b;
	const struct screen *s = ctx;
	uint64_t u = figure(x, s->sort), v = figure(y, s->sort);
	int d = s->sort == COLUMN_NAME ? strcmp(x->name, y->name) : (u < v) - (u > v);

	if (!d)
		return strcmp(x->key, y->key);
	return s->reverse ? -d : d;
}

const struct page_row **screen__rows(struct pool *pool, const struct page *p,
				     const struct screen *s, size_t *nr)
{
	const struct page_row *in = current_row(p, s), *rows = p->rows;
	size_t nr_rows = p->nr_rows;
	const struct page_row **list;

	*nr = 0;
	if (s->depth != DEPTH_ROWS) {
		rows = in ? in->causes : NULL;
		nr_rows = in ? in->nr_causes : 0;
	}
	list = pool__array(pool, nr_rows, sizeof(const struct page_row *));
	for (size_t i = 0; list && i < nr_rows; i++)
		if (!*s->filter || strcasestr(rows[i].name, s->filter))
			list[(*nr)++] = &rows[i];
	if (*nr)
		qsort_r(list, *nr, sizeof(const struct page_row *), row_order, (void *)s);
	return list;
}

/* ---- keys ---- */

static void go_in(struct screen *s, const struct page *p)
{
	struct pool pool = {0};
	size_t nr;
	const struct page_row **rows = screen__rows(&pool, p, s, &nr);

	if (rows && (size_t)s->selected < nr && s->depth != DEPTH_DETAIL) {
		const char *key = rows[s->selected]->key;

		if (s->depth == DEPTH_ROWS)
			snprintf(s->row, sizeof(s->row), "%s", key);
		else
			snprintf(s->cause, sizeof(s->cause), "%s", key);
		s->depth++;
		s->selected = s->scroll = 0;
		s->filter[0] = '\0';
	}
	pool__clear(&pool);
}

static void go_out(struct screen *s)
{
	if (s->help)
		s->help = false;
	else if (*s->filter)
		s->filter[0] = '\0';
	else if (s->depth != DEPTH_ROWS)
		s->depth--;
	s->selected = s->scroll = 0;
}

static void move(struct screen *s, const struct page *p, int by)
{
	struct pool pool = {0};
	size_t nr;
	int *at = s->depth == DEPTH_DETAIL ? &s->scroll : &s->selected;
	int last = 1000;

	screen__rows(&pool, p, s, &nr);
	pool__clear(&pool);
	if (s->depth != DEPTH_DETAIL)
		last = nr ? (int)nr - 1 : 0;
	*at = by < -*at ? 0 : by > last - *at ? last : *at + by;
}

static void type(struct screen *s, int key)
{
	size_t len = strlen(s->filter);

	if (key == KEY_OF_ENTER) {
		s->typing = false;
	} else if (key == KEY_OF_ESCAPE) {
		s->typing = false;
		s->filter[0] = '\0';
	} else if (key == KEY_OF_BACKSPACE && len) {
		s->filter[len - 1] = '\0';
	} else if (key >= ' ' && key < 0x7f && len + 1 < sizeof(s->filter)) {
		s->filter[len] = (char)key;
		s->filter[len + 1] = '\0';
	}
	s->selected = 0;
}

static enum screen_wish next_group(struct screen *s)
{
	static const enum view_by order[] = {BY_FS,   BY_DEVICE, BY_FILE,
					     BY_COMM, BY_CGROUP, BY_CAUSE};
	size_t i = 0;

	while (i < ARRAY_SIZE(order) && order[i] != s->by)
		i++;
	s->by = order[(i + 1) % ARRAY_SIZE(order)];
	s->depth = DEPTH_ROWS;
	s->selected = 0;
	s->filter[0] = '\0';
	return WISH_ANOTHER_PAGE;
}

static enum screen_wish next_interval(struct screen *s)
{
	static const uint64_t seconds[] = {1, 2, 5, 10};
	size_t i = 0;

	while (i < ARRAY_SIZE(seconds) && seconds[i] * NSEC_PER_SEC <= s->interval_ns)
		i++;
	s->interval_ns = seconds[i % ARRAY_SIZE(seconds)] * NSEC_PER_SEC;
	return WISH_NOTHING;
}

static void sort_by(struct screen *s, int step)
{
	s->sort = (enum screen_column)((s->sort + COLUMNS_ALL + step) % COLUMNS_ALL);
	/* a share is in the order of the time that it is of */
	if (s->sort == COLUMN_SHARE)
		sort_by(s, step);
}

static enum screen_wish command(struct screen *s, int key)
{
	switch (key) {
	case 'q':
		return WISH_QUIT;
	case '?':
		s->help = !s->help;
		break;
	case ' ':
		s->paused = !s->paused;
		return s->paused ? WISH_NOTHING : WISH_ANOTHER_PAGE;
	case 'a':
		s->interval = !s->interval;
		return WISH_ANOTHER_PAGE;
	case 'z':
		return WISH_ZERO;
	case 'w':
		return WISH_WRITE;
	case 'd':
		return next_interval(s);
	case 'g':
		return next_group(s);
	case 'r':
		s->reverse = !s->reverse;
		break;
	case '<':
	case KEY_OF_LEFT:
		sort_by(s, -1);
		break;
	case '>':
	case KEY_OF_RIGHT:
		sort_by(s, 1);
		break;
	case '/':
		s->typing = s->depth != DEPTH_DETAIL;
		break;
	default:
		break;
	}
	return WISH_NOTHING;
}

enum screen_wish screen__key(struct screen *s, const struct page *p, int key)
{
	static const struct {
		int key, by;
	} moves[] = {
		{KEY_OF_UP, -1},       {'k', -1},
		{KEY_OF_DOWN, 1},      {'j', 1},
		{KEY_OF_PAGE_UP, -10}, {KEY_OF_PAGE_DOWN, 10},
		{KEY_OF_HOME, -10000}, {KEY_OF_END, 10000},
	};

	s->message = NULL;
	if (s->typing) {
		type(s, key);
		return WISH_NOTHING;
	}
	for (size_t i = 0; i < ARRAY_SIZE(moves); i++) {
		if (moves[i].key == key) {
			move(s, p, moves[i].by);
			return WISH_NOTHING;
		}
	}
	if (key == KEY_OF_ENTER)
		go_in(s, p);
	else if (key == KEY_OF_ESCAPE || key == KEY_OF_BACKSPACE)
		go_out(s);
	else
		return command(s, key);
	return WISH_NOTHING;
}
