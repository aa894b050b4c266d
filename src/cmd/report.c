// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cause/causes.h"
#include "cmd/cmd.h"
#include "cmd/inputs.h"
#include "cmd/options.h"
#include "cmd/output.h"
#include "cmd/screen.h"
#include "model/series.h"
#include "model/state.h"
#include "report/format.h"
#include "report/perfetto.h"
#include "store/load.h"
#include "store/store.h"

static const struct cmd_spec spec = {
	.name = "report",
	.verb = VERB_REPORT,
	.synopsis = "[OPTIONS] FILE...",
	.about = "Print what stat prints, of one recording or of several as one: of many hosts, of "
		 "many runs. Needs neither root nor the host that recorded. With --by, a row for "
		 "each filesystem, cause, file, ... instead. Exit status: 0 fine, 1 failed, 2 "
		 "usage, 3 data incomplete.",
	.examples =
		"  aiostall report aiostall.db                    the report\n"
		"  aiostall report --by kernel,cause *.db         many hosts, by kernel and cause\n"
		"  aiostall report --since 5m --until 6m a.db     one minute of it\n"
		"  aiostall report --by file -c postgres a.db     files of one program\n"
		"  aiostall report --format perfetto -o t.json a.db   for ui.perfetto.dev\n"
		"  aiostall report --format ndjson *.db           rows for SQL engines\n"
		"  aiostall report --info a.db                    what is in it\n",
	.takes_files = true,
};

static struct load_opts load_opts(const struct cmd_opts *opts)
{
	const struct live_filter *f = &opts->live.filter;

	return (struct load_opts){
		.filter =
			{
				.pids = f->pids,
				.nr_pids = f->nr_pids,
				.tids = f->tids,
				.nr_tids = f->nr_tids,
				.comms = f->comms,
				.nr_comms = f->nr_comms,
				.fstypes = f->fstypes,
				.nr_fstypes = f->nr_fstypes,
				.mounts = f->mounts,
				.nr_mounts = f->nr_mounts,
				.devices = f->devices,
				.nr_devices = f->nr_devices,
				.cgroup = f->cgroup,
				.container = opts->container,
				.min_ns = f->min_ns,
				.apis = f->apis,
			},
		.range = {opts->since_ns, opts->until_ns},
		.rematch = opts->rules != NULL,
		.command = opts->command,
	};
}

/* ---- the report ---- */

/* What the confined child works with. */
struct job {
	const struct cmd_opts *opts;
	struct causes *causes;
	struct inputs *inputs;
	struct output *out;
	struct format_opts format_opts;
};

/* When it was, where that is to be shown and is of one clock. */
struct when {
	struct load_slices slices;
	struct series *series;
	bool failed; /* memory was short once: what came later would stand at a wrong time */
};

static bool wants_when(const struct job *j)
{
	return j->opts->format->over_time && !j->opts->by && inputs__nr(j->inputs) == 1;
}

/* The first slice is over: the ledger is there, and that it has slices. */
static void on_slice(void *ctx, struct ledger *l)
{
	struct when *when = ctx;

	if (!when->series && !when->failed)
		when->series = series__growing();
	when->failed |= !when->series;
	if (when->series)
		series__take(when->series, l);
	else
		ledger__next_slice(l);
}

static int print_report(struct load *l, const struct view *v, const struct job *j,
			const struct series *series, bool *incomplete, struct err *e)
{
	const struct report *r = ledger__report(load__ledger(l), v, load__capture(l));
	struct format_opts opts = j->format_opts;
	char nothing[512];
	int rc;

	if (!r)
		return err__set(e, -ENOMEM, "out of memory while building the report");
	*incomplete = r->incomplete;
	opts.series = series;
	opts.nothing = load__nothing(l, nothing, sizeof(nothing));
	opts.no_submits = load__no_submits(l);
	rc = format__print(j->opts->format, output__file(j->out), r, &opts);
	return rc ? err__set(e, rc, "cannot print the report: %s", strerror(-rc)) : 0;
}

