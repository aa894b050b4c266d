// SPDX-License-Identifier: GPL-2.0
/*
 * topshot FIXTURE WIDTH HEIGHT [BY [KEYS [ascii]]]: the screen of top over a text fixture after these keys:
 * characters, and ^ for up, v for down, $ for Enter, ! for Escape. With HEIGHT 0 as a batch has it,
 * with WIDTH 0 as JSON.
 */
#include <stdlib.h>
#include <string.h>

#include "cause/causes.h"
#include "model/capture.h"
#include "source_text.h"
#include "top/lines.h"

static bool fill(struct page *p, struct capture *c, enum view_by by, int width)
{
	struct view v = {.by = {by, BY_CAUSE}, .nr_by = by == BY_FS ? 0 : 1};
	struct err e = {0};
	const struct report *r = capture__report(c, &v, &e);
	bool ok = r && page__make(p, r, width);

	if (!ok || !v.nr_by || by == BY_CAUSE)
		return ok;
	v.nr_by = 2;
	r = capture__report(c, &v, &e);
	return r && page__add_causes(p, r, width);
}

static int key_of(char c)
{
	static const char names[] = "^v$!";
	static const int keys[] = {KEY_OF_UP, KEY_OF_DOWN, KEY_OF_ENTER, KEY_OF_ESCAPE};
	const char *at = strchr(names, c);

	return at ? keys[at - names] : c;
}

static int shoot(struct capture *c, int width, int height, enum view_by by, const char *keys,
		 bool ascii)
{
	struct screen s;
	struct page p;
	struct grid g = {0};
	int rc = 1;

	screen__init(&s, by, NSEC_PER_SEC);
	if (fill(&p, c, by, width ? width : 80)) {
		for (; *keys; keys++)
			if (screen__key(&s, &p, key_of(*keys)) == WISH_ZERO)
				page__subtract(&p, &p);
		s.batch = !height;
		if (!width)
			rc = top_lines__print(stdout, &p, &s);
		else if (grid__init(&g, width, height ? height : screen__lines(&p, &s))) {
			screen__draw(&g, &p, &s);
			if (ascii)
				grid__make_ascii(&g);
			grid__print(&g, stdout, height);
			rc = 0;
		}
	}
	grid__free(&g);
	page__free(&p);
	return rc;
}

int main(int argc, char **argv)
{
	FILE *in = argc > 3 ? fopen(argv[1], "r") : NULL;
	char why[384];
	struct causes *causes = causes__new(NULL, why, sizeof(why));
	struct ledger *ledger = ledger__new(&(struct ledger_opts){.causes = causes});
	enum view_by by[BYS] = {BY_FS};
	struct err e = {0};
	struct source *source = in ? source_text__new(in, &e) : NULL;
	struct capture *c = source ? capture__new(source, ledger) : NULL;
	int rc = 1;

	if (argc > 4)
		view_by__parse(argv[4], by, &e);
	if (c && !capture__stop(c))
		rc = shoot(c, atoi(argv[2]), atoi(argv[3]), by[0], argc > 5 ? argv[5] : "",
			   argc > 6);
	capture__free(c);
	ledger__free(ledger);
	causes__free(causes);
	if (in)
		fclose(in);
	return rc;
}
