// SPDX-License-Identifier: GPL-2.0
/* The screen drawn into a grid. */
#include <string.h>

#include "model/sums.h"
#include "report/print.h"
#include "top/screen.h"

/* In the order of enum screen_column; the narrower the screen, the fewer are shown. */
static const struct column columns[COLUMNS_ALL] = {
	{"NAME", 0, 0, true},	 {"SUBMITS", 7, 3, false}, {"BLOCKED%", 8, 4, false},
	{"SLEEPS", 6, 0, false}, {"BLOCKED", 7, 0, false}, {"SHARE", 6, 5, false},
	{"P99", 7, 1, false},	 {"MAX", 7, 0, false},	   {"HELD-UP", 7, 2, false},
};
#define NAME_WANTS 24
#define GAP 1

static const char *const help[] = {
	"up, down, PgUp, PgDn, Home, End, j, k   move",
	"Enter           go into a row: its causes, then stack, worst request, advice",
	"Esc, Backspace  back; Esc also ends a filter",
	"<  >  r         column to sort by; the other way round",
	"/               show only rows that contain a text",
	"g               rows by filesystem, device, file, command, cgroup, cause",
	"a               figures since the start, or of the last interval",
	"z               count from zero: figures since now",
	"d               interval: 1, 2, 5, 10 s",
	"space           hold the screen; tracing goes on",
	"w               write what is shown to aiostall-top.json",
	"q               quit",
	"",
	"BLOCKED%: submits that slept. BLOCKED: time asleep, in total. SHARE: of that.",
	"P99, MAX: of one sleep, always since the start. HELD-UP: requests that waited",
	"behind a sleeping one of the same call. ASLEEP NOW: sleeps that have not ended.",
};

static void put_tail(struct grid *g, int x, int width, int y, enum grid_role role, const char *text,
		     bool right)
{
	char cut[1024];
	size_t keep = print__bytes(text, width);

	snprintf(cut, sizeof(cut), "%.*s", (int)(keep < sizeof(cut) ? keep : sizeof(cut) - 1),
		 text);
	grid__put(g, right ? x + width - print__columns(cut) : x, y, role, cut);
}

/* Not known is neither 0 nor nothing. */
static const char *cell_text(const struct page_row *r, enum screen_column c, uint64_t all_ns,
			     char *buf, size_t size)
{
	const struct page_figures *f = &r->now;

	switch (c) {
	case COLUMN_SUBMITS:
		return f->has_calls ? fmt__count(f->submits, buf, size) : "-";
	case COLUMN_SHARE_BLOCKED:
		return f->has_calls && f->submits
			       ? fmt__percent((double)f->blocked_submits / (double)f->submits, buf,
					      size)
			       : "-";
	case COLUMN_SLEEPS:
		return fmt__count(f->sleeps, buf, size);
	case COLUMN_BLOCKED:
		return fmt__duration(f->blocked_ns, buf, size);
	case COLUMN_SHARE:
		return all_ns ? fmt__percent((double)f->blocked_ns / (double)all_ns, buf, size)
			      : "-";
	case COLUMN_P99:
		return f->p99_ns ? fmt__duration(f->p99_ns, buf, size) : "-";
	case COLUMN_MAX:
		return fmt__duration(f->max_ns, buf, size);
	case COLUMN_HELD_UP:
		return fmt__count(f->held_up, buf, size);
	default:
		return r->name;
	}
}

static void put_line(struct grid *g, int y, enum grid_role role, unsigned int shown, int rest,
		     const struct page_row *r, const struct screen *s, uint64_t all_ns)
{
	int x = rest + GAP;
	char buf[32], head[32];

	put_tail(g, 0, rest, y, role,
		 r			  ? r->name
		 : s->depth == DEPTH_ROWS ? "NAME"
					  : "CAUSE",
		 false);
	for (int c = 1; c < COLUMNS_ALL; c++) {
		bool sorted = s->sort == (enum screen_column)c;

		if (!(shown & 1u << c))
			continue;
		snprintf(head, sizeof(head), "%s%s", sorted ? s->reverse ? "^" : "v" : "",
			 columns[c].name);
		put_tail(g, x - (r ? 0 : GAP), columns[c].width + (r ? 0 : GAP), y, role,
			 r ? cell_text(r, (enum screen_column)c, all_ns, buf, sizeof(buf)) : head,
			 true);
		x += columns[c].width + GAP;
	}
	grid__paint(g, y, role);
}

static uint64_t sum_blocked(const struct page_row *const *rows, size_t nr)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < nr; i++)
		sum = sat_add(sum, rows[i]->now.blocked_ns);
	return sum;
}

