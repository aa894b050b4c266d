// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/inputs.h"
#include "cmd/options.h"
#include "cmd/output.h"
#include "cmd/qualify_files.h"
#include "cmd/screen.h"
#include "diff/load.h"
#include "diff/print_diff.h"

#define RECORDINGS_MAX 32

/* What is measured, and what --fail-on says of it. */
static void print_measures(void)
{
	const struct measure *m;

	printf("Measures:\n");
	for (size_t i = 0; (m = measure__at(i)); i++)
		printf("  %-23s %s\n", m->id, m->text);
	printf("\nA condition is [SCOPE:]appeared, [SCOPE:]vanished, or [SCOPE:]MEASURE>VALUE "
	       "with\n"
	       "one of < <= > >=. SCOPE is a type of filesystem or the id of a cause. VALUE is a\n"
	       "change with its sign (+20%%), which counts only if it is beyond chance, or bounds\n"
	       "NEW itself (5ms, 0.1).\n\n");
}

static const struct cmd_spec spec = {
	.name = "diff",
	.verb = VERB_DIFF,
	.synopsis = "[OPTIONS] OLD NEW [NEW...]\n"
		    "       aiostall diff --across api [OPTIONS] AIO [URING...]",
	.about = "Compare recordings: what appeared, vanished, or is different beyond chance. "
		 "Figures are per 1000 submits or per request. Exit status: 0 fine, 1 failed or a "
		 "--fail-on condition is true, 2 usage, 3 a recording is incomplete.",
	.more = print_measures,
	.examples = "  aiostall diff before.db after.db\n"
		    "  aiostall diff 6.1.db 6.12.db 7.3.db --format json\n"
		    "  aiostall diff base.db new.db --fail-on 'blocked_per_1k>+20%,appeared'\n"
		    "  aiostall diff --across api both.db\n"
		    "  aiostall diff base.db new.db --fail-on 'ext4:ctxsw_per_io>0.1'\n",
	.takes_files = true,
};

struct job {
	const struct cmd_opts *opts;
	struct gate gate;
	struct inputs *inputs;
	struct output *out;
	struct format_opts format_opts;
	/* in the confined child, which ends with them */
	struct sample *samples[RECORDINGS_MAX];
	struct diff *diffs[RECORDINGS_MAX];
	size_t nr; /* samples; the first is OLD */
};

/* The recording that sample i is of: a single one is compared with itself across apis. */
static size_t file_of(const struct job *j, size_t i)
{
	return inputs__nr(j->inputs) == 1 ? 0 : i;
}

static size_t nr_samples(const struct job *j)
{
	return inputs__nr(j->inputs) == 1 ? 2 : inputs__nr(j->inputs);
}

static unsigned int apis_of(const struct job *j, size_t i)
{
	if (!j->opts->across)
		return j->opts->live.filter.apis;
	return API_BIT(i ? API_URING : API_AIO);
}

static int check(struct job *j, struct err *e)
{
	const struct cmd_opts *o = j->opts;

	for (size_t i = 0; i < o->nr_fail_on; i++)
		if (gate__parse(&j->gate, o->fail_on[i], e))
			return -EINVAL;
	if (o->across && strcmp(o->across, "api") != 0)
		return err__set(e, -EINVAL, "diff: --across compares by api, not by '%s'",
				o->across);
	if (o->across && o->live.filter.apis)
		return err__set(e, -EINVAL, "diff: --across api needs both apis, --api leaves one");
	if (o->across && o->nr_files < 1)
		return err__set(e, -EINVAL, "diff: --across api needs a recording");
	if (!o->across && o->nr_files < 2)
		return err__set(e, -EINVAL, "diff: two recordings at least: OLD and NEW");
	if (o->nr_files > RECORDINGS_MAX)
		return err__set(e, -EINVAL, "diff: %d recordings at most", RECORDINGS_MAX);
	return 0;
}

