// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/lookout.h"
#include "cmd/output.h"
#include "cmd/screen.h"
#include "cmd/session.h"
#include "model/series.h"
#include "report/format.h"

static const struct cmd_spec spec = {
	.name = "stat",
	.verb = VERB_STAT,
	.synopsis = "[OPTIONS] [-- CMD [ARG...]]",
	.about = "Trace io_submit(2), then print a table of filesystems and under each the causes "
		 "of its stalls. Ends after --duration, with CMD, when all -p processes are gone, "
		 "or at Ctrl-C. Exit status: 0 fine, 1 failed, 2 usage, 3 data incomplete.",
	.examples = "  aiostall stat -d 30s                 the whole host for half a minute\n"
		    "  aiostall stat -p 1234 -i 1           one process, a line each second\n"
		    "  aiostall stat --fs xfs,ext4 -m 10ms  causes of stalls of 10 ms and more\n"
		    "  aiostall stat --format json -o r.json -- fio job.fio\n",
	.takes_child = true,
};

struct stat_run {
	FILE *lines; /* interval lines */
	struct format_opts format_opts;
	bool header_done;
	struct ledger *ledger;
	struct most most;
	struct session *session;
	struct series *series; /* NULL = nobody wants to know when */
	uint64_t next_slice_ns;
};

/* Short ones: whoever looks at seconds has some of them. */
#define SLICE_NS (200 * NSEC_PER_MSEC)

static int take_slice(void *ctx, struct err *e)
{
	struct stat_run *run = ctx;
	uint64_t now_ns = clock__mono_ns();
	int rc;

	if (now_ns < run->next_slice_ns)
		return 0;
	run->next_slice_ns = now_ns + SLICE_NS;
	rc = session__counters(run->session, e);
	if (!rc)
		series__take(run->series, run->ledger);
	return rc;
}

/* Of formats that show when something happened. 0 or -ENOMEM with e set. */
static int open_series(struct stat_run *run, const struct cmd_opts *opts, struct err *e)
{
	if (!opts->format->over_time || opts->by)
		return 0;
	run->series = series__open(run->ledger);
	return run->series ? 0 : err__set(e, -ENOMEM, "out of memory");
}

static int print_interval(void *ctx, uint64_t elapsed_ns, const struct fs_counts *before,
			  const struct fs_counts *now, struct err *e)
{
	struct stat_run *run = ctx;

	if (!run->header_done)
		interval_line__header(run->lines, &run->format_opts);
	run->header_done = true;
	interval_line__print(run->lines, elapsed_ns, before, now,
			     most__step(&run->most, run->ledger), &run->format_opts);
	if (fflush(run->lines))
		return err__set(e, -errno, "cannot write interval lines: %s", strerror(errno));
	return 0;
}

static bool is_text(const struct cmd_opts *opts)
{
	return !strcmp(opts->format->name, "text");
}

static int print_report(const struct report *r, const struct cmd_opts *opts,
			const struct format_opts *format_opts, struct output *out, struct err *e)
{
	struct format_opts page = *format_opts;
	int rc;

	/* with no pager the screen ends with what is most important */
	page.last = page.terminal && is_text(opts) && !output__page(out);
	rc = format__print(opts->format, output__file(out), r, &page);

	/* the stream knows better why it failed */
	if (output__flush(out, e))
		return -EIO;
	if (rc)
		return err__set(e, rc, "cannot print the report: %s", strerror(-rc));
	return output__commit(out, e);
}

static int run_session(const struct cmd_opts *opts, const struct view *view, struct output *out)
{
	struct stat_run run = {0};
	struct session_hooks hooks = {.ctx = &run, .interval = print_interval};
	struct err e = {0}, report_e = {0};
	struct session *s = session__new(opts, &e);
	const struct report *r;
	int rc, status = CMD_OK;
	char idle[2048];

	if (!s)
		return cmd__fail(&e);
	run.ledger = session__ledger(s);
	run.format_opts = screen__format_opts(output__fd(out), opts->top);
	/* only a text report may share stdout with them */
	run.lines = output__is_stdout(out) && !strcmp(opts->format->name, "text")
			    ? output__file(out)
			    : stderr;
	run.format_opts.full = opts->full;
	run.format_opts.legend = opts->legend;
	run.format_opts.sleeps_only = capture__sleeps_only(session__capture(s));
	hooks.quiet = opts->interval_ns != 0;
	hooks.to_stdout = output__is_stdout(out);
	run.session = s;
	rc = open_series(&run, opts, &e);
	if (run.series)
		hooks.batch = take_slice;
	if (!rc)
		rc = session__run(s, &hooks, &e);
	if (rc)
		status = cmd__fail(&e);
	/* to a reader the message says all; programs want the command's status */
	if (!session__has_run(s) && !strcmp(opts->format->name, "text")) {
		series__free(run.series);
		session__free(s);
		most__release(&run.most);
		return status;
	}
	r = session__report(s, view, &report_e);
	if (run.series)
		series__finish(run.series);
	if (run.series && run.series->err)
		cmd__warn_of_times();
	run.format_opts.series = run.series;
	if (r && !r->totals.submits && !opts->child)
		run.format_opts.idle = lookout__lines(&opts->live.filter, idle, sizeof(idle));
	if (!r || print_report(r, opts, &run.format_opts, out, &report_e))
		status = rc == -EPIPE ? status : cmd__fail(&report_e);
	else if (r->incomplete && status == CMD_OK)
		status = CMD_LOSS;
	series__free(run.series);
	session__free(s);
	most__release(&run.most);
	return status;
}

int cmd_stat(int argc, char **argv)
{
	struct cmd_opts opts;
	struct err e = {0};
	struct view view = {0};
	struct output *out;
	int rc, status = options__parse(&opts, &spec, argc, argv);

	if (status == OPTIONS_GO) {
		rc = opts.by ? view_by__parse(opts.by, view.by, &e) : 0;
		view.nr_by = rc > 0 ? (size_t)rc : 0;
		view.limits = &opts.limits;
		out = rc < 0 ? NULL : output__open(opts.output, &e);
		status = out ? run_session(&opts, &view, out) : cmd__fail(&e);
		output__free(out);
	}
	options__free(&opts);
	return status;
}
