// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/getopts.h"
#include "cmd/interrupt.h"
#include "cmd/output.h"
#include "cmd/qualify_files.h"
#include "cmd/qualify_trace.h"
#include "cmd/screen.h"
#include "qualify/gate.h"
#include "qualify/page.h"
#include "qualify/result_json.h"
#include "qualify/result_text.h"
#include "qualify/runner.h"
#include "work/engine.h"

/* All cells together, and one of them. */
#define TOTAL_NS (45 * NSEC_PER_SEC)
#define TOTAL_MIN_NS NSEC_PER_SEC
#define TOTAL_MAX_NS (24 * 3600 * NSEC_PER_SEC)
#define CELL_MAX_MS 1000
#define CELL_MIN_MS 50

static const char help[] =
	"Usage: aiostall qualify [OPTIONS] [DIR|DEVICE]\n"
	"       aiostall qualify --page [OPTIONS] FILE...\n\n"
	"Run the standard patterns of asynchronous I/O in a folder (the current one, if\n"
	"none is given) or on a device, and say for each whether it is asynchronous, and\n"
	"if not, why and what to do. Takes less than a minute. The files have no names,\n"
	"so that nothing is left however it ends, and 64M at most. Without root the\n"
	"verdicts are the same, but have no causes. Exit status: 0 fine, 1 failed or\n"
	"--fail-on holds, 2 usage, 3 interrupted.\n\n"
	"Options:\n"
	"      --full                every row, not only the standard ones: some minutes\n"
	"      --rows LIST           these rows: names, beginnings of names, or patterns\n"
	"                            of the shell; \"list\" prints all\n"
	"      --engine LIST         hand over by these; default aio, and all of them for\n"
	"                            four rows: aio, uring, uring-async, uring-sqpoll,\n"
	"                            nowait, posix-aio, threads, or all\n"
	"      --fail-on LIST        [ENGINE/]ROW:VERDICT[,...], exit status 1 if a row\n"
	"                            has this verdict; rare and blocks hold for worse too\n"
	"      --time TIME           that all submits together may take, default 45s; a\n"
	"                            bare number is seconds\n"
	"      --destructive         overwrite what is on DEVICE\n"
	"      --no-trace            verdicts by getrusage alone, as without root\n"
	"      --label TEXT          name of the place in pages; default its type\n"
	"      --page                make a page of results in JSON: rows by kernels,\n"
	"                            what changed and why\n"
	"      --intro FILE          text to stand at the top of the page\n"
	"      --format FORMAT       text or json; of a page md or html\n"
	"  -o, --output FILE         write there, not to standard output\n"
	"  -h, --help                this text\n\n"
	"Examples:\n"
	"  aiostall qualify /data\n"
	"  aiostall qualify /data --rows append,overwrite --engine aio,uring\n"
	"  aiostall qualify /data --fail-on 'overwrite:rare,read:rare' -o /dev/null\n"
	"  aiostall qualify /dev/nvme1n1 --destructive --format json -o nvme1n1.json\n"
	"  aiostall qualify --page --format html -o page.html *.json\n"
	"  aiostall diff before.json after.json\n";

struct job {
	struct plan_opts plan_opts;
	struct verdict_gate gate;
	uint64_t time_ns;
	bool destructive, no_trace, list, pages;
	const char *output, *label, *intro, *format;
	const struct page_form *form;
	bool json;
	/* while it runs */
	struct result *result;
	struct site site;
	struct plan plan;
	struct runner *runner;
	struct qualify_trace *trace;
};

static int set_rows(struct job *j, char *list, struct err *e)
{
	j->list |= !strcmp(list, "list");
	return j->list ? 0 : plan_opts__add_rows(&j->plan_opts, list, e);
}

/* Of a page or of a result: which was asked for is known when all options are. */
static int check_format(struct job *j, struct err *e)
{
	const char *name = j->format ? j->format : j->pages ? "md" : "text";

	j->form = page__form(name);
	j->json = !strcmp(name, "json");
	if (j->pages ? j->form != NULL : j->json || !strcmp(name, "text"))
		return 0;
	return err__set(e, -EINVAL, "qualify: --format \"%s\": must be %s", name,
			j->pages ? "md or html" : "text or json");
}

