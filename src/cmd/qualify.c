// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/interrupt.h"
#include "cmd/options.h"
#include "cmd/output.h"
#include "cmd/qualify_files.h"
#include "cmd/qualify_trace.h"
#include "cmd/screen.h"
#include "qualify/gate.h"
#include "qualify/page.h"
#include "qualify/print_result.h"
#include "qualify/runner.h"
#include "work/engine.h"

/* All cells together, and one of them. */
#define TOTAL_NS (45 * NSEC_PER_SEC)
#define CELL_MAX_MS 1000
#define CELL_MIN_MS 50

static const struct cmd_spec spec = {
	.name = "qualify",
	.verb = VERB_QUALIFY,
	.synopsis = "[OPTIONS] [DIR|DEVICE]\n"
		    "       aiostall qualify --page [OPTIONS] FILE...",
	.about = "Run the standard patterns of asynchronous I/O in a folder (the current one, if "
		 "none is given) or on a device, and say for each whether it is asynchronous, and "
		 "if not, why and what to do. Takes less than a minute. The files have no names, "
		 "so that nothing is left however it ends, and 64M at most. Without root the "
		 "verdicts are the same, but have no causes. Exit status: 0 fine, 1 failed or "
		 "--fail-on holds, 2 usage, 3 interrupted.",
	.examples = "  aiostall qualify /data\n"
		    "  aiostall qualify /data --rows append,overwrite --engine aio,uring\n"
		    "  aiostall qualify /data --fail-on 'overwrite:rare,read:rare' -o /dev/null\n"
		    "  aiostall qualify /dev/nvme1n1 --destructive --format json -o nvme1n1.json\n"
		    "  aiostall qualify --page --format html -o page.html *.json\n"
		    "  aiostall diff before.json after.json\n",
	.takes_files = true,
};

struct job {
	const struct cmd_opts *opts;
	struct plan_opts plan_opts;
	struct verdict_gate gate;
	const struct page_form *form;
	bool list;
	result_print_fn *print; /* NULL with --page */
	/* while it runs */
	struct result *result;
	struct site site;
	struct plan plan;
	struct runner *runner;
	struct qualify_trace *trace;
};

/* What stands in lists of words. */
static int take_lists(struct job *j, struct err *e)
{
	const struct cmd_opts *o = j->opts;
	int rc = 0;

	for (size_t i = 0; i < o->nr_rows; i++)
		j->list |= !strcmp(o->rows[i], "list");
	for (size_t i = 0; !rc && !j->list && i < o->nr_rows; i++)
		rc = plan_opts__add_rows(&j->plan_opts, o->rows[i], e);
	for (size_t i = 0; !rc && i < o->nr_engines; i++)
		rc = plan_opts__add_engines(&j->plan_opts, o->engines[i], e);
	for (size_t i = 0; !rc && i < o->nr_fail_on; i++)
		rc = verdict_gate__parse(&j->gate, o->fail_on[i], e);
	return rc;
}

static int check_format(struct job *j, struct err *e)
{
	bool page = j->opts->page;
	const char *name = j->opts->own_format ? j->opts->own_format->name : page ? "md" : "text";
	unsigned int view = page ? VIEW_PAGE : VIEW_RESULT;
	char names[128];

	j->form = page__form(name);
	j->print = page ? NULL : result_print__find(name);
	if (format__prints(format__find(name), view))
		return 0;
	return err__set(e, -EINVAL, "qualify: --format \"%s\": with%s --page it must be one of %s",
			name, page ? "" : "out", format__names(view, names, sizeof(names)));
}

static int check(struct job *j, struct err *e)
{
	int rc = take_lists(j, e);

	if (!rc)
		rc = check_format(j, e);
	if (!rc && j->opts->page && !j->opts->nr_files)
		rc = err__set(e, -EINVAL,
			      "qualify: --page needs files that --format json has made");
	if (!rc && !j->opts->page && j->opts->nr_files > 1)
		rc = err__set(e, -EINVAL, "qualify: one place at a time");
	j->plan_opts.full = j->opts->full;
	if (rc || j->opts->page || j->list)
		return rc;
	rc = plan__make(&j->plan, &j->plan_opts, e);
	if (!rc)
		rc = verdict_gate__check(&j->gate, &j->plan, e);
	if (rc)
		plan__free(&j->plan);
	return rc;
}

static int list_rows(void)
{
	size_t nr;
	struct row *rows = row__all(&nr);
	char id[ROW_ID_MAX];

	for (size_t i = 0; rows && i < nr; i++)
		printf("%-44s %s\n", row__id(&rows[i], id, sizeof(id)),
		       i < row__nr_standard() ? "standard" : "--full");
	free(rows);
	return output__finish_stdout();
}

/* Of one cell. With every row asked for, and no time given, they take as long as they take. */
static uint64_t budget_ms(const struct job *j)
{
	uint64_t ms = (j->opts->duration_ns ? j->opts->duration_ns : TOTAL_NS) / NSEC_PER_MSEC /
		      j->plan.nr;

	if (!j->opts->duration_ns && ms < CELL_MAX_MS / 2)
		return CELL_MAX_MS / 2;
	if (ms < CELL_MIN_MS)
		return CELL_MIN_MS;
	return ms < CELL_MAX_MS ? ms : CELL_MAX_MS;
}

