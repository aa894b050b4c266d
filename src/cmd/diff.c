// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/getopts.h"
#include "cmd/inputs.h"
#include "cmd/output.h"
#include "cmd/qualify_files.h"
#include "cmd/screen.h"
#include "diff/load.h"
#include "diff/print_diff.h"

#define RECORDINGS_MAX 32
#define PERCENT_MAX 1000
#define TOP_MAX 1000000

static const char help[] =
	"Usage: aiostall diff [OPTIONS] OLD NEW [NEW...]\n\n"
	"Compare recordings: what appeared, vanished, or is different beyond chance.\n"
	"Figures are per 1000 submits or per request. Exit status: 0 fine, 1 failed or\n"
	"a --fail-on condition is true, 2 usage, 3 a recording is incomplete.\n\n"
	"Options:\n"
	"      --fail-on EXPR    conditions that set exit status 1, separated by commas;\n"
	"                        may be given several times\n"
	"      --margin PERCENT  differences up to this are none; default 5\n"
	"      --format NAME     how to print it: text, json\n"
	"  -o, --output FILE     write it there; the file appears when it is complete\n"
	"      --top N           causes to show per filesystem; default 8\n"
	"  -h, --help            this text\n\n";

static const char help_tail[] =
	"\nA condition is [SCOPE:]appeared, [SCOPE:]vanished, or [SCOPE:]MEASURE>VALUE with\n"
	"one of < <= > >=. SCOPE is a type of filesystem or the id of a cause. VALUE is a\n"
	"change with its sign (+20%), which counts only if it is beyond chance, or bounds\n"
	"NEW itself (5ms, 0.1).\n\n"
	"Examples:\n"
	"  aiostall diff before.db after.db\n"
	"  aiostall diff 6.1.db 6.12.db 7.3.db --format json\n"
	"  aiostall diff base.db new.db --fail-on 'blocked_per_1k>+20%,appeared'\n"
	"  aiostall diff base.db new.db --fail-on 'ext4:ctxsw_per_io>0.1'\n";

struct job {
	struct gate gate;
	double margin;
	uint64_t top;
	diff_print_fn *print;
	const char *output;
	struct inputs *inputs;
	struct output *out;
	struct format_opts format_opts;
	/* in the confined child, which ends with them */
	struct sample *samples[RECORDINGS_MAX];
	struct diff *diffs[RECORDINGS_MAX];
	size_t nr; /* samples; the first is OLD */
};

static int print_help(void)
{
	const struct measure *m;

	printf("%sMeasures:\n", help);
	for (size_t i = 0; (m = measure__at(i)); i++)
		printf("  %-23s %s\n", m->id, m->text);
	printf("%s", help_tail);
	return output__finish_stdout();
}

static int set_format(struct job *j, const char *name, struct err *e)
{
	char names[128];

	j->print = diff_print__find(name);
	return j->print ? 0
			: err__set(e, -EINVAL, "diff: --format \"%s\": must be one of %s", name,
				   format__names(VIEW_DIFF, names, sizeof(names)));
}

static int set_number(const char *option, const char *value, uint64_t min, uint64_t max,
		      uint64_t *v, struct err *e)
{
	if (!parse__u64(value, min, max, v))
		return 0;
	return err__set(e, -EINVAL, "diff: %s \"%s\": must be a number from %llu to %llu", option,
			value, (unsigned long long)min, (unsigned long long)max);
}

static int set_margin(struct job *j, const char *value, struct err *e)
{
	uint64_t percent;
	int rc = set_number("--margin", value, 0, PERCENT_MAX, &percent, e);

	if (!rc)
		j->margin = (double)percent / 100;
	return rc;
}

static int set_option(void *ctx, int letter, struct err *e)
{
	struct job *j = ctx;

	switch (letter) {
	case 'F':
		return gate__parse(&j->gate, optarg, e);
	case 'm':
		return set_margin(j, optarg, e);
	case 'f':
		return set_format(j, optarg, e);
	case 't':
		return set_number("--top", optarg, 1, TOP_MAX, &j->top, e);
	case 'o':
		j->output = optarg;
		return *optarg ? 0 : err__set(e, -EINVAL, "diff: --output: must not be empty");
	}
	return 0;
}

/* 0, 1 if help was asked for, or -errno with e set. What is left in argv are the recordings. */
static int parse(struct job *j, int argc, char **argv, struct err *e)
{
	static const struct option options[] = {
		{"fail-on", required_argument, NULL, 'F'},
		{"margin", required_argument, NULL, 'm'},
		{"format", required_argument, NULL, 'f'},
		{"output", required_argument, NULL, 'o'},
		{"top", required_argument, NULL, 't'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int rc = getopts__each("diff", argc, argv, options, set_option, j, e);

	if (rc == 1)
		return rc;
	if (!rc && argc - optind < 2)
		rc = err__set(e, -EINVAL, "diff: two recordings at least: OLD and NEW");
	if (!rc && argc - optind > RECORDINGS_MAX)
		rc = err__set(e, -EINVAL, "diff: %d recordings at most", RECORDINGS_MAX);
	return rc;
}

static int load_all(struct job *j, struct err *e)
{
	for (; j->nr < inputs__nr(j->inputs); j->nr++) {
		j->samples[j->nr] = load__sample(inputs__take(j->inputs, j->nr), e);
		if (!j->samples[j->nr])
			return -EIO;
	}
	inputs__are_read(j->inputs);
	return 0;
}

static int compare_all(struct job *j, struct err *e)
{
	int rc = 0;

	for (size_t i = 1; !rc && i < j->nr; i++) {
		j->diffs[i - 1] = diff__new(j->samples[0], j->samples[i], j->margin);
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
	int rc = j->print(output__file(j->out), &what, &j->format_opts);

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
		if (j->samples[i]->series->any_loss)
			return CMD_LOSS;
	return CMD_OK;
}

static int work(void *ctx)
{
	struct job *j = ctx;
	struct err e = {0};

	if (!load_all(j, &e) && !compare_all(j, &e) && !print_all(j, &e))
		return status_of(j);
	cmd__fail(&e);
	return INPUTS_FAILED;
}

/* All that is opened is opened here, before the first byte of a recording is read. */
static int run(struct job *j, char *const *files, size_t nr)
{
	struct err e = {0};
	int status = CMD_FAILED;

	j->inputs = inputs__open(files, nr, &e);
	if (j->inputs)
		j->out = output__open(j->output, &e);
	if (j->out) {
		j->format_opts = screen__format_opts(output__fd(j->out), j->top);
		status = inputs__run(j->inputs, j->out, work, j);
	} else {
		cmd__fail(&e);
	}
	output__free(j->out);
	inputs__free(j->inputs);
	return status;
}

int cmd_diff(int argc, char **argv)
{
	struct job *j = calloc(1, sizeof(*j));
	struct err e = {0};
	int rc, status;

	if (!j) {
		err__set(&e, -ENOMEM, "out of memory");
		return cmd__fail(&e);
	}
	j->margin = DIFF_MARGIN;
	j->print = diff_text__print;
	rc = parse(j, argc, argv, &e);
	if (rc == 1) {
		status = print_help();
	} else if (rc) {
		cmd__fail(&e);
		fprintf(stderr, "  See aiostall diff --help.\n");
		status = CMD_USAGE;
	} else if (qualify_files__are_results(argv + optind, (size_t)(argc - optind))) {
		status = qualify_files__diff(argv + optind, (size_t)(argc - optind), j->output);
	} else {
		status = run(j, argv + optind, (size_t)(argc - optind));
	}
	free(j);
	return status;
}