static int load_and_print(struct load *l, const struct view *v, const struct job *j,
			  const struct when *when, bool *incomplete, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < inputs__nr(j->inputs); i++)
		rc = load__add(l, inputs__take(j->inputs, i), e);
	if (rc)
		return rc;
	inputs__are_read(j->inputs);
	if (when->series)
		series__finish(when->series);
	if (when->failed || (when->series && when->series->err))
		cmd__warn_of_times();
	return print_report(l, v, j, when->series, incomplete, e);
}

static int report(const struct job *j, bool *incomplete, struct err *e)
{
	struct load_opts lo = load_opts(j->opts);
	struct when when = {.slices = {.ctx = &when, .slice = on_slice, .whole = true}};
	struct view v = {.filter = &lo.filter, .limits = &j->opts->limits};
	struct load *l;
	int rc = 0;

	if (j->opts->by)
		rc = view_by__parse(j->opts->by, v.by, e);
	if (rc < 0)
		return rc;
	v.nr_by = (size_t)rc;
	lo.distributions = v.nr_by != 0;
	lo.causes = j->causes;
	lo.slices = wants_when(j) ? &when.slices : NULL;
	l = load__new(&lo, e);
	if (l)
		lo.filter.containers = v.containers = load__containers(l);
	rc = l ? load_and_print(l, &v, j, &when, incomplete, e) : -ENOMEM;
	series__free(when.series);
	load__free(l);
	return rc;
}

/* ---- --info ---- */

static int print_info(const struct job *j, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < inputs__nr(j->inputs); i++) {
		struct store *s = store__open_input(inputs__take(j->inputs, i), NULL, e);

		if (!s)
			return -EBADMSG;
		rc = j->opts->format->info(output__file(j->out), s, &j->format_opts);
		store__free(s);
		if (rc)
			err__set(e, rc, "cannot print: %s", strerror(-rc));
	}
	return rc;
}

/* ---- the timeline ---- */

struct timeline_filter {
	struct timeline *timeline;
	struct view_filter filter;
};

static int add_stall(void *ctx, const struct ev_stall *ev, const struct store_key *key)
{
	const struct timeline_filter *t = ctx;

	if (ev->blocked_ns < t->filter.min_ns || !view_filter__wants(&t->filter, ev->fs, &ev->who))
		return 0;
	return timeline__stall(t->timeline, ev, key->cause->id);
}

static int add_submit(void *ctx, const struct ev_submit *ev)
{
	const struct timeline_filter *t = ctx;

	return view_filter__wants(&t->filter, ev->fs, &ev->who) ? timeline__submit(t->timeline, ev)
								: 0;
}

static int add_recording(struct timeline_filter *t, struct store *s,
			 const struct store_range *range, struct err *e)
{
	const struct store_visitor v = {.ctx = t, .stall = add_stall, .submit = add_submit};
	int rc;

	if (!store__info(s)->events)
		log__print(LOG_WARN,
			   "%s was made without --events: the timeline has only the worst stalls",
			   store__path(s));
	rc = timeline__recording(t->timeline, store__capture(s));
	if (!rc)
		rc = store__read(s, range, &v, e);
	store__release(s);
	if (rc == -ENOMEM && !e->text[0])
		err__set(e, rc, "out of memory");
	return rc;
}

static int print_timeline(const struct job *j, struct err *e)
{
	const struct store_range range = {j->opts->since_ns, j->opts->until_ns};
	size_t nr = inputs__nr(j->inputs);
	struct store **stores = calloc(nr, sizeof(*stores));
	struct timeline *t = timeline__new();
	struct timeline_filter filter = {t, load_opts(j->opts).filter};
	int rc = stores && t ? 0 : err__set(e, -ENOMEM, "out of memory");

	/* the stacks must stay until it is printed */
	for (size_t i = 0; !rc && i < nr; i++) {
		stores[i] = store__open_input(inputs__take(j->inputs, i), NULL, e);
		rc = stores[i] ? add_recording(&filter, stores[i], &range, e) : -EBADMSG;
	}
	if (!rc) {
		inputs__are_read(j->inputs);
		rc = j->opts->format->timeline(output__file(j->out), t);
		if (rc)
			err__set(e, rc, "cannot print the timeline: %s", strerror(-rc));
	}
	timeline__free(t);
	for (size_t i = 0; stores && i < nr; i++)
		store__free(stores[i]);
	free(stores);
	return rc;
}