static void show_progress(const struct job *j, size_t i)
{
	char row[ROW_ID_MAX] = "warm-up";

	if (!isatty(STDERR_FILENO))
		return;
	if (i)
		row__id(&j->plan.cells[i - 1].row, row, sizeof(row));
	fprintf(stderr, "\r\033[K%zu of %zu: %s %s", i, j->plan.nr, row,
		i ? j->plan.cells[i - 1].engine : "");
}

static int wait_for_cell(struct job *j)
{
	struct pollfd done = {.fd = runner__fd(j->runner), .events = POLLIN};

	if (j->trace)
		return qualify_trace__wait(j->trace, done.fd);
	return poll(&done, 1, -1) < 0 ? -errno : 0;
}

static int run_cell(struct job *j, size_t i, struct cell *c)
{
	int rc = interrupt__count() ? -EINTR : runner__begin(j->runner, i);

	if (!rc)
		rc = wait_for_cell(j);
	if (!rc)
		rc = runner__take(j->runner, c);
	if (!rc && j->trace)
		rc = qualify_trace__end_cell(j->trace, c);
	if (!rc && c->verdict != VERDICT_NA)
		cell__judge(c);
	return rc;
}

/* 0, or -errno with e set. What was done until a signal came is in the result. */
static int run_cells(struct job *j, struct err *e)
{
	struct result *r = j->result;
	uint64_t start_ns = clock__mono_ns();
	int rc = 0;

	r->started_unix_ns = clock__wall_ns();
	for (size_t i = 0; !rc && i <= j->plan.nr; i++) {
		struct cell c, *to;

		show_progress(j, i);
		rc = run_cell(j, i, &c);
		to = rc ? NULL : i ? result__add_cell(r) : &r->warm_up;
		if (to)
			*to = c;
		else if (!rc)
			rc = -ENOMEM;
	}
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	r->duration_ns = clock__mono_ns() - start_ns;
	r->interrupted = rc == -EINTR;
	if (!rc || rc == -EINTR)
		return 0;
	return err__set(e, rc, rc == -EPIPE ? "the load has died" : "cannot run the rows: %s",
			strerror(-rc));
}

static void attach(struct job *j)
{
	struct err e = {0};

	if (j->opts->no_trace)
		err__set(&e, 0, "--no-trace");
	else if (geteuid())
		err__set(&e, 0, "not run by root");
	else
		j->trace = qualify_trace__new(runner__pid(j->runner), &e);
	j->result->traced = j->trace != NULL;
	snprintf(j->result->untraced_why, sizeof(j->result->untraced_why), "%s", e.text);
}

static int run(struct job *j, const char *path, struct err *e)
{
	int rc = site__open(&j->site, path, j->opts->destructive, j->result, e);

	if (j->opts->label)
		snprintf(j->result->label, sizeof(j->result->label), "%s", j->opts->label);
	if (rc)
		return rc;
	interrupt__catch();
	j->runner = runner__new(&j->site, &j->plan, budget_ms(j), e);
	if (!j->runner)
		return -EAGAIN;
	attach(j);
	return run_cells(j, e);
}

static int print(const struct job *j, struct output *out, struct err *e)
{
	struct format_opts o = screen__format_opts(output__fd(out), 0);
	FILE *to = output__file(out);
	int rc = j->print(j->result, to, &o);

	/* the stream knows better why it failed */
	if (output__flush(out, e))
		return -EIO;
	if (rc)
		return err__set(e, rc, "cannot print the result: %s", strerror(-rc));
	return output__commit(out, e);
}

static int status_of(const struct job *j)
{
	int status = j->result->interrupted ? CMD_LOSS : CMD_OK;

	for (size_t i = 0; i < j->gate.nr; i++) {
		const struct cell *c = verdict_gate__tripped(&j->gate, i, j->result);

		if (!c)
			continue;
		fprintf(stderr, "aiostall: --fail-on %s: %s on %s is %s\n", j->gate.clauses[i].text,
			c->row, c->engine, verdict__word(c->verdict));
		status = CMD_FAILED;
	}
	return status;
}

static int run_and_print(struct job *j, const char *path)
{
	struct err e = {0};
	struct output *out = output__open(j->opts->output, &e);
	int status;

	j->result = result__new();
	j->site.claim = -1;
	if (!j->result)
		err__set(&e, -ENOMEM, "out of memory");
	if (!out || !j->result || run(j, path, &e) || print(j, out, &e))
		status = cmd__fail(&e);
	else
		status = status_of(j);
	qualify_trace__free(j->trace);
	runner__free(j->runner);
	plan__free(&j->plan);
	site__close(&j->site);
	result__free(j->result);
	output__free(out);
	return status;
}

static int work_on(struct job *j)
{
	const struct cmd_opts *o = j->opts;

	if (o->page)
		return qualify_files__page(o->files, o->nr_files, j->form, o->intro, o->output);
	return j->list ? list_rows() : run_and_print(j, o->nr_files ? o->files[0] : ".");
}

int cmd_qualify(int argc, char **argv)
{
	struct job *j = calloc(1, sizeof(*j));
	struct cmd_opts opts;
	struct err e = {0};
	int status;

	if (!j) {
		err__set(&e, -ENOMEM, "out of memory");
		return cmd__fail(&e);
	}
	j->opts = &opts;
	status = options__parse(&opts, &spec, argc, argv);
	if (status == OPTIONS_GO)
		status = check(j, &e) ? options__misused(&spec, &e) : work_on(j);
	options__free(&opts);
	free(j);
	return status;
}
