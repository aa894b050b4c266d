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

/* One verb of the command table in main.c. argv[0] is the verb; returns an enum cmd_status. */
struct cmd_verb {
	const char *name, *help;
	int (*run)(int argc, char **argv);
};

int cmd_stat(int argc, char **argv);
int cmd_trace(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_causes(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_qualify(int argc, char **argv);
int cmd_top(int argc, char **argv);

/* Print e on stderr, harmless to a terminal, the hint on a second line; nothing if it is quiet. Returns CMD_FAILED. */
int cmd__fail(const struct err *e);

#endif
