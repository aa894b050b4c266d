// SPDX-License-Identifier: GPL-2.0
#include "top/grid.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

bool grid__init(struct grid *g, int width, int height)
{
	size_t n = (size_t)width * (size_t)height;

	*g = (struct grid){width, height, calloc(n ? n : 1, sizeof(*g->cells))};
	for (size_t i = 0; g->cells && i < n; i++)
		strcpy(g->cells[i].text, " ");
	return g->cells;
}

void grid__free(struct grid *g)
{
	free(g->cells);
	g->cells = NULL;
}

const struct grid_cell *grid__at(const struct grid *g, int x, int y)
{
	return &g->cells[(size_t)y * (size_t)g->width + (size_t)x];
}

static struct grid_cell *cell(struct grid *g, int x, int y)
{
	return &g->cells[(size_t)y * (size_t)g->width + (size_t)x];
}

/* Bytes of the character at s, which is valid UTF-8; its number in *c. */
static size_t character(const char *s, uint32_t *c)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t len = u[0] < 0x80 ? 1 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;

	*c = len == 1 ? u[0] : u[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return i;
		*c = *c << 6 | (u[i] & 0x3f);
	}
	return len;
}

struct range {
	uint32_t first, last;
};

static bool is_in(uint32_t c, const struct range *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (c >= r[i].first && c <= r[i].last)
			return true;
	return false;
}

/* Two columns wide in every terminal: CJK, Hangul, full-width forms, pictures. */
static bool is_wide(uint32_t c)
{
	static const struct range wide[] = {
		{0x1100, 0x115f},   {0x2e80, 0xa4cf},	{0xac00, 0xd7a3}, {0xf900, 0xfaff},
		{0xfe30, 0xfe6f},   {0xff00, 0xff60},	{0xffe0, 0xffe6}, {0x1f300, 0x1f64f},
		{0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
	};

	return is_in(c, wide, sizeof(wide) / sizeof(*wide));
}

/* Marks on the character before, invisible ones, and those that turn text around. */
static bool has_no_place(uint32_t c)
{
	static const struct range none[] = {
		{0x300, 0x36f},	    {0x483, 0x489},   {0x591, 0x5bd},	{0x610, 0x61c},
		{0x64b, 0x65f},	    {0x180e, 0x180e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
		{0x200b, 0x200f},   {0x2028, 0x202e}, {0x2060, 0x206f}, {0x20d0, 0x20ff},
		{0xfe00, 0xfe0f},   {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb},
		{0xe0000, 0xe0fff},
	};

	return is_in(c, none, sizeof(none) / sizeof(*none));
}

int grid__put(struct grid *g, int x, int y, enum grid_role role, const char *text)
{
	if (y < 0 || y >= g->height || x < 0)
		return x;
	while (*text && x < g->width) {
		uint32_t c;
		size_t len = character(text, &c);
		int width = is_wide(c) ? 2 : 1;

		if (x + width > g->width)
			break;
		if (has_no_place(c))
			strcpy(cell(g, x, y)->text, "?");
		else
			snprintf(cell(g, x, y)->text, sizeof(g->cells->text), "%.*s", (int)len,
				 text);
		cell(g, x, y)->role = (unsigned char)role;
		if (width == 2)
			*cell(g, x + 1, y) = (struct grid_cell){"", (unsigned char)role};
		x += width;
		text += len;
	}
	return x;
}

void grid__paint(struct grid *g, int y, enum grid_role role)
{
	for (int x = 0; y >= 0 && y < g->height && x < g->width; x++)
		cell(g, x, y)->role = (unsigned char)role;
}

void grid__make_ascii(struct grid *g)
{
	for (size_t i = 0; i < (size_t)g->width * (size_t)g->height; i++)
		if (!g->cells[i].text[0] || (unsigned char)g->cells[i].text[0] >= 0x80)
			strcpy(g->cells[i].text, "?");
}

void grid__print(const struct grid *g, FILE *out, bool with_roles)
{
	static const char letters[ROLES] = {' ', '#', '_', '>', '*', '!'};

	for (int y = 0; y < g->height; y++) {
		int end = g->width;

		while (end && !strcmp(grid__at(g, end - 1, y)->text, " "))
			end--;
		if (with_roles)
			fprintf(out, "%c|", letters[grid__at(g, 0, y)->role]);
		for (int x = 0; x < end; x++)
			fputs(grid__at(g, x, y)->text, out);
		putc('\n', out);
	}
}
