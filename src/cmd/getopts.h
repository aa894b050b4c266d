/* SPDX-License-Identifier: GPL-2.0 */
/* The options of a verb that traces nothing and so has a short table of its own. */
#ifndef AIOSTALL_CMD_GETOPTS_H
#define AIOSTALL_CMD_GETOPTS_H

#include <getopt.h>

#include "base/base.h"

/* Takes one option by its letter, with its value in optarg; 0 or -errno with e set. */
typedef int (*getopts_set)(void *ctx, int letter, struct err *e);

/*
 * Each option to set; -o and -h are short ones as well. 0, 1 if help was asked
 * for, or -errno with e set. What is left in argv begins at optind.
 */
int getopts__each(const char *verb, int argc, char **argv, const struct option *options,
		  getopts_set set, void *ctx, struct err *e);

#endif
