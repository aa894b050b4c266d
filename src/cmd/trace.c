// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/screen.h"
#include "cmd/session.h"
#include "model/loss.h"
#include "model/tap.h"
#include "report/format.h"
#include "report/names.h"

static const struct cmd_spec spec = {
	.name = "trace",
	.verb = VERB_TRACE,
	.synopsis = "[OPTIONS] [-- CMD [ARG...]]",
	.about = "Print one line per stall as it ends: time, thread, filesystem, cause, how long, "
		 "requests held up behind it, file. Ends as stat does; sleeps that have not ended "
		 "and lost events are said at the end. Exit status: 0 fine, 1 failed, 2 usage, "
		 "3 data incomplete.",
	.examples = "  aiostall trace -m 10ms               stalls of 10 ms and more\n"
		    "  aiostall trace -c fio --fs ext4      of one program on one filesystem type\n"
		    "  aiostall trace --format json -- CMD  one JSON object per line\n",
	.takes_child = true,
};

/* Prints stalls; the ledger, beside it, counts everything. */
struct trace_run {
	FILE *file;
	struct output *out;
	const struct line_format *lines;
	bool submits;
	struct format_opts format_opts;
	const struct causes *causes;
	struct ledger *ledger;
	bool has_command;
	bool failed; /* nothing more is written */
};

static const char *cause_of(const struct trace_run *run, const struct stack *stack)
{
	if (!stack)
		return CAUSE_NO_STACK;
	return causes__match(run->causes, stack->frames, stack->depth)->id;
}

static void on_stall(void *ctx, const struct ev_stall *ev)
{
	struct trace_run *run = ctx;

	run->lines->stall(run->file, ev, cause_of(run, ev->stack), &run->format_opts);
	ledger__add_stall(run->ledger, ev);
}

static void on_stalls(void *ctx, const struct ev_stalls *ev)
{
	struct trace_run *run = ctx;

	if (run->lines->stalls)
		run->lines->stalls(run->file, ev, cause_of(run, ev->longest.stack),
				   &run->format_opts);
	ledger__add_stalls(run->ledger, ev);
}

static void on_submit(void *ctx, const struct ev_submit *ev)
{
	struct trace_run *run = ctx;

	if (run->submits)
		run->lines->submit(run->file, ev, &run->format_opts);
	ledger__add_submit(run->ledger, ev);
}

/* Again and again: the wall clock may be set, and goes on while the host is suspended. */
static void set_clock(struct trace_run *run)
{
	run->format_opts.wall_minus_mono_ns = clock__wall_ns() - (int64_t)clock__mono_ns();
}

/*
 * A full disk, say, is no matter of the traced command. If nobody reads the lines any more there is
 * nothing to go on for.
 */
static int go_on_without(struct trace_run *run, int rc, struct err *e)
{
	if (!rc || rc == -EPIPE || !run->has_command)
		return rc;
	run->failed = true;
	cmd__fail(e);
	fprintf(stderr, "  The command goes on, but nothing more is written.\n");
	*e = (struct err){0};
	return 0;
}

static int flush_batch(void *ctx, struct err *e)
{
	struct trace_run *run = ctx;

	set_clock(run);
	return go_on_without(run, run->failed ? 0 : output__flush(run->out, e), e);
}

/* What the end adds to the lines: sleeps that have not ended, and losses. */
static void print_unfinished(const struct report_unfinished *u)
{
	char comm[64], path[512], age[16];

	esc__terminal(u->ev.who.comm, comm, sizeof(comm));
	esc__terminal(u->ev.req.path, path, sizeof(path));
	fprintf(stderr, "still asleep after %s: %s %u/%u on %s, %s%s%s\n",
		fmt__duration(u->ev.age_ns, age, sizeof(age)), comm, u->ev.who.pid, u->ev.who.tid,
		u->ev.fs ? u->ev.fs->fstype : "(unknown)", u->cause_id, path[0] ? ", " : "", path);
}

static void write_end(const struct trace_run *run, const struct report *r)
{
	for (size_t i = 0; run->lines->unfinished && i < r->nr_unfinished; i++)
		run->lines->unfinished(run->file, &r->unfinished[i]);
	if (run->lines->end)
		run->lines->end(run->file, r);
}

