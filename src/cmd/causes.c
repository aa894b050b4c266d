// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cause/causes.h"
#include "cmd/cmd.h"
#include "cmd/explain.h"
#include "cmd/fields.h"
#include "cmd/output.h"
#include "paste/paste.h"

static const char help[] =
	"Usage: aiostall causes [OPTIONS] [ID]\n\n"
	"List the rules that name why io_submit blocks, show all about one, or explain a\n"
	"stack given on stdin. Exit status: 0 fine, 1 failed or no such cause, 2 usage.\n\n"
	"Options:\n"
	"  --explain      read what people paste on stdin: stacks of any tool, hung-task\n"
	"                 messages, a whole dmesg, a mail; name the cause of each stack,\n"
	"                 and the tasks that may hold up the others\n"
	"  --format NAME  of --explain: text or json\n"
	"  --rules FILE   rules that go before the built-in ones\n"
	"  -h, --help     this text\n\n"
	"Examples:\n"
	"  aiostall causes\n"
	"  aiostall causes ext4.dio_sync\n"
	"  aiostall causes --explain < /proc/1234/stack\n"
	"  dmesg | aiostall causes --explain --format json\n";

struct request {
	const char *rules, *id;
	bool explain, json, format;
};

static int print_one(const struct causes *causes, const struct cause *cause)
{
	printf("%s\n", cause->id);
	fields__print("name", cause->name);
	fields__cause(cause, false);
	fields__programs(causes, NULL, cause->id);
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

/* Edit distance of the first 63 letters. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[64];
	size_t nb = strnlen(b, 63);

	for (size_t j = 0; j <= nb; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 0; a[i] && i < 63; i++) {
		unsigned int diagonal = row[0];

		row[0] = (unsigned int)i + 1;
		for (size_t j = 0; j < nb; j++) {
			unsigned int best = diagonal + (a[i] != b[j]);

			diagonal = row[j + 1];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (diagonal + 1 < best)
				best = diagonal + 1;
			row[j + 1] = best;
		}
	}
	return row[nb];
}

/* The last part of a full id ("dio_sync") counts as the id. */
static unsigned int id_distance(const char *word, const char *id)
{
	const char *dot = strchr(id, '.');
	unsigned int whole = distance(word, id);
	unsigned int tail = dot ? distance(word, dot + 1) : whole;

	return tail < whole ? tail : whole;
}

static int no_such_cause(const struct causes *causes, const char *id)
{
	const struct cause *cause, *best = NULL;
	unsigned int best_distance = 64;
	struct err e = {0};

	for (size_t i = 0; (cause = causes__at(causes, i)); i++) {
		unsigned int d = id_distance(id, cause->id);

		if (d < best_distance) {
			best_distance = d;
			best = cause;
		}
	}
	err__set(&e, -ENOENT, "no cause has the id %.64s", id);
	if (best && best_distance <= 4)
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
	if (!json)
		explain__text(causes, paste);
	else if (explain__json(causes, paste, stdout) == -ENOMEM)
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

static int usage(const char *what)
{
	fprintf(stderr, "aiostall: causes: %s; see aiostall causes --help\n", what);
	return CMD_USAGE;
}

static int run(const struct request *request)
{
	char text[512] = "";
	struct causes *causes = causes__new(request->rules, text, sizeof(text));
	const struct cause *cause;
	int status;

	if (!causes) {
		struct err e = {0};

		err__set(&e, -EINVAL, "%s", text);
		return cmd__fail(&e);
	}
	if (request->explain) {
		status = explain(causes, request->json);
	} else if (request->id) {
		cause = causes__find(causes, request->id);
		status = cause ? print_one(causes, cause) : no_such_cause(causes, request->id);
	} else {
		status = print_list(causes);
	}
	causes__free(causes);
	return status;
}

static int set_format(struct request *request, const char *name)
{
	request->format = true;
	request->json = !strcmp(name, "json");
	return request->json || !strcmp(name, "text") ? 0 : -EINVAL;
}

int cmd_causes(int argc, char **argv)
{
	static const struct option options[] = {
		{"explain", no_argument, NULL, 'e'},
		{"format", required_argument, NULL, 'f'},
		{"rules", required_argument, NULL, 'r'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct request request = {0};
	int c;

	optind = 1;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			return output__finish_stdout();
		}
		if (c == 'e')
			request.explain = true;
		else if (c == 'r')
			request.rules = optarg;
		else if (c != 'f')
			return usage(c == ':' ? "--format and --rules need a value"
					      : "unknown option");
		else if (set_format(&request, optarg))
			return usage("--format is text or json");
	}
	if (optind < argc)
		request.id = argv[optind++];
	if (optind < argc)
		return usage("one ID at most");
	if (request.explain && request.id)
		return usage("--explain takes no ID");
	if (request.format && !request.explain)
		return usage("--format goes with --explain");
	return run(&request);
}
