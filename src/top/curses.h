/* SPDX-License-Identifier: GPL-2.0 */
/* The terminal behind the screen: a grid goes there, keys come from it. */
#ifndef AIOSTALL_TOP_CURSES_H
#define AIOSTALL_TOP_CURSES_H

#include "top/grid.h"

struct curses;

/*
 * Take the terminal of stdin and stdout over. Signals that are handled by now stay so. NULL if it
 * cannot be: it is none, it can too little, it is too small.
 */
struct curses *curses__new(int min_width, int min_height);
void curses__size(const struct curses *c, int *width, int *height);
void curses__show(struct curses *c, const struct grid *g);
/* enum screen_key or a character, -1 if there is none; does not wait. */
int curses__key(struct curses *c);
/* Give the terminal back as it was. free(NULL) works. */
void curses__free(struct curses *c);

#endif
