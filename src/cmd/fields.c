// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "cmd/fields.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"

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

void fields__cause(const struct cause *cause)
{
	fields__print("meaning", cause->meaning);
	fields__print("do", cause->todo);
	fields__print("operator", cause->operator_advice);
	fields__print("author", cause->author_advice);
	fields__print("kernels", cause->kernels);
	fields__print("evidence", cause->evidence);
	fields__print("refs", cause->refs);
}
