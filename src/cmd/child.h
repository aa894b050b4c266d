/* SPDX-License-Identifier: GPL-2.0 */
/* The command after "--": started, held before its first instruction, waited for. */
#ifndef AIOSTALL_CMD_CHILD_H
#define AIOSTALL_CMD_CHILD_H

#include <sys/types.h>

#include "base/base.h"
#include "cmd/runas.h"

struct child;

/* Fork; the child waits for child__release before it executes argv. NULL on error with e set. */
struct child *child__new(char **argv, const struct runas *as, struct err *e);
pid_t child__pid(const struct child *c);
/*
 * Let it execute. 0, or -errno with e set if it could not; its status is
 * then 127 (not found) or 126, as a shell has it.
 */
int child__release(struct child *c, struct err *e);
void child__signal(const struct child *c, int sig);
/* True once it has ended; does not wait. */
bool child__ended(struct child *c);
/* End it: SIGTERM, after a while SIGKILL. False if even that did not help (sleeping in the kernel). */
bool child__stop(struct child *c);
/* It had not ended by itself when child__stop was called. */
bool child__was_stopped(const struct child *c);
/* Exit status, 128 + signal if a signal ended it; valid once it has ended. */
int child__status(const struct child *c);
/* Kills it if it was never released. free(NULL) works. */
void child__free(struct child *c);

#endif