/* Of causes no submits are known. */
static unsigned int fit(const struct screen *s, int width, int *rest)
{
	unsigned int shown = columns__fit(columns, COLUMNS_ALL, 0, width, NAME_WANTS, rest);

	for (int c = COLUMN_SUBMITS; s->depth != DEPTH_ROWS && c <= COLUMN_SHARE_BLOCKED; c++) {
		if (shown & 1u << c)
			*rest += columns[c].width + GAP;
		shown &= ~(1u << c);
	}
	return shown;
}

/* Lines y to end, the selected one among them. */
static void draw_table(struct grid *g, int y, int end, const struct page *p, const struct screen *s)
{
	struct pool pool = {0};
	size_t nr, first = 0;
	const struct page_row **rows = screen__rows(&pool, p, s, &nr);
	int rest, room = end - y - 1;
	unsigned int shown = fit(s, g->width, &rest);
	size_t selected = (size_t)s->selected < nr ? (size_t)s->selected : nr ? nr - 1 : 0;
	uint64_t all_ns = rows ? sum_blocked(rows, nr) : 0;

	put_line(g, y++, ROLE_HEAD, shown, rest, NULL, s, 0);
	if (room > 0 && selected >= (size_t)room)
		first = selected - (size_t)room + 1;
	for (size_t i = first; i < nr && y < end; i++, y++)
		put_line(g, y, !s->batch && i == selected ? ROLE_SELECTED : ROLE_PLAIN, shown, rest,
			 rows[i], s, all_ns);
	if (!nr)
		grid__put(g, 2, y, ROLE_PLAIN,
			  *s->filter ? "(nothing contains that text)"
				     : "(no submit has been seen yet)");
	pool__clear(&pool);
}

static void draw_lines(struct grid *g, int y, int end, const char *text, int skip)
{
	while (*text && y < end) {
		size_t len = strcspn(text, "\n");
		char line[1024];

		snprintf(line, sizeof(line), "%.*s", (int)(len < 1000 ? len : 1000), text);
		text += len + (text[len] == '\n');
		if (skip-- > 0)
			continue;
		grid__put(g, 0, y++, ROLE_PLAIN, line);
	}
}

static void draw_detail(struct grid *g, int y, int end, const struct page *p,
			const struct screen *s)
{
	struct pool pool = {0};
	size_t nr;
	const struct page_row **rows = screen__rows(&pool, p, s, &nr);
	const char *text = "";

	for (size_t i = 0; i < nr; i++)
		if (!strcmp(rows[i]->key, s->cause))
			text = rows[i]->detail;
	draw_lines(g, y, end, *text ? text : "\n\n(nothing is known of it any more)",
		   s->scroll + 2);
	pool__clear(&pool);
}

/* ---- who sleeps ---- */

static int asleep_lines(const struct page *p, int height)
{
	int room = height / 4 > 2 ? height / 4 : 2;

	return 1 + (p->nr_asleep < (size_t)room ? (int)p->nr_asleep : room);
}

static void draw_asleep(struct grid *g, int y, int end, const struct page *p)
{
	char line[2048], age[16];
	size_t shown = (size_t)(end - y - 1);

	if (!p->nr_asleep)
		snprintf(line, sizeof(line), "ASLEEP NOW: nobody");
	else
		snprintf(line, sizeof(line), "ASLEEP NOW: %zu thread%s%s", p->nr_asleep,
			 plural(p->nr_asleep),
			 p->nr_asleep > shown ? ", those that sleep longest:" : "");
	grid__put(g, 0, y, ROLE_HEAD, line);
	grid__paint(g, y++, ROLE_HEAD);
	for (size_t i = 0; i < p->nr_asleep && y < end; i++, y++) {
		const struct page_asleep *a = &p->asleep[i];
		bool old = a->age_ns >= NSEC_PER_SEC;

		snprintf(line, sizeof(line), "%s%7s  %-22s %-20s %s%s%s", a->at_least ? ">" : " ",
			 fmt__duration(a->age_ns, age, sizeof(age)), a->who, a->cause, a->where,
			 *a->path ? "  " : "", a->path);
		grid__put(g, 0, y, old ? ROLE_ALARM : ROLE_PLAIN, line);
		grid__paint(g, y, old ? ROLE_ALARM : ROLE_PLAIN);
	}
}

/* ---- above and below ---- */

static void draw_bar(struct grid *g, const struct page *p, const struct screen *s)
{
	char line[512], time[16];

	snprintf(line, sizeof(line), "aiostall top: %s, kernel %s, %s %s", p->host, p->kernel,
		 p->elapsed_ns != p->all_ns ? "the last" : "all of",
		 fmt__duration(p->elapsed_ns, time, sizeof(time)));
	grid__put(g, 0, 0, ROLE_BAR, line);
	if (s->paused)
		grid__put(g, g->width - 7, 0, ROLE_BAR, " PAUSED");
	grid__paint(g, 0, ROLE_BAR);
}

