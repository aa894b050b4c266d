// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cause/causes.h"
#include "cmd/cmd.h"
#include "cmd/output.h"

/* Bounds for what is pasted on stdin; frames beyond are the outermost and tell nothing. */
#define FRAMES_MAX 256
#define LINE_MAX_BYTES 65536
#define WIDTH 90
#define LABEL_WIDTH 10

static const char help[] =
	"Usage: aiostall causes [OPTIONS] [ID]\n\n"
	"List the rules that name why io_submit blocks, show all about one, or explain a\n"
	"stack given on stdin. Exit status: 0 fine, 1 failed or no such cause, 2 usage.\n\n"
	"Options:\n"
	"  --explain      read stacks on stdin, one frame per line, innermost first, an\n"
	"                 empty line between two; as /proc/PID/stack, dmesg, perf script,\n"
	"                 offcputime, bpftrace and crash print them, or folded lines\n"
	"                 (root;...;leaf N)\n"
	"  --rules FILE   rules that go before the built-in ones\n"
	"  -h, --help     this text\n\n"
	"Examples:\n"
	"  aiostall causes\n"
	"  aiostall causes ext4.dio_sync\n"
	"  aiostall causes --explain < /proc/1234/stack\n"
	"  dmesg | aiostall causes --explain\n";

struct request {
	const char *rules, *id;
	bool explain;
};

struct pasted {
	char *frames[FRAMES_MAX];
	bool reliable[FRAMES_MAX];
	size_t depth;
	size_t nr_reliable;
};

static void print_escaped(const char *text)
{
	char line[4096];

	esc__terminal(text, line, sizeof(line));
	fputs(line, stdout);
}

/* "label     text" wrapped at WIDTH, nothing for an empty text. */
static void print_field(const char *label, const char *text)
{
	char line[4096];
	char *p = line;

	if (!*text)
		return;
	esc__terminal(text, line, sizeof(line));
	printf("%-*s", LABEL_WIDTH, label);
	while (strlen(p) > WIDTH - LABEL_WIDTH) {
		char *cut = memrchr(p, ' ', WIDTH - LABEL_WIDTH);

		if (!cut)
			break;
		printf("%.*s\n%*s", (int)(cut - p), p, LABEL_WIDTH, "");
		p = cut + 1;
	}
	printf("%s\n", p);
}

static void print_texts(const struct cause *cause)
{
	print_field("meaning", cause->meaning);
	print_field("do", cause->todo);
	print_field("operator", cause->operator_advice);
	print_field("author", cause->author_advice);
	print_field("kernels", cause->kernels);
	print_field("evidence", cause->evidence);
	print_field("refs", cause->refs);
}

static int print_one(const struct cause *cause)
{
	printf("%s\n", cause->id);
	print_field("name", cause->name);
	print_texts(cause);
	return output__finish_stdout();
}