static int set_time(struct job *j, const char *value, struct err *e)
{
	if (!parse__duration(value, NSEC_PER_SEC, &j->time_ns) && j->time_ns >= TOTAL_MIN_NS &&
	    j->time_ns <= TOTAL_MAX_NS)
		return 0;
	return err__set(e, -EINVAL, "qualify: --time \"%s\": must be a duration from 1s to 24h",
			value);
}

static int set_option(void *ctx, int letter, struct err *e)
{
	struct job *j = ctx;

	switch (letter) {
	case 'a':
		j->plan_opts.full = true;
		return 0;
	case 'd':
		j->destructive = true;
		return 0;
	case 'n':
		j->no_trace = true;
		return 0;
	case 'r':
		return set_rows(j, optarg, e);
	case 'e':
		return plan_opts__add_engines(&j->plan_opts, optarg, e);
	case 't':
		return set_time(j, optarg, e);
	case 'F':
		return verdict_gate__parse(&j->gate, optarg, e);
	case 'f':
		j->format = optarg;
		return 0;
	case 'p':
		j->pages = true;
		return 0;
	case 'i':
		j->intro = optarg;
		return 0;
	case 'l':
		j->label = optarg;
		return 0;
	case 'o':
		j->output = optarg;
		return *optarg ? 0 : err__set(e, -EINVAL, "qualify: --output: must not be empty");
	}
	return 0;
}

/* 0, 1 if help was asked for, or -errno with e set. What is left in argv are the places. */
static int parse(struct job *j, int argc, char **argv, struct err *e)
{
	static const struct option options[] = {
		{"full", no_argument, NULL, 'a'},	  {"rows", required_argument, NULL, 'r'},
		{"engine", required_argument, NULL, 'e'}, {"fail-on", required_argument, NULL, 'F'},
		{"time", required_argument, NULL, 't'},	  {"destructive", no_argument, NULL, 'd'},
		{"no-trace", no_argument, NULL, 'n'},	  {"label", required_argument, NULL, 'l'},
		{"format", required_argument, NULL, 'f'}, {"output", required_argument, NULL, 'o'},
		{"page", no_argument, NULL, 'p'},	  {"intro", required_argument, NULL, 'i'},
		{"help", no_argument, NULL, 'h'},	  {NULL, 0, NULL, 0},
	};
	int rc = getopts__each("qualify", argc, argv, options, set_option, j, e);

	if (rc == 1)
		return rc;
	if (!rc)
		rc = check_format(j, e);
	if (!rc && j->pages && optind == argc)
		rc = err__set(e, -EINVAL,
			      "qualify: --page needs files that --format json has made");
	if (!rc && !j->pages && argc - optind > 1)
		rc = err__set(e, -EINVAL, "qualify: one place at a time");
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
	uint64_t ms = (j->time_ns ? j->time_ns : TOTAL_NS) / NSEC_PER_MSEC / j->plan.nr;

	if (!j->time_ns && ms < CELL_MAX_MS / 2)
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

	if (j->no_trace)
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
	int rc = site__open(&j->site, path, j->destructive, j->result, e);

	if (j->label)
		snprintf(j->result->label, sizeof(j->result->label), "%s", j->label);
	if (!rc)
		rc = plan__make(&j->plan, &j->plan_opts, e);
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
	int rc = j->json ? result_json__print(j->result, output__file(out))
			 : result_text__print(j->result, output__file(out), &o);

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
	struct output *out = output__open(j->output, &e);
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

int cmd_qualify(int argc, char **argv)
{
	struct job *j = calloc(1, sizeof(*j));
	struct err e = {0};
	int rc, status;

	if (!j) {
		err__set(&e, -ENOMEM, "out of memory");
		return cmd__fail(&e);
	}
	rc = parse(j, argc, argv, &e);
	if (rc == 1) {
		printf("%s", help);
		status = output__finish_stdout();
	} else if (rc) {
		cmd__fail(&e);
		fprintf(stderr, "  See aiostall qualify --help.\n");
		status = CMD_USAGE;
	} else if (j->pages) {
		status = qualify_files__page(argv + optind, (size_t)(argc - optind), j->form,
					     j->intro, j->output);
	} else if (j->list) {
		status = list_rows();
	} else {
		status = run_and_print(j, optind < argc ? argv[optind] : ".");
	}
	free(j);
	return status;
}
