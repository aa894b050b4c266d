// SPDX-License-Identifier: GPL-2.0
#define _XOPEN_SOURCE_EXTENDED
#include "top/curses.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "top/screen.h"

/* How long a lone Escape is waited for to be the beginning of a function key. */
#define ESCAPE_MS 25

struct curses {
	SCREEN *screen;
	bool utf8, color;
	bool spare_last; /* column */
};

/* Meaning never hangs on colour alone. */
static attr_t look(const struct curses *c, enum grid_role role)
{
	switch (role) {
	case ROLE_BAR:
	case ROLE_SELECTED:
		return A_REVERSE;
	case ROLE_HEAD:
		return A_BOLD | A_UNDERLINE;
	case ROLE_STRONG:
		return A_BOLD;
	case ROLE_ALARM:
		return A_BOLD | (c->color ? (attr_t)COLOR_PAIR(1) : 0);
	default:
		return A_NORMAL;
	}
}

static bool has_flag(const char *capability)
{
	return tigetflag(capability) > 0;
}

struct curses *curses__new(int min_width, int min_height)
{
	struct curses *c = calloc(1, sizeof(*c));
	const char *no_color = getenv("NO_COLOR");

	if (!c || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		free(c);
		return NULL;
	}
	setlocale(LC_CTYPE, "");
	c->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	c->screen = newterm(NULL, stdout, stdin);
	if (!c->screen) {
		free(c);
		return NULL;
	}
	if (COLS < min_width || LINES < min_height || !tigetstr("cup") ||
	    tigetstr("cup") == (char *)-1) {
		curses__free(c);
		return NULL;
	}
	/*
	 * TERM=ansi promises that the cursor is in the next line once the last column is written. Where it
	 * is used, over serial lines and in screens of others, that is seldom true, and curses, which
	 * moves on from there, would write over what it has written.
	 */
	c->spare_last = has_flag("am") && !has_flag("xenl");
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_MS);
	curs_set(0);
	if ((!no_color || !*no_color) && has_colors()) {
		start_color();
		use_default_colors();
		c->color = init_pair(1, COLOR_RED, -1) == OK;
	}
	return c;
}

void curses__size(const struct curses *c, int *width, int *height)
{
	*width = COLS - c->spare_last;
	*height = LINES;
}

/* Runs of one role at a time. */
static void show_line(const struct curses *c, const struct grid *g, int y)
{
	char run[4 * 512];

	move(y, 0);
	for (int x = 0; x < g->width;) {
		enum grid_role role = grid__at(g, x, y)->role;
		size_t used = 0;

		for (; x < g->width && grid__at(g, x, y)->role == role &&
		       used + sizeof(g->cells->text) < sizeof(run);
		     x++) {
			const char *text = grid__at(g, x, y)->text;

			/* a terminal that is not told of UTF-8 shows each byte of it */
			if (!c->utf8 && (unsigned char)text[0] >= 0x80)
				text = "?";
			else if (!c->utf8 && !*text)
				text = " ";
			used += (size_t)snprintf(run + used, sizeof(run) - used, "%s", text);
		}
		attrset(look(c, role));
		addnstr(run, (int)used);
	}
	attrset(A_NORMAL);
}

void curses__show(struct curses *c, const struct grid *g)
{
	for (int y = 0; y < g->height; y++)
		show_line(c, g, y);
	refresh();
}

int curses__key(struct curses *c)
{
	static const struct {
		int theirs, ours;
	} keys[] = {
		{KEY_UP, KEY_OF_UP},
		{KEY_DOWN, KEY_OF_DOWN},
		{KEY_LEFT, KEY_OF_LEFT},
		{KEY_RIGHT, KEY_OF_RIGHT},
		{KEY_PPAGE, KEY_OF_PAGE_UP},
		{KEY_NPAGE, KEY_OF_PAGE_DOWN},
		{KEY_HOME, KEY_OF_HOME},
		{KEY_END, KEY_OF_END},
		{KEY_ENTER, KEY_OF_ENTER},
		{'\r', KEY_OF_ENTER},
		{'\n', KEY_OF_ENTER},
		{27, KEY_OF_ESCAPE},
		{KEY_BACKSPACE, KEY_OF_BACKSPACE},
		{127, KEY_OF_BACKSPACE},
		{8, KEY_OF_BACKSPACE},
	};
	int key = getch();

	(void)c;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (keys[i].theirs == key)
			return keys[i].ours;
	return key == ERR ? -1 : key;
}

void curses__free(struct curses *c)
{
	if (!c)
		return;
	endwin();
	delscreen(c->screen);
	free(c);
}
