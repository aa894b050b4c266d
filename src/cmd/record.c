// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/rotation.h"
#include "cmd/session.h"
#include "host/hostfacts.h"
#include "report/names.h"
#include "store/writer.h"

#define DEFAULT_FILE "aiostall.db"

static const struct cmd_spec spec = {
	.name = "record",
	.verb = VERB_RECORD,
	.synopsis = "[OPTIONS] [-- CMD [ARG...]]",
	.about = "Trace io_submit(2) as stat does, and keep sums of each second, the worst stalls "
		 "and the facts of the host in one file, for report and diff. It grows with what "
		 "there is to tell apart, not with stalls. Exit status: 0 fine, 1 failed, 2 usage, "
		 "3 data incomplete.",
	.examples =
		"  aiostall record -d 60s                       the whole host, to aiostall.db\n"
		"  aiostall record -o run.db -- fio job.fio     one command\n"
		"  aiostall record --keep 10m                   the last ten minutes\n"
		"  aiostall record --rotate 1h --retain 7d      a file an hour, those of a week\n"
		"  aiostall record --trigger 100ms --keep 30s   what surrounds long stalls\n"
		"  aiostall report aiostall.db\n",
	.takes_child = true,
};

struct record_run {
	const struct cmd_opts *opts;
	struct session *session;
	struct store_writer *writer;
	char path[4096];
	uint64_t started_tracing_ns, started_mono_ns; /* the whole, and the file */
	uint64_t nr_ended;			      /* files before it */
	bool has_command;
	bool has_former; /* a file before it has something in it */
	bool failed;	 /* nothing more is written */
};

/*
 * The disk is full, say: what it has stays, and the traced command has nothing to do with it.
 * Without a command, and with no file at all, there is nothing to go on for.
 */
static int go_on_without(struct record_run *run, int rc, struct err *e)
{
	if (!rc || run->failed)
		return 0;
	if (!run->has_command && !run->has_former && !store_writer__size(run->writer))
		return rc;
	run->failed = true;
	cmd__fail(e);
	fprintf(stderr, "  Tracing goes on, but nothing more is recorded.\n");
	*e = (struct err){0};
	return 0;
}

/* The probes are attached and the command runs: now the file may be replaced. */
static int begin(void *ctx, struct err *e)
{
	struct record_run *run = ctx;

	return go_on_without(run, store_writer__begin(run->writer, e), e);
}

static void add_fact(void *ctx, const char *what, const char *of, const char *value)
{
	store_writer__add_fact(ctx, what, of, value);
}

static void add_container(void *ctx, const char *id, const char *name)
{
	store_writer__add_fact(ctx, "container", id, name);
}

/* The report has asked for them: the file of the worst stall, for one, is looked at in the end only. */
static void add_heres(const struct record_run *run, const struct report *r)
{
	for (size_t i = 0; r && i < r->nr_fs; i++) {
		if (*r->fs[i].waiting_device)
			store_writer__add_here(run->writer, r->fs[i].fs, REPORT_PUNTED,
					       r->fs[i].waiting_device);
		for (size_t c = 0; c < r->fs[i].nr_causes; c++)
			store_writer__add_here(run->writer, r->fs[i].fs, r->fs[i].causes[c].id,
					       r->fs[i].causes[c].facts);
	}
}

/* Where what is recorded from now on goes. 0, or -errno with e set. */
static int name_file(struct record_run *run, struct err *e)
{
	const struct cmd_opts *o = run->opts;
	int64_t now_ns = clock__wall_ns();
	int n;

	if (o->rotate_ns)
		return rotation__path(o->output, now_ns, run->path, sizeof(run->path), e);
	n = snprintf(run->path, sizeof(run->path), "%s", o->output);
	return n < (int)sizeof(run->path) ? 0
					  : err__set(e, -ENAMETOOLONG, "%s: too long", o->output);
}

static int write_file(struct record_run *run, const struct capture_info *c,
		      uint64_t started_mono_ns, struct err *e)
{
	const struct cmd_opts *opts = run->opts;
	char build[256], boot_id[64];
	struct store_write_opts o = {
		.path = run->path,
		.ledger = session__ledger(run->session),
		.capture = c,
		.started_mono_ns = started_mono_ns,
		.slow_ns = opts->live.slow_ns,
		.keep_ns = opts->keep_ns,
		.trigger_ns = opts->trigger_ns,
		.events = opts->events,
		.kernel_build = hostfacts__kernel_build("", build, sizeof(build)),
		.boot_id = hostfacts__boot_id("", boot_id, sizeof(boot_id)),
	};
	int rc = name_file(run, e);

	if (!rc)
		rc = run->writer ? store_writer__rotate(run->writer, &o, e)
				 : store_writer__new(&o, &run->writer, e);
	if (rc)
		return rc;
	hostfacts__each("", add_fact, run->writer);
	containers__each(session__containers(run->session), add_container, run->writer);
	run->started_mono_ns = o.started_mono_ns;
	return 0;
}

static int rotate(struct record_run *run, struct err *e)
{
	uint64_t now_ns = clock__mono_ns();
	struct capture_info c = *session__capture(run->session);
	int rc;

	c.started_unix_ns = clock__wall_ns();
	session__processes(run->session);
	run->has_former |= store_writer__size(run->writer) > 0;
	rc = write_file(run, &c, now_ns, e);
	run->nr_ended += !rc;
	if (!rc && run->opts->retain_ns)
		rotation__retire(run->opts->output, run->opts->retain_ns, c.started_unix_ns);
	return rc;
}

