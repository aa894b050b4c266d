// SPDX-License-Identifier: GPL-2.0
#include "cmd/option_table.h"

#include <stdio.h>
#include <string.h>

#include "model/view.h"
#include "report/format.h"

#define TRACING (VERB_STAT | VERB_TRACE | VERB_RECORD | VERB_SERVE | VERB_TOP)
#define ALL (TRACING | VERB_CHECK | VERB_REPORT)
#define AT(member) offsetof(struct cmd_opts, member)
#define LIST(array, count) .offset = AT(array), .count_offset = AT(count)
#define DAY_NS (24 * 3600 * NSEC_PER_SEC)

static const struct option options[] = {
#define OPTION(type, member, ...) {__VA_ARGS__, .offset = AT(member)},
#define ROW(...) {__VA_ARGS__},
#include "cmd/options.def"
};

const struct option *option__at(size_t i)
{
	return i < ARRAY_SIZE(options) ? &options[i] : NULL;
}

#define HELP_COLUMN 28
#define HELP_WIDTH 79

/* Print text word by word from column on; later lines begin at indent. */
static void print_wrapped(const char *text, size_t column, size_t indent)
{
	while (*text) {
		size_t len = strcspn(text, " ");

		if (column > indent && column + 1 + len > HELP_WIDTH) {
			printf("\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)len, text);
		column += len;
		text += len + strspn(text + len, " ");
	}
	putchar('\n');
}

/* "submit=fentry|kprobe, ...": each need with its ways. */
static const char *all_probes(char *buf, size_t size)
{
	const char *need;
	size_t used = 0;
	char ways[96];

	for (size_t i = 0; (need = probe_need__name(i)) && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s=%s", i ? ", " : "", need,
					 probe_need__ways(i, "|", ways, sizeof(ways)));
	return buf;
}

/* "aio, io_uring, all". */
const char *option__apis(char *buf, size_t size)
{
	size_t used = 0;

	for (unsigned int api = 0; api < APIS && used < size; api++)
		used += (size_t)snprintf(buf + used, size - used, "%s, ", api__name((enum api)api));
	if (used < size)
		snprintf(buf + used, size - used, "all");
	return buf;
}

static const char *values_of(const struct option *opt, char *buf, size_t size)
{
	if (opt->kind == OPTION_API)
		return option__apis(buf, size);
	if (opt->kind == OPTION_BY)
		return view_by__names(buf, size);
	return opt->kind == OPTION_PROBE ? all_probes(buf, size)
					 : format__names(opt->views, buf, size);
}

static void print_option(const struct option *opt)
{
	char left[80], help[768], list[384];
	const char *values = values_of(opt, list, sizeof(list));
	int n = snprintf(left, sizeof(left), opt->letter ? "  -%c, " : "      ", opt->letter);

	snprintf(left + n, sizeof(left) - n, "--%s%s%s", opt->name, opt->arg ? " " : "",
		 opt->arg ? opt->arg : "");
	snprintf(help, sizeof(help), "%s%s%s", opt->help, *values ? ": " : "", values);
	if (strlen(left) + 2 > HELP_COLUMN)
		printf("%s\n%*s", left, HELP_COLUMN, "");
	else
		printf("%-*s", HELP_COLUMN, left);
	print_wrapped(help, HELP_COLUMN, HELP_COLUMN);
}

void option__print_help(const struct cmd_spec *spec)
{
	printf("Usage: aiostall %s %s\n\n", spec->name, spec->synopsis);
	print_wrapped(spec->about, 0, 0);
	printf("\nOptions:\n");
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].verbs & spec->verb)
			print_option(&options[i]);
	putchar('\n');
	if (spec->more)
		spec->more();
	printf("Examples:\n%s", spec->examples);
}