static void draw_totals(struct grid *g, int y, const struct page *p)
{
	const struct page_figures *t = &p->total;
	char line[512], submits[16], share[16] = "0%", sleeps[16], blocked[16];

	if (t->submits)
		fmt__percent((double)t->blocked_submits / (double)t->submits, share, sizeof(share));
	if (t->has_calls)
		snprintf(line, sizeof(line),
			 "%s submit%s, %s of them blocked; %s sleep%s, %s blocked",
			 fmt__count(t->submits, submits, sizeof(submits)), plural(t->submits),
			 share, fmt__count(t->sleeps, sleeps, sizeof(sleeps)), plural(t->sleeps),
			 fmt__duration(t->blocked_ns, blocked, sizeof(blocked)));
	else
		snprintf(line, sizeof(line), "submits not counted; %s sleep%s, %s blocked",
			 fmt__count(t->sleeps, sleeps, sizeof(sleeps)), plural(t->sleeps),
			 fmt__duration(t->blocked_ns, blocked, sizeof(blocked)));
	grid__put(g, 0, y, ROLE_PLAIN, line);
}

static void draw_place(struct grid *g, int y, const struct page *p, const struct screen *s)
{
	char line[1024];
	const struct page_row *in = NULL;

	for (size_t i = 0; i < p->nr_rows; i++)
		if (!strcmp(p->rows[i].key, s->row))
			in = &p->rows[i];
	if (s->depth == DEPTH_ROWS)
		snprintf(line, sizeof(line), "By %s%s%s", p->by, *s->filter ? ", with " : "",
			 s->filter);
	else
		snprintf(line, sizeof(line), "By %s > %s%s%s", p->by, in ? in->name : s->row,
			 s->depth == DEPTH_DETAIL ? " > " : "",
			 s->depth == DEPTH_DETAIL ? s->cause : "");
	grid__put(g, 0, y, ROLE_STRONG, line);
	grid__paint(g, y, ROLE_STRONG);
}

static void draw_foot(struct grid *g, const struct page *p, const struct screen *s)
{
	int y = g->height - 1;
	char line[512];

	if (s->typing)
		snprintf(line, sizeof(line), "/%s_", s->filter);
	else if (s->message)
		snprintf(line, sizeof(line), "%s", s->message);
	else if (*p->losses)
		snprintf(line, sizeof(line), "INCOMPLETE: %s", p->losses);
	else
		snprintf(line, sizeof(line), "%s",
			 "? help  Enter Esc  <> sort  / filter  g by  space hold  q quit");
	grid__put(g, 0, y, *p->losses && !s->typing && !s->message ? ROLE_ALARM : ROLE_BAR, line);
	grid__paint(g, y, *p->losses && !s->typing && !s->message ? ROLE_ALARM : ROLE_BAR);
}

static void draw_batch_foot(struct grid *g, const struct page *p)
{
	char line[1200];

	if (*p->losses)
		snprintf(line, sizeof(line), "INCOMPLETE: %s", p->losses);
	else
		snprintf(line, sizeof(line), "probes: %s", p->probes);
	grid__put(g, 0, g->height - 1, ROLE_PLAIN, line);
}

int screen__lines(const struct page *p, const struct screen *s)
{
	(void)s;
	return (int)(5 + (p->nr_rows ? p->nr_rows : 1) + 1 + p->nr_asleep + 1);
}

void screen__draw(struct grid *g, const struct page *p, const struct screen *s)
{
	int asleep = s->batch ? 1 + (int)p->nr_asleep : asleep_lines(p, g->height);
	int end = g->height - 1 - asleep;

	draw_bar(g, p, s);
	grid__put(g, 0, 1, ROLE_STRONG, p->verdict);
	draw_totals(g, 2, p);
	draw_place(g, 3, p, s);
	if (s->help) {
		for (size_t i = 0; i < ARRAY_SIZE(help) && 4 + (int)i < g->height - 1; i++)
			grid__put(g, 0, 4 + (int)i, ROLE_PLAIN, help[i]);
		draw_foot(g, p, s);
		return;
	}
	if (s->depth == DEPTH_DETAIL)
		draw_detail(g, 4, end, p, s);
	else
		draw_table(g, 4, end, p, s);
	draw_asleep(g, end, g->height - 1, p);
	if (s->batch)
		draw_batch_foot(g, p);
	else
		draw_foot(g, p, s);
}
