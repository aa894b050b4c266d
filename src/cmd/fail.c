// SPDX-License-Identifier: GPL-2.0
#include "cmd/cmd.h"

#include <stdio.h>

int cmd__fail(const struct err *e)
{
	char line[4 * sizeof(e->text) + 1];

	if (e->quiet)
		return CMD_FAILED;
	esc__terminal(e->text[0] ? e->text : "failed", line, sizeof(line));
	fprintf(stderr, "aiostall: %s\n", line);
	if (e->hint[0]) {
		esc__terminal(e->hint, line, sizeof(line));
		fprintf(stderr, "  %s\n", line);
	}
	return CMD_FAILED;
}

void cmd__warn_of_times(void)
{
	log__print(LOG_WARN, "memory was short: the report does not show when something happened");
}
