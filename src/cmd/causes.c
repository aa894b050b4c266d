// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/suggest.h"
#include "cause/causes.h"
#include "cmd/cmd.h"
#include "cmd/explain.h"
#include "cmd/fields.h"
#include "cmd/options.h"
#include "cmd/output.h"
#include "model/pseudo.h"
#include "paste/paste.h"
#include "report/format.h"

static const struct cmd_spec spec = {
	.name = "causes",
	.verb = VERB_CAUSES,
	.synopsis = "[OPTIONS] [ID]",
	.about = "List the rules that name why io_submit blocks, show all about one, or explain a "
		 "stack given on stdin. Exit status: 0 fine, 1 failed or no such cause, 2 usage.",
	.examples = "  aiostall causes\n"
		    "  aiostall causes ext4.dio_sync\n"
		    "  aiostall causes --explain < /proc/1234/stack\n"
		    "  dmesg | aiostall causes --explain --format json\n",
	.takes_files = true,
};

static int print_one(const struct causes *causes, const struct cause *cause)
{
	printf("%s\n", cause->id);
	fields__print("name", cause->name);
	fields__cause(cause, false);
	fields__programs(causes, NULL, cause->id, NULL, NULL);
	return output__finish_stdout();
}

/* What stands in reports where a cause is, and no rule gives. */
static int print_pseudo(const struct cause *cause)
{
	printf("%s\n", cause->id);
	fields__print("name", cause->name);
	fields__print("operator", cause->operator_advice);
	return output__finish_stdout();
}

static int print_list(const struct causes *causes)
{
	const struct cause *cause;

	for (size_t i = 0; (cause = causes__at(causes, i)); i++) {
		printf("%-24s %-11s ", cause->id, cause->evidence);
		fields__escaped(cause->name);
		putchar('\n');
	}
	return output__finish_stdout();
}

/* By its id or, of "ext4.dio_sync", the last part of it. NULL = none. */
static const struct cause *meant(const struct causes *causes, const char *word)
{
	const struct cause *cause, *best = NULL;
	struct suggest s;

	suggest__init(&s, word);
	for (size_t i = 0; (cause = causes__at(causes, i)); i++) {
		const char *dot = strchr(cause->id, '.'), *before = suggest__best(&s);

		suggest__offer(&s, cause->id);
		if (dot)
			suggest__offer(&s, dot + 1);
		if (suggest__best(&s) != before)
			best = cause;
	}
	return best;
}

static int print_other(const struct causes *causes, const char *id)
{
	const struct cause *best = meant(causes, id);
	const struct cause *pseudo = pseudo__find(id);
	struct err e = {0};

	if (pseudo)
		return print_pseudo(pseudo);
	err__set(&e, -ENOENT, "no cause has the id %.64s", id);
	if (best)
		err__hint(&e, "did you mean %s?", best->id);
	else
		err__hint(&e, "aiostall causes lists them");
	return cmd__fail(&e);
}

/* The whole of stdin up to PASTE_SIZE_MAX and a byte, which tells that there was more. 0 or -errno. */
static int read_stdin(char **text, size_t *len)
{
	size_t size = 1 << 16;
	char *buf = malloc(size);

	for (*len = 0; buf && *len <= PASTE_SIZE_MAX;) {
		size_t n = fread(buf + *len, 1, size - *len, stdin);
		char *more;

		*len += n;
		if (!n)
			break;
		if (*len < size)
			continue;
		more = realloc(buf, size * 2);
		if (!more)
			break;
		buf = more;
		size *= 2;
	}
	*text = buf;
	return !buf || *len == size ? -ENOMEM : ferror(stdin) ? -EIO : 0;
}

static int print_explained(const struct causes *causes, const struct paste *paste, bool json)
{
	struct err e = {0};

	if (!paste->nr_stacks) {
		err__set(&e, -ENODATA, "no stack frame on stdin");
		if (paste->nr_lost)
			err__hint(&e, "%zu line%s like a frame and %s not understood: line %u",
				  paste->nr_lost, paste->nr_lost > 1 ? "s look" : " looks",
				  paste->nr_lost > 1 ? "were" : "was", paste->lost[0].number);
		else
			err__hint(
				&e,
				"a stack has one function a line, as /proc/PID/stack prints them");
		return cmd__fail(&e);
	}
	if ((json ? explain__json(causes, paste, stdout) : explain__text(causes, paste)) == -ENOMEM)
		return cmd__fail((err__set(&e, -ENOMEM, "out of memory"), &e));
	return output__finish_stdout();
}

static int explain(const struct causes *causes, bool json)
{
	struct err e = {0};
	struct paste *paste;
	size_t len = 0;
	char *text = NULL;
	int rc, status;

	if (isatty(STDIN_FILENO))
		fprintf(stderr, "Paste stacks, and end with Ctrl-D.\n");
	rc = read_stdin(&text, &len);
	paste = rc ? NULL : paste__read(text, len);
	free(text);
	if (!paste) {
		rc = rc ? rc : -ENOMEM;
		err__set(&e, rc, "cannot read stdin: %s", strerror(-rc));
		return cmd__fail(&e);
	}
	status = print_explained(causes, paste, json);
	paste__free(paste);
	return status;
}

static bool wants_json(const struct cmd_opts *o)
{
	return o->own_format && !strcmp(o->own_format->name, "json");
}

static int check(const struct cmd_opts *o, struct err *e)
{
	const char *what = NULL;

	if (o->nr_files > 1)
		what = "one ID at most";
	else if (o->explain && o->nr_files)
		what = "--explain takes no ID";
	else if (o->own_format && !o->explain)
		what = "--format goes with --explain";
	return what ? err__set(e, -EINVAL, "causes: %s", what) : 0;
}

static int run(const struct cmd_opts *o)
{
	char text[512] = "";
	struct causes *causes = causes__new(o->rules, text, sizeof(text));
	const struct cause *cause;
	int status;

	if (!causes) {
		struct err e = {0};

		err__set(&e, -EINVAL, "%s", text);
		return cmd__fail(&e);
	}
	if (o->explain) {
		status = explain(causes, wants_json(o));
	} else if (o->nr_files) {
		cause = causes__find(causes, o->files[0]);
		status = cause ? print_one(causes, cause) : print_other(causes, o->files[0]);
	} else {
		status = print_list(causes);
	}
	causes__free(causes);
	return status;
}

int cmd_causes(int argc, char **argv)
{
	struct cmd_opts opts;
	struct err e = {0};
	int status = options__parse(&opts, &spec, argc, argv);

	if (status == OPTIONS_GO)
		status = check(&opts, &e) ? options__misused(&spec, &e) : run(&opts);
	options__free(&opts);
	return status;
}
