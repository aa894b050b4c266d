/* SPDX-License-Identifier: GPL-2.0 */
/* Ctrl-C and SIGTERM while tracing. */
#ifndef AIOSTALL_CMD_INTERRUPT_H
#define AIOSTALL_CMD_INTERRUPT_H

#include <stdbool.h>

/* From now on SIGINT and SIGTERM are noted; they interrupt a sleeping call. */
void interrupt__catch(void);
/* From now on they end aiostall, as they do by default. */
void interrupt__release(void);
/* In a child that becomes a command: both as they were before interrupt__catch. */
void interrupt__as_inherited(void);
/* How many came so far. */
int interrupt__count(void);
/* The signal to pass on to a command of ours, 0 if the terminal sent it there too. */
int interrupt__forward(void);

#endif