/* Without a single request of an api there is nothing to compare it by. */
static int check_across(const struct job *j, const struct sample *s, struct err *e)
{
	bool aio = s->series->apis == API_BIT(API_AIO);

	if (!j->opts->across || series_row__sum(s->series->rows[0], SERIES_REQUESTS) > 0)
		return 0;
	err__set(e, -EINVAL, "%s has no request by %s", s->name, aio ? "io_submit" : "io_uring");
	err__hint(e, aio ? "With --across api the first recording is the one of io_submit."
			 : "With --across api all but the first recording are of io_uring.");
	return -EINVAL;
}

static int load_all(struct job *j, struct err *e)
{
	for (; j->nr < nr_samples(j); j->nr++) {
		struct sample *s = load__sample(inputs__take(j->inputs, file_of(j, j->nr)),
						apis_of(j, j->nr), e);

		j->samples[j->nr] = s;
		if (!s || check_across(j, s, e))
			return -EIO;
	}
	inputs__are_read(j->inputs);
	return 0;
}

static int compare_all(struct job *j, struct err *e)
{
	int rc = 0;

	for (size_t i = 1; !rc && i < j->nr; i++) {
		j->diffs[i - 1] =
			diff__new(j->samples[0], j->samples[i],
				  (double)j->opts->margin_percent / 100, j->opts->across != NULL);
		rc = j->diffs[i - 1] ? 0 : -ENOMEM;
	}
	if (!rc)
		rc = diff__judge(j->diffs, j->nr - 1, DIFF_SIGNIFICANCE);
	return rc ? err__set(e, rc, "cannot compare the recordings: %s", strerror(-rc)) : 0;
}

static int print_all(const struct job *j, struct err *e)
{
	const struct diff_output what = {(const struct diff *const *)j->diffs, j->nr - 1, &j->gate,
					 DIFF_SIGNIFICANCE};
	int rc = diff_print__find(j->opts->format->name)(output__file(j->out), &what,
							 &j->format_opts);

	/* the stream knows better why it failed */
	if (output__flush(j->out, e))
		return -EIO;
	return rc ? err__set(e, rc, "cannot print the comparison: %s", strerror(-rc)) : 0;
}

static int status_of(const struct job *j)
{
	char where[160];

	for (size_t d = 0; d + 1 < j->nr; d++)
		for (size_t i = 0; i < j->gate.nr; i++)
			if (gate__tripped(&j->gate, i, j->diffs[d], where, sizeof(where)))
				return CMD_FAILED;
	for (size_t i = 0; i < j->nr; i++)
		if (series__loss_share(j->samples[i]->series) > j->opts->limits.max_loss)
			return CMD_LOSS;
	return CMD_OK;
}

static int work(void *ctx)
{
	struct job *j = ctx;
	struct err e = {0};

	if (!load_all(j, &e) && !compare_all(j, &e) && !print_all(j, &e))
		return status_of(j);
	inputs__say_no_more(j->inputs);
	cmd__fail(&e);
	return INPUTS_FAILED;
}

/* All that is opened is opened here, before the first byte of a recording is read. */
static int compare(struct job *j)
{
	struct err e = {0};
	int status = CMD_FAILED;

	j->inputs = inputs__open(j->opts->files, j->opts->nr_files, &e);
	if (j->inputs)
		j->out = output__open(j->opts->output, &e);
	if (j->out) {
		j->format_opts = screen__format_opts(output__fd(j->out), j->opts->top);
		status = inputs__run(j->inputs, j->out, work, j);
	} else {
		cmd__fail(&e);
	}
	output__free(j->out);
	inputs__free(j->inputs);
	return status;
}

static int run(const struct cmd_opts *opts)
{
	struct job *j = calloc(1, sizeof(*j));
	struct err e = {0};
	int status;

	if (!j) {
		err__set(&e, -ENOMEM, "out of memory");
		return cmd__fail(&e);
	}
	j->opts = opts;
	if (check(j, &e))
		status = options__misused(&spec, &e);
	else if (qualify_files__are_results(opts->files, opts->nr_files))
		status = qualify_files__diff(opts->files, opts->nr_files, opts->output);
	else
		status = compare(j);
	free(j);
	return status;
}

int cmd_diff(int argc, char **argv)
{
	struct cmd_opts opts;
	int status = options__parse(&opts, &spec, argc, argv);

	if (status == OPTIONS_GO)
		status = run(&opts);
	options__free(&opts);
	return status;
}