/* Every second, with counters just delivered. */
static int end_slice(void *ctx, uint64_t elapsed_ns, const struct fs_counts *before,
		     const struct fs_counts *now, struct err *e)
{
	struct record_run *run = ctx;
	uint64_t now_ns = clock__mono_ns(), every_ns = run->opts->rotate_ns;
	int rc;

	(void)elapsed_ns;
	(void)before;
	(void)now;
	if (every_ns && !run->failed && now_ns - run->started_mono_ns >= every_ns &&
	    store_writer__is_due(run->writer, now_ns))
		rc = rotate(run, e);
	else
		rc = store_writer__commit(run->writer, now_ns, e);
	return go_on_without(run, rc, e);
}

static int sum_up(const struct record_run *run, const struct cmd_opts *opts, struct session *s,
		  struct err *e)
{
	const struct view view = {.limits = &opts->limits};
	const struct report *r = session__report(s, &view, e);
	uint64_t left_out = store_writer__left_out(run->writer);
	char sleeps[16], blocked[16], elsewhere[256], size[16], time[16], path[512];
	uint64_t unlisted;

	if (!r)
		return cmd__fail(e);
	unlisted = opts->events ? r->capture->spilled : 0;
	esc__terminal(run->path, path, sizeof(path));
	fprintf(stderr, "recorded %s, %s stall%s, %s blocked%s, into %s (%s)\n",
		fmt__duration(r->capture->duration_ns, time, sizeof(time)),
		fmt__count(r->totals.sleeps, sleeps, sizeof(sleeps)), plural(r->totals.sleeps),
		fmt__duration(r->totals.blocked_ns, blocked, sizeof(blocked)),
		names__elsewhere(&r->totals, elsewhere, sizeof(elsewhere)), path,
		fmt__size(store_writer__size(run->writer), size, sizeof(size)));
	if (run->nr_ended)
		fprintf(stderr, "and %llu file%s before it\n", (unsigned long long)run->nr_ended,
			plural(run->nr_ended));
	if (r->nr_unfinished)
		fprintf(stderr, "%zu sleep%s not ended: see the report\n", r->nr_unfinished,
			r->nr_unfinished == 1 ? " has" : "s have");
	if (unlisted)
		fprintf(stderr, "incomplete: %s came too fast for --events: in the sums only\n",
			fmt__many(unlisted, "stall{|s}", sleeps, sizeof(sleeps)));
	if (r->incomplete || left_out)
		fprintf(stderr, "incomplete: some data was lost, see the report\n");
	if (run->failed)
		fprintf(stderr, "incomplete: the file could not be written to the end\n");
	return unlisted || r->incomplete || left_out || run->failed ? CMD_LOSS : CMD_OK;
}

static int run_session(struct record_run *run, const struct cmd_opts *opts, struct session *s)
{
	const struct session_hooks hooks = {
		.ctx = run,
		.sink = store_writer__sink(run->writer),
		.batch = begin,
		.interval = end_slice,
	};
	struct err e = {0}, end_e = {0};
	const struct capture_info *c;
	int rc, end_rc, status = CMD_OK;

	run->has_command = opts->child != NULL;
	rc = session__run(s, &hooks, &e);
	if (rc)
		status = cmd__fail(&e);
	/* what has the file's name keeps it */
	if (!session__has_run(s))
		return status;
	c = session__capture(s);
	if (!rc)
		add_heres(run, session__report(s, NULL, &end_e));
	end_rc = store_writer__finish(run->writer, c, run->started_tracing_ns + c->duration_ns,
				      &end_e);
	/* a disk that failed before fails again */
	if (end_rc && !rc && !run->failed)
		cmd__fail(&end_e);
	if (end_rc && !run->has_former && !store_writer__size(run->writer))
		return CMD_FAILED;
	run->failed |= end_rc != 0;
	end_rc = sum_up(run, opts, s, &end_e);
	return status == CMD_OK ? end_rc : status;
}

static int start(struct record_run *run, struct err *e)
{
	const struct cmd_opts *opts = run->opts;
	const struct capture_info *c;

	run->session = session__new(opts, e);
	if (!run->session)
		return -EIO;
	c = session__capture(run->session);
	run->started_tracing_ns = clock__mono_ns() - c->duration_ns;
	if (opts->retain_ns)
		rotation__retire(opts->output, opts->retain_ns, clock__wall_ns());
	return write_file(run, c, run->started_tracing_ns, e);
}

static int check_options(const struct cmd_opts *o, struct err *e)
{
	if (o->rotate_ns && (o->keep_ns || o->trigger_ns))
		return err__set(e, -EINVAL, "record: --rotate and --%s exclude each other",
				o->keep_ns ? "keep" : "trigger");
	if (o->retain_ns && !o->rotate_ns)
		return err__set(e, -EINVAL, "record: --retain is of files of --rotate");
	return 0;
}

int cmd_record(int argc, char **argv)
{
	struct record_run run = {0};
	struct cmd_opts opts;
	struct err e = {0};
	int status = options__parse(&opts, &spec, argc, argv);

	if (status == OPTIONS_GO && check_options(&opts, &e)) {
		status = options__misused(&spec, &e);
	} else if (status == OPTIONS_GO) {
		opts.output = opts.output ? opts.output : DEFAULT_FILE;
		opts.interval_ns = STORE_SLICE_NS;
		opts.live.all_submits = opts.events;
		run.opts = &opts;
		status = start(&run, &e) ? cmd__fail(&e) : run_session(&run, &opts, run.session);
	}
	store_writer__free(run.writer);
	session__free(run.session);
	options__free(&opts);
	return status;
}