/* ---- rows ---- */

static int print_rows(const struct job *j, struct err *e)
{
	const struct store_range range = {j->opts->since_ns, j->opts->until_ns};
	const struct load_opts lo = load_opts(j->opts);
	int rc = 0;

	for (size_t i = 0; !rc && i < inputs__nr(j->inputs); i++) {
		struct store *s = store__open_input(inputs__take(j->inputs, i), NULL, e);

		if (!s)
			return -EBADMSG;
		rc = j->opts->format->rows(output__file(j->out), s, &range, &lo.filter, e);
		store__free(s);
	}
	inputs__say_no_more(j->inputs);
	return rc;
}

/* ---- the verb ---- */

static int work(void *ctx)
{
	const struct job *j = ctx;
	struct err e = {0}, stream = {0};
	bool incomplete = false;
	int rc;

	if (j->opts->info)
		rc = print_info(j, &e);
	else if (j->opts->format->timeline)
		rc = print_timeline(j, &e);
	else if (j->opts->format->rows)
		rc = print_rows(j, &e);
	else
		rc = report(j, &incomplete, &e);
	/* the stream knows better why it failed */
	if (output__flush(j->out, &stream)) {
		e = stream;
		rc = -EIO;
	}
	if (!rc)
		return incomplete ? CMD_LOSS : CMD_OK;
	inputs__say_no_more(j->inputs);
	cmd__fail(&e);
	return INPUTS_FAILED;
}

/* All that is opened is opened here, before the first byte of a recording is read. */
static int run(const struct cmd_opts *opts)
{
	struct job j = {.opts = opts};
	struct err e = {0};
	char why[384];
	int status = CMD_FAILED;

	j.causes = causes__new(opts->rules, why, sizeof(why));
	if (!j.causes)
		err__set(&e, -EINVAL, "%s", why);
	else
		j.inputs = inputs__open(opts->files, opts->nr_files, &e);
	if (j.inputs)
		j.out = output__open(opts->output, &e);
	if (j.out) {
		j.format_opts = screen__format_opts(output__fd(j.out), opts->top);
		j.format_opts.full = opts->full;
		j.format_opts.legend = opts->legend;
		/* before the first byte of a recording is read; without one the verdict stands last */
		j.format_opts.last = j.format_opts.terminal &&
				     !strcmp(opts->format->name, "text") && !output__page(j.out);
		status = inputs__run(j.inputs, j.out, work, &j);
	} else {
		cmd__fail(&e);
	}
	output__free(j.out);
	inputs__free(j.inputs);
	causes__free(j.causes);
	return status;
}

/* What was asked for and the format must go together. 0 or -EINVAL with e set. */
static int check_options(const struct cmd_opts *o, struct err *e)
{
	unsigned int views = o->info ? VIEW_INFO
			     : o->by ? VIEW_GROUPS
				     : VIEW_REPORT | VIEW_TIMELINE | VIEW_ROWS;
	char names[128];

	if (!o->nr_files) {
		err__set(e, -EINVAL, "report: which recording? There is none without a name");
		err__hint(e, "aiostall record writes aiostall.db if it is not told otherwise.");
		return -EINVAL;
	}
	if (o->info && o->by)
		return err__set(e, -EINVAL, "report: --info and --by exclude each other");
	if (o->format->rows && (o->live.filter.nr_tids || o->live.filter.min_ns))
		return err__set(
			e, -EINVAL,
			"report: --format ndjson has sums, which --tid and --min cannot divide");
	if (format__prints(o->format, views))
		return 0;
	return err__set(e, -EINVAL, "report: --format \"%s\": with --%s it must be one of %s",
			o->format->name, o->info ? "info" : "by",
			format__names(views, names, sizeof(names)));
}

int cmd_report(int argc, char **argv)
{
	struct cmd_opts opts;
	struct err e = {0};
	int status = options__parse(&opts, &spec, argc, argv);

	if (status == OPTIONS_GO && check_options(&opts, &e)) {
		cmd__fail(&e);
		fprintf(stderr, "  See aiostall report --help.\n");
		status = CMD_USAGE;
	} else if (status == OPTIONS_GO) {
		status = run(&opts);
	}
	options__free(&opts);
	return status;
}
