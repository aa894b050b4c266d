/* SPDX-License-Identifier: GPL-2.0 */
/* A screen as cells with text and a role: what is drawn is tested without a terminal. */
#ifndef AIOSTALL_TOP_GRID_H
#define AIOSTALL_TOP_GRID_H

#include <stdbool.h>
#include <stdio.h>

/* What a cell means; how it looks is the terminal's business. */
enum grid_role {
	ROLE_PLAIN,
	ROLE_BAR,      /* the lines at the top and at the bottom */
	ROLE_HEAD,     /* of a table */
	ROLE_SELECTED, /* the row that Enter is about */
	ROLE_STRONG,
	ROLE_ALARM,
	ROLES
};

struct grid_cell {
	char text[5]; /* one character, UTF-8; "" = the second half of a wide one */
	unsigned char role;
};

struct grid {
	int width, height;
	struct grid_cell *cells;
};

/* All blank. False if memory is short. */
bool grid__init(struct grid *g, int width, int height);
void grid__free(struct grid *g);
const struct grid_cell *grid__at(const struct grid *g, int x, int y);
/*
 * Escaped text (esc__terminal) from x on, cut at the right edge; what has no width or turns the
 * direction of text becomes a question mark. The column behind it; x if y is outside.
 */
int grid__put(struct grid *g, int x, int y, enum grid_role role, const char *text);
/* The role of a whole line. */
void grid__paint(struct grid *g, int y, enum grid_role role);
/* A question mark for what is not ASCII, as wide as it was. */
void grid__make_ascii(struct grid *g);
/* As text, without trailing spaces; with_roles: a letter for each line's role in front. */
void grid__print(const struct grid *g, FILE *out, bool with_roles);

#endif
