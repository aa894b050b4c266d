/* SPDX-License-Identifier: GPL-2.0 */
/* Verbs, exit statuses and how an error reaches the user: what every file of src/cmd shares. */
#ifndef AIOSTALL_CMD_CMD_H
#define AIOSTALL_CMD_CMD_H

#include "base/base.h"

enum cmd_status {
	CMD_OK = 0,
	CMD_FAILED = 1,
	CMD_USAGE = 2,
	CMD_LOSS = 3, /* finished, but the data is incomplete */
};

/* One verb, a row of verbs.def. argv[0] is the verb; returns an enum cmd_status. */
struct cmd_verb {
	const char *name, *help;
	int (*run)(int argc, char **argv);
};

#define VERB(id, name, help) int cmd_##name(int argc, char **argv);
#include "cmd/verbs.def"

/* Print e on stderr, harmless to a terminal, the hint on a second line; nothing if it is quiet. Returns CMD_FAILED. */
int cmd__fail(const struct err *e);
/* Of a report over time that has no slices, since there was no memory for them. */
void cmd__warn_of_times(void);

#endif
