// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/session.h"
#include "report/format.h"
#include "top/curses.h"
#include "top/lines.h"

#define STEP_MS 500
#define BATCH_WIDTH 132
#define WRITTEN_TO "aiostall-top.json"

static const struct cmd_spec spec = {
	.name = "top",
	.verb = VERB_TOP,
	.synopsis = "[OPTIONS]",
	.about =
		"Trace, and show what blocks while it happens: filesystems, the causes of one, "
		"then stack, worst request and advice; and who sleeps in a submit now. Press ? for "
		"the keys. Where the output is no terminal, or with --batch, the same as lines. "
		"Exit status: 0 fine, 1 failed, 2 usage.",
	.examples = "  aiostall top                      the whole host\n"
		    "  aiostall top --by file --fs xfs   files of one type of filesystem\n"
		    "  aiostall top -b -n 3 -i 10        three times, every ten seconds\n"
		    "  aiostall top -b --format json     an object a line, for programs\n",
};

struct top {
	const struct cmd_opts *opts;
	struct session *session;
	struct curses *curses; /* NULL = batch */
	struct output *out;    /* of a batch */
	struct screen screen;
	struct page page, zero; /* what is shown; what z began to count from */
	bool has_page, has_zero;
	uint64_t next_ns, printed;
};

/* ---- pages ---- */

/* *p is to be freed in every case. */
static bool fill_page(struct top *t, struct page *p, int width, struct err *e)
{
	struct view v = {.by = {t->screen.by, BY_CAUSE}, .nr_by = t->screen.by == BY_FS ? 0 : 1};
	const struct report *r = session__figures(t->session, &v, e);
	bool ok;

	*p = (struct page){0};
	ok = r && page__make(p, r, width);
	if (!ok || !v.nr_by || t->screen.by == BY_CAUSE)
		return ok;
	v.nr_by = 2;
	r = session__figures(t->session, &v, e);
	return r && page__add_causes(p, r, width);
}

static int next_page(struct top *t, int width, struct err *e)
{
	struct page p;

	if (!fill_page(t, &p, width, e)) {
		page__free(&p);
		return *e->text ? -EIO : err__set(e, -ENOMEM, "out of memory");
	}
	if (t->screen.interval && t->has_page)
		page__subtract(&p, &t->page);
	else if (t->has_zero)
		page__subtract(&p, &t->zero);
	page__free(&t->page);
	t->page = p;
	t->has_page = true;
	return 0;
}

static int count_from_now(struct top *t, int width, struct err *e)
{
	page__free(&t->zero);
	t->has_zero = fill_page(t, &t->zero, width, e);
	return t->has_zero ? next_page(t, width, e) : -EIO;
}

static int write_page(struct top *t, struct err *e)
{
	struct output *o = output__open(WRITTEN_TO, e);
	int rc = o ? top_lines__print(output__file(o), &t->page, &t->screen) : -EIO;

	if (o && !rc)
		rc = output__commit(o, e);
	output__free(o);
	t->screen.message = rc ? "cannot write " WRITTEN_TO : "written to " WRITTEN_TO;
	return 0;
}

/* ---- a screen ---- */

static int draw(struct top *t, struct err *e)
{
	struct grid g;
	int width, height;

	curses__size(t->curses, &width, &height);
	if (!grid__init(&g, width, height))
		return err__set(e, -ENOMEM, "out of memory");
	screen__draw(&g, &t->page, &t->screen);
	if (t->opts->ascii)
		grid__make_ascii(&g);
	curses__show(t->curses, &g);
	grid__free(&g);
	return 0;
}

/* 0, 1 to end, or -errno. */
static int take_keys(struct top *t, bool *any, struct err *e)
{
	int width, height, key, rc = 0;

	curses__size(t->curses, &width, &height);
	while (!rc && (key = curses__key(t->curses)) != -1) {
		*any = true;
		switch (screen__key(&t->screen, &t->page, key)) {
		case WISH_QUIT:
			return 1;
		case WISH_ZERO:
			rc = count_from_now(t, width, e);
			break;
		case WISH_WRITE:
			rc = write_page(t, e);
			break;
		case WISH_ANOTHER_PAGE:
			/* what another group began with is not known */
			if (t->page.by && strcmp(t->page.by, view_by__name(t->screen.by)) != 0) {
				page__free(&t->zero);
				t->has_zero = false;
			}
			rc = next_page(t, width, e);
			break;
		default:
			break;
		}
	}
	return rc;
}

