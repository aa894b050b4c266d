// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "cmd/fields.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "cause/programs.h"

#define WIDTH 90
#define LABEL_WIDTH 10

void fields__escaped(const char *text)
{
	char line[4096];

	esc__terminal(text, line, sizeof(line));
	fputs(line, stdout);
}

void fields__print(const char *label, const char *text)
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

/* "author; 6.18; what was done; 1000 -> 0" as a sentence. */
static void print_tried(const char *tried)
{
	char text[512], who[16], kernel[16], what[256], figures[64];

	if (sscanf(tried, "%15[^;]; %15[^;]; %255[^;]; %63[^;]", who, kernel, what, figures) != 4)
		return;
	snprintf(text, sizeof(text), "%s, on %s, %s: %s per 1000 submits", who, kernel, what,
		 figures);
	fields__print("measured", text);
}

bool fields__is_tried(const struct cause *cause, size_t i, bool direct)
{
	return !(direct && *cause->direct_advice && !strncmp(cause->tried[i], "author;", 7));
}

void fields__cause(const struct cause *cause, bool direct)
{
	fields__print("meaning", cause->meaning);
	fields__print("do", direct && *cause->direct_todo ? cause->direct_todo : cause->todo);
	fields__print("operator", cause->operator_advice);
	fields__print("author", direct && *cause->direct_advice ? cause->direct_advice
								: cause->author_advice);
	for (size_t i = 0; i < cause->nr_tried; i++)
		if (fields__is_tried(cause, i, direct))
			print_tried(cause->tried[i]);
	fields__print("kernels", cause->kernels);
	fields__print("evidence", cause->evidence);
	fields__print("refs", cause->refs);
}

void fields__programs(const struct causes *causes, const char *comm, const char *id,
		      bool (*fits)(const struct program *p, const void *ctx), const void *ctx)
{
	const struct program *p;
	char text[1024];

	for (size_t at = 0; (p = causes__program(causes, comm, id, &at));) {
		if (fits && !fits(p, ctx))
			continue;
		snprintf(text, sizeof(text), "%s: %s; %s (%s)", p->names, p->setting, p->why,
			 p->source);
		fields__print("program", text);
	}
}
