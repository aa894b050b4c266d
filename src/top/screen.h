/* SPDX-License-Identifier: GPL-2.0 */
/* What is looked at on the screen, what keys do to that, and how it is drawn. */
#ifndef AIOSTALL_TOP_SCREEN_H
#define AIOSTALL_TOP_SCREEN_H

#include "top/grid.h"
#include "top/page.h"

#define SCREEN_MIN_WIDTH 60
#define SCREEN_MIN_HEIGHT 10

/* Rows; the causes of one; what there is to say of one of these. */
enum screen_depth { DEPTH_ROWS, DEPTH_CAUSES, DEPTH_DETAIL };
enum screen_column {
	COLUMN_NAME,
	COLUMN_SUBMITS,
	COLUMN_SHARE_BLOCKED,
	COLUMN_SLEEPS,
	COLUMN_BLOCKED,
	COLUMN_SHARE,
	COLUMN_P99,
	COLUMN_MAX,
	COLUMN_HELD_UP,
	COLUMNS_ALL
};

struct screen {
	enum screen_depth depth;
	char row[512], cause[128]; /* keys of what was gone into */
	int selected, scroll;	   /* line of the table; first line of the detail that is shown */
	enum screen_column sort;
	bool reverse;
	bool paused, interval; /* figures of the last interval instead of all */
	bool help;
	bool typing; /* the filter */
	char filter[64];
	enum view_by by;
	uint64_t interval_ns;
	bool batch;	     /* nobody can press a key */
	const char *message; /* what the last key did, NULL = nothing to say */
};

/* Beyond characters. */
enum screen_key {
	KEY_OF_UP = 0x10000,
	KEY_OF_DOWN,
	KEY_OF_LEFT,
	KEY_OF_RIGHT,
	KEY_OF_PAGE_UP,
	KEY_OF_PAGE_DOWN,
	KEY_OF_HOME,
	KEY_OF_END,
	KEY_OF_ENTER,
	KEY_OF_ESCAPE,
	KEY_OF_BACKSPACE,
};
/* What the loop has to do, besides drawing anew. */
enum screen_wish { WISH_NOTHING, WISH_QUIT, WISH_ZERO, WISH_WRITE, WISH_ANOTHER_PAGE };

void screen__init(struct screen *s, enum view_by by, uint64_t interval_ns);
enum screen_wish screen__key(struct screen *s, const struct page *p, int key);
/* Depends on nothing but what it is given. */
void screen__draw(struct grid *g, const struct page *p, const struct screen *s);
/* Lines that a batch needs to show everything. */
int screen__lines(const struct page *p, const struct screen *s);
/* The rows that are shown, in their order, into a pool array: screen and JSON have the same. */
const struct page_row **screen__rows(struct pool *pool, const struct page *p,
				     const struct screen *s, size_t *nr);

#endif
