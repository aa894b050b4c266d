// SPDX-License-Identifier: GPL-2.0
#include "report/text_glance.h"

#include <string.h>

#include "base/base.h"
#include "report/verdict.h"

/* Filesystems that are fine, unless all are asked for. */
#define FINE_SHOWN 8
/* Less of an advice says nothing. */
#define TODO_LEAST 40

enum column_of_glance {
	G_VERDICT,
	G_FS,
	G_PROGRAM,
	G_BLOCKED,
	G_SHARE,
	G_LONGEST,
	G_CAUSE,
	G_COLUMNS,
};

/* The least widths: names have what they need. */
static const struct {
	const char *name;
	int width;
	bool left;
} columns[G_COLUMNS] = {
	[G_VERDICT] = {"", 5, true},	     [G_FS] = {"FILESYSTEM", 10, true},
	[G_PROGRAM] = {"PROGRAM", 7, true},  [G_SHARE] = {"OF TIME", 7, false},
	[G_BLOCKED] = {"BLOCKED", 7, false}, [G_LONGEST] = {"LONGEST", 7, false},
	[G_CAUSE] = {"CAUSE", 12, true},
};
#define FS_MOST 40
#define FS_LEAST 14
#define PROGRAM_MOST 15
#define CAUSE_MOST 28
#define CAUSE_LEAST 12

struct layout {
	unsigned int shown;
	int width[G_COLUMNS];
};

static const char *const words[] = {"ok", "look", "hurts"};
static const enum print_style styles[] = {PRINT_PLAIN, PRINT_BOLD, PRINT_ALARM};

static const char *name_of(struct print *p, const struct report_fs *f, int room)
{
	const char *api = print__api(f->fs);

	return print__join(p, api, print__fs(p, f->fs, room - (int)strlen(api)), "");
}

static const char *program_of(struct print *p, const struct report_glance *g)
{
	char many[32];

	if (g->program)
		return print__middle(p, g->program, PROGRAM_MOST);
	if (g->nr_programs < 2)
		return "?";
	snprintf(many, sizeof(many), "%zu programs", g->nr_programs);
	return print__safe(p, many);
}

static const char *share_of(const struct report_glance *g, char *buf, size_t size)
{
	if (!g->has_share)
		return "-";
	/* of several threads together */
	return g->share > 1 ? ">100%" : fmt__percent(g->share, buf, size);
}

/* ">42s" goes on. */
static const char *time_of(const struct report_glance *g, uint64_t ns, char *buf, size_t size)
{
	buf[0] = '>';
	return fmt__duration(ns, buf + g->still_asleep, size - 1) - g->still_asleep;
}

/* "?blk.tag": it is not certain. */
static const char *cause_of(struct print *p, const struct report_glance *g)
{
	return print__join(p, g->doubt ? "?" : "", g->cause_id ? g->cause_id : "-", "");
}

static void fill(struct print *p, const struct layout *l, const struct report_fs *f,
		 const char *cell[G_COLUMNS], char text[3][16])
{
	const struct report_glance *g = &f->glance;

	cell[G_VERDICT] = words[f->severity];
	cell[G_FS] = name_of(p, f, l->width[G_FS]);
	cell[G_PROGRAM] = program_of(p, g);
	cell[G_SHARE] = share_of(g, text[0], sizeof(text[0]));
	cell[G_BLOCKED] = time_of(g, g->blocked_ns, text[1], sizeof(text[1]));
	cell[G_LONGEST] = time_of(g, g->max_ns, text[2], sizeof(text[2]));
	cell[G_CAUSE] = print__middle(p, cause_of(p, g), l->width[G_CAUSE]);
}

static void widen(int *width, const char *name, int most)
{
	int n = print__columns(name);

	n = n > most ? most : n;
	*width = n > *width ? n : *width;
}

static int least(int want, int most)
{
	return want < most ? want : most;
}

/* What the columns of these leave of the width for a filesystem's name and a cause's. */
static int left_by(const struct print *p, const struct layout *l)
{
	int left = p->width;

	for (int i = 0; i < G_COLUMNS; i++)
		if (l->shown & (1u << i))
			left -= (i == G_FS || i == G_CAUSE ? 0 : l->width[i]) + (i > 0);
	return left;
}

/* Names have what they need; where that is too much, filesystems' are cut first, then causes'. */
static void share_room(const struct print *p, struct layout *l)
{
	int fs = l->width[G_FS], cause = l->width[G_CAUSE], fs_least = least(fs, FS_LEAST), left;

	for (int drop = 1; drop <= 2 && left_by(p, l) < fs_least + least(cause, CAUSE_LEAST);
	     drop++)
		l->shown &= ~(1u << (drop == 1 ? G_BLOCKED : G_PROGRAM));
	left = left_by(p, l);
	if (left - cause < fs)
		l->width[G_FS] = left - cause > fs_least ? left - cause : fs_least;
	l->width[G_CAUSE] = left - l->width[G_FS];
}

static struct layout layout_of(struct print *p, const struct report *r)
{
	struct layout l = {.shown = (1u << G_COLUMNS) - 1};

	for (size_t i = 0; i < G_COLUMNS; i++)
		l.width[i] = columns[i].width;
	for (size_t i = 0; i < r->nr_fs; i++) {
		const struct report_glance *g = &r->fs[i].glance;

		if (r->fs[i].severity == SEVERITY_OK)
			continue;
		widen(&l.width[G_FS], name_of(p, &r->fs[i], FS_MOST), FS_MOST);
		widen(&l.width[G_PROGRAM], program_of(p, g), PROGRAM_MOST);
		widen(&l.width[G_CAUSE], print__safe(p, cause_of(p, g)), CAUSE_MOST);
	}
	share_room(p, &l);
	return l;
}