static int print_list(const struct causes *causes)
{
	const struct cause *cause;

	for (size_t i = 0; (cause = causes__at(causes, i)); i++) {
		printf("%-24s %-11s ", cause->id, cause->evidence);
		print_escaped(cause->name);
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

static void pasted__clear(struct pasted *p)
{
	for (size_t i = 0; i < p->depth; i++)
		free(p->frames[i]);
	p->depth = p->nr_reliable = 0;
}

/* Returns 0 or -ENOMEM. */
static int pasted__add(struct pasted *p, const char *name, size_t len, bool reliable)
{
	if (p->depth == FRAMES_MAX)
		return 0;
	p->frames[p->depth] = strndup(name, len);
	if (!p->frames[p->depth])
		return -ENOMEM;
	p->reliable[p->depth++] = reliable;
	p->nr_reliable += reliable;
	return 0;
}

/* The kernel marks frames it only guesses with "?"; they count where it knows none for sure. */
static size_t pasted__frames(const struct pasted *p, const char **frames)
{
	size_t n = 0;

	for (size_t i = 0; i < p->depth; i++)
		if (p->reliable[i] || !p->nr_reliable)
			frames[n++] = p->frames[i];
	return n;
}

static void explain_stack(const struct causes *causes, const struct pasted *p)
{
	const char *frames[FRAMES_MAX];
	size_t depth = pasted__frames(p, frames);
	const struct cause *cause = causes__match(causes, frames, depth);
	char via[512], telling[1024];

	printf("%s\n", cause->id);
	print_field("name", cause->name);
	print_texts(cause);
	print_field("via", causes__via(causes, frames, depth, via, sizeof(via)));
	print_field("telling", causes__telling(causes, frames, depth, 3, telling, sizeof(telling)));
}

/* "root;...;leaf 12": root first. Returns 0 or -ENOMEM. */
static int add_folded(struct pasted *p, char *line)
{
	char *weight = strrchr(line, ' ');
	char *sep;
	int rc = 0;

	if (weight && strspn(weight + 1, "0123456789") == strlen(weight + 1))
		*weight = '\0';
	do {
		const char *name;
		bool reliable;
		size_t n;

		sep = strrchr(line, ';');
		n = causes__frame_in_line(sep ? sep + 1 : line, &name, &reliable);
		if (n)
			rc = pasted__add(p, name, n, true);
		if (sep)
			*sep = '\0';
	} while (!rc && sep);
	return rc;
}

static bool is_folded(const char *line)
{
	const char *semicolon = strchr(line, ';');

	return semicolon && semicolon[1] != '\0' && !strchr(line, '\t');
}

/* An empty line or the head of the next trace ends a stack. */
static bool ends_stack(const char *line)
{
	return line[strspn(line, " \t")] == '\0' || strstr(line, "Call Trace:");
}

struct explainer {
	const struct causes *causes;
	struct pasted stack;
	size_t nr_explained;
};

static void explainer__finish_stack(struct explainer *x)
{
	if (!x->stack.depth)
		return;
	if (x->nr_explained++)
		putchar('\n');
	explain_stack(x->causes, &x->stack);
	pasted__clear(&x->stack);
}

/* line has no newline. Returns 0 or -ENOMEM. */
static int explainer__line(struct explainer *x, char *line)
{
	const char *name;
	bool reliable;
	size_t n;
	int rc = 0;

	if (ends_stack(line)) {
		explainer__finish_stack(x);
		return 0;
	}
	if (is_folded(line)) {
		explainer__finish_stack(x);
		rc = add_folded(&x->stack, line);
		explainer__finish_stack(x);
		return rc;
	}
	n = causes__frame_in_line(line, &name, &reliable);
	return n ? pasted__add(&x->stack, name, n, reliable) : 0;
}

/* Lines longer than the buffer come in pieces; none of them is a frame. */
static int explain_input(struct explainer *x, FILE *in)
{
	static char line[LINE_MAX_BYTES];
	int rc = 0;

	while (!rc && fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\r\n")] = '\0';
		rc = explainer__line(x, line);
	}
	if (!rc && ferror(in))
		rc = -EIO;
	if (!rc)
		explainer__finish_stack(x);
	pasted__clear(&x->stack);
	return rc;
}

static int explain(const struct causes *causes)
{
	struct explainer x = {.causes = causes};
	struct err e = {0};
	int rc;

	if (isatty(STDIN_FILENO))
		fprintf(stderr, "Paste a stack, innermost frame first, and end with Ctrl-D.\n");
	rc = explain_input(&x, stdin);
	if (rc) {
		err__set(&e, rc, "cannot read the stack from stdin: %s", strerror(-rc));
		return cmd__fail(&e);
	}
	if (!x.nr_explained) {
		err__set(&e, -ENODATA, "no stack frame on stdin");
		err__hint(&e, "one function name per line, innermost first");
		return cmd__fail(&e);
	}
	return output__finish_stdout();
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
		status = explain(causes);
	} else if (request->id) {
		cause = causes__find(causes, request->id);
		status = cause ? print_one(cause) : no_such_cause(causes, request->id);
	} else {
		status = print_list(causes);
	}
	causes__free(causes);
	return status;
}

int cmd_causes(int argc, char **argv)
{
	static const struct option options[] = {
		{"explain", no_argument, NULL, 'e'},
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
		else
			return usage(c == ':' ? "--rules needs a file" : "unknown option");
	}
	if (optind < argc)
		request.id = argv[optind++];
	if (optind < argc)
		return usage("one ID at most");
	if (request.explain && request.id)
		return usage("--explain takes no ID");
	return run(&request);
}