static int run_screen(struct top *t, struct err *e)
{
	int width, height, rc = next_page(t, 80, e);

	while (!rc) {
		struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
		uint64_t now_ns = clock__mono_ns(), left_ns;
		bool any = false;

		left_ns = t->next_ns > now_ns ? t->next_ns - now_ns : 0;
		rc = session__step(t->session, (int)(left_ns / NSEC_PER_MSEC) + 1, &in, 1, e);
		if (rc)
			return rc < 0 ? rc : 0;
		rc = take_keys(t, &any, e);
		curses__size(t->curses, &width, &height);
		now_ns = clock__mono_ns();
		if (!rc && now_ns >= t->next_ns) {
			t->next_ns = now_ns + t->screen.interval_ns;
			any = true;
			if (!t->screen.paused)
				rc = next_page(t, width, e);
		}
		if (!rc && any)
			rc = draw(t, e);
		/* the terminal has gone */
		if (in.revents & (POLLHUP | POLLERR))
			return 0;
	}
	return rc < 0 ? rc : 0;
}

/* ---- a batch ---- */

static int print_page(struct top *t, struct err *e)
{
	FILE *out = output__file(t->out);
	struct grid g;
	int rc = 0;

	if (!strcmp(t->opts->format->name, "json")) {
		rc = top_lines__print(out, &t->page, &t->screen);
	} else if (grid__init(&g, BATCH_WIDTH, screen__lines(&t->page, &t->screen))) {
		screen__draw(&g, &t->page, &t->screen);
		if (t->opts->ascii)
			grid__make_ascii(&g);
		if (t->printed)
			putc('\n', out);
		grid__print(&g, out, false);
		grid__free(&g);
	}
	t->printed++;
	if (output__flush(t->out, e))
		return -EIO;
	return rc ? err__set(e, rc, "cannot print the figures: %s", strerror(-rc)) : 0;
}

static int run_batch(struct top *t, struct err *e)
{
	bool ends = false;
	int rc = 0;

	while (!rc && !ends) {
		uint64_t now_ns = clock__mono_ns();
		uint64_t left_ns = t->next_ns > now_ns ? t->next_ns - now_ns : 0;

		rc = session__step(t->session, (int)(left_ns / NSEC_PER_MSEC) + 1, NULL, 0, e);
		ends = rc == 1;
		if (rc < 0)
			return rc;
		rc = 0;
		if (clock__mono_ns() < t->next_ns && !ends)
			continue;
		t->next_ns += t->screen.interval_ns;
		rc = next_page(t, BATCH_WIDTH, e);
		if (!rc)
			rc = print_page(t, e);
		ends = ends || (t->opts->count && t->printed >= t->opts->count);
	}
	return rc ? rc : output__commit(t->out, e);
}

static int run(struct top *t, struct err *e)
{
	enum view_by by[BYS] = {BY_FS};
	int rc = t->opts->by ? view_by__parse(t->opts->by, by, e) : 1;

	if (rc > 1)
		rc = err__set(e, -EINVAL, "--by %s: a screen has rows of one kind", t->opts->by);
	if (rc < 0)
		return rc;
	screen__init(&t->screen, by[0], t->opts->interval_ns);
	t->session = session__new(t->opts, e);
	if (!t->session)
		return -EIO;
	if (!t->opts->batch)
		t->curses = curses__new(SCREEN_MIN_WIDTH, SCREEN_MIN_HEIGHT);
	if (t->curses)
		return run_screen(t, e);
	if (!t->opts->batch && isatty(STDOUT_FILENO))
		fprintf(stderr,
			"the terminal is too small, or too simple, for a screen: as lines\n");
	t->screen.batch = true;
	t->next_ns = clock__mono_ns() + t->screen.interval_ns;
	t->out = output__open(NULL, e);
	return t->out ? run_batch(t, e) : -EIO;
}

int cmd_top(int argc, char **argv)
{
	struct top t = {0};
	struct cmd_opts opts;
	struct err e = {0};
	int rc, status = options__parse(&opts, &spec, argc, argv);

	if (status == OPTIONS_GO) {
		t.opts = &opts;
		if (!opts.interval_ns)
			opts.interval_ns = NSEC_PER_SEC;
		rc = run(&t, &e);
		/* before anything is said */
		curses__free(t.curses);
		status = rc ? cmd__fail(&e) : CMD_OK;
		page__free(&t.page);
		page__free(&t.zero);
		session__free(t.session);
		output__free(t.out);
	}
	options__free(&opts);
	return status;
}