static void put_row(struct print *p, const struct layout *l, enum print_style style,
		    const char *const cell[G_COLUMNS])
{
	char line[PRINT_MAX_WIDTH * 5];
	size_t used = 0;

	for (int i = 0; i < G_COLUMNS && used < sizeof(line); i++) {
		int pad = l->width[i] - print__columns(cell[i]);

		if (!(l->shown & (1u << i)))
			continue;
		pad = pad > 0 && i != G_CAUSE ? pad : 0;
		used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%*s%s%*s",
					 i ? " " : "", columns[i].left ? 0 : pad, "", cell[i],
					 columns[i].left ? pad : 0, "");
	}
	print__line(p, style, "%s", line);
}

/* "ext4.dio_sync: preallocate ...", whole or up to a word, where there is room for it. */
static const char *with_todo(struct print *p, const char *cause, const char *todo, int room)
{
	const char *text = print__join(p, cause, ": ", todo);
	size_t cut;

	if (!todo || !*todo || room < print__columns(cause) + 2 + TODO_LEAST)
		return cause;
	if (print__columns(text) <= room)
		return text;
	for (cut = print__bytes(text, room - 4); cut && text[cut] != ' ';)
		cut--;
	return print__join(p, print__cut(p, text, cut), " ...", "");
}

static void put_filesystem(struct print *p, const struct layout *l, const struct report_fs *f)
{
	const char *cell[G_COLUMNS];
	char text[3][16];

	fill(p, l, f, cell, text);
	cell[G_CAUSE] =
		with_todo(p, cell[G_CAUSE], f->glance.doubt ? "not certain" : f->glance.todo,
			  l->width[G_CAUSE]);
	put_row(p, l, styles[f->severity], cell);
}

static bool hurts_or_looks(const struct report *r)
{
	for (size_t i = 0; i < r->nr_fs; i++)
		if (r->fs[i].severity != SEVERITY_OK)
			return true;
	return false;
}

static void put_sentence(struct print *p, const char *lead, const struct report_fs *f)
{
	static const char *const says[] = {"", ", worth a look", " hurts"};
	char sentence[VERDICT_SIZE];

	verdict__sentence(f, sentence, sizeof(sentence));
	print__para(p, styles[f->severity], lead, "%s%s: %s", name_of(p, f, p->width - 20),
		    says[f->severity], print__safe(p, sentence));
}

/* The word is needed only among others. */
static const char *lead_of_fine(const struct report *r)
{
	return hurts_or_looks(r) ? "ok    " : "";
}

static void put_legend(struct print *p)
{
	print__para(
		p, PRINT_PLAIN, "      ",
		"look: worth a look. PROGRAM: the one that lost most time. BLOCKED: time asleep "
		"inside the calls of all programs; \">\": a sleep goes on. OF TIME: the share of "
		"the time traced that this program was blocked, its processes and threads "
		"together. LONGEST: of one sleep. CAUSE: of most of the blocked time; \"?\": not "
		"certain.");
}

/* Those that are not fine, aligned; those that are, a sentence each. */
static void put_lines(struct print *p, const struct report *r, const struct format_opts *o)
{
	struct layout l = layout_of(p, r);
	const char *header[G_COLUMNS];
	size_t fine = 0, max = o && o->full ? r->nr_fs : FINE_SHOWN;

	for (int i = 0; i < G_COLUMNS; i++)
		header[i] = columns[i].name;
	if (l.width[G_CAUSE] >= CAUSE_MOST + TODO_LEAST)
		header[G_CAUSE] = "CAUSE: WHAT TO DO";
	if (hurts_or_looks(r))
		put_row(p, &l, PRINT_BOLD, header);
	for (int s = SEVERITY_HURTS; s > SEVERITY_OK; s--)
		for (size_t i = 0; i < r->nr_fs; i++)
			if (r->fs[i].severity == (enum severity)s)
				put_filesystem(p, &l, &r->fs[i]);
	for (size_t i = 0; i < r->nr_fs; i++)
		if (r->fs[i].severity == SEVERITY_OK && fine++ < max)
			put_sentence(p, lead_of_fine(r), &r->fs[i]);
	if (o && o->legend && hurts_or_looks(r))
		put_legend(p);
	if (fine > max)
		print__line(p, PRINT_PLAIN, "%sand %s: --full", lead_of_fine(r),
			    print__n(p, fine - max, "more filesystem"));
}

static void put_sentences(struct print *p, const struct report *r)
{
	for (int s = SEVERITY_HURTS; s > SEVERITY_OK; s--)
		for (size_t i = 0; i < r->nr_fs; i++)
			if (r->fs[i].severity == (enum severity)s)
				put_sentence(p, "", &r->fs[i]);
}

void text_glance__print(struct print *p, const struct report *r, const struct format_opts *o)
{
	bool last = o && o->last;

	if (!r->nr_fs)
		return;
	if (!last)
		put_lines(p, r, o);
	if (hurts_or_looks(r)) {
		if (!last)
			print__line(p, PRINT_PLAIN, "%s", "");
		put_sentences(p, r);
		if (last)
			print__line(p, PRINT_PLAIN, "%s", "");
	}
	if (last)
		put_lines(p, r, o);
	else
		print__line(p, PRINT_PLAIN, "%s", "");
}