static void print_end(const struct report *r)
{
	char sleeps[16], blocked[16], elsewhere[256], words[1024];

	for (size_t i = 0; i < r->nr_unfinished; i++)
		print_unfinished(&r->unfinished[i]);
	fprintf(stderr, "%s stall%s, %s blocked%s\n",
		fmt__count(r->totals.sleeps, sleeps, sizeof(sleeps)), plural(r->totals.sleeps),
		fmt__duration(r->totals.blocked_ns, blocked, sizeof(blocked)),
		names__elsewhere(&r->totals, elsewhere, sizeof(elsewhere)));
	if (r->capture->spilled)
		fprintf(stderr, "incomplete: %llu of them came too fast for a line each\n",
			(unsigned long long)r->capture->spilled);
	if (r->any_loss)
		fprintf(stderr, "%s: %s\n", r->incomplete ? "incomplete" : "note",
			loss__words(&r->loss, LOSS_INCOMPLETE, words, sizeof(words)));
	if (*loss__words(&r->loss, LOSS_NOTE, words, sizeof(words)))
		fprintf(stderr, "note: %s\n", words);
}

static int finish(const struct trace_run *run, const struct cmd_opts *opts, struct session *s,
		  struct err *e)
{
	const struct view view = {.limits = &opts->limits};
	const struct report *r = session__report(s, &view, e);

	if (run->failed)
		return CMD_FAILED;
	if (r)
		write_end(run, r);
	if (!r || output__commit(run->out, e))
		return cmd__fail(e);
	print_end(r);
	return r->incomplete || r->capture->spilled ? CMD_LOSS : CMD_OK;
}

static int run_session(const struct cmd_opts *opts, struct output *out)
{
	struct trace_run run = {
		.out = out,
		.file = output__file(out),
		.lines = opts->format->lines,
		.submits = opts->live.all_submits,
		.has_command = opts->child != NULL,
		.format_opts = screen__format_opts(output__fd(out), 0),
	};
	const struct sink lines = {
		.ctx = &run, .stall = on_stall, .stalls = on_stalls, .submit = on_submit};
	struct tap tap;
	struct session_hooks hooks = {.ctx = &run, .sink = &tap.sink, .batch = flush_batch};
	struct err e = {0}, end_e = {0};
	struct session *s = session__new(opts, &e);
	int rc, status;

	if (!s)
		return cmd__fail(&e);
	run.causes = run.format_opts.causes = session__causes(s);
	run.ledger = session__ledger(s);
	tap__init(&tap, &lines, ledger__sink(run.ledger));
	/* lines and a progress line on the same terminal would overwrite each other */
	hooks.quiet = isatty(output__fd(out));
	hooks.to_stdout = output__is_stdout(out);
	run.format_opts.mono = opts->clock && !strcmp(opts->clock, "mono");
	set_clock(&run);
	if (run.lines->header)
		run.lines->header(run.file, &run.format_opts);
	rc = session__run(s, &hooks, &e);
	if (rc)
		cmd__fail(&e);
	status = rc == -EPIPE || rc == -ENOSPC || !session__has_run(s)
			 ? CMD_FAILED
			 : finish(&run, opts, s, &end_e);
	session__free(s);
	return rc ? CMD_FAILED : status;
}

int cmd_trace(int argc, char **argv)
{
	struct cmd_opts opts;
	struct err e = {0};
	struct output *out;
	int status = options__parse(&opts, &spec, argc, argv);

	if (status == OPTIONS_GO && opts.clock && strcmp(opts.clock, "wall") != 0 &&
	    strcmp(opts.clock, "mono") != 0) {
		err__set(&e, -EINVAL, "trace: --time \"%s\": there are wall and mono", opts.clock);
		cmd__fail(&e);
		status = CMD_USAGE;
	} else if (status == OPTIONS_GO && opts.live.all_submits && !opts.format->lines->submit) {
		err__set(&e, -EINVAL, "trace: --submits needs --format json");
		cmd__fail(&e);
		fprintf(stderr, "  See aiostall trace --help.\n");
		status = CMD_USAGE;
	} else if (status == OPTIONS_GO) {
		out = output__open(opts.output, &e);
		status = out ? run_session(&opts, out) : cmd__fail(&e);
		output__free(out);
	}
	options__free(&opts);
	return status;
}
