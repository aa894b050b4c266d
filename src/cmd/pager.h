/* SPDX-License-Identifier: GPL-2.0 */
/* A program through which a reader at a terminal looks at what is longer than the screen. */
#ifndef AIOSTALL_CMD_PAGER_H
#define AIOSTALL_CMD_PAGER_H

#include <sys/types.h>

/*
 * $PAGER, or less where it is installed; "" and cat are none. NULL = none. Returns buf, or what the
 * environment has.
 */
const char *pager__command(char *buf, size_t size);
/* Started with its input at *fd, which is the caller's. The process, or -errno. Ctrl-C is its own from now on. */
pid_t pager__start(const char *command, int *fd);
/* Until the reader leaves it; all writing ends of its input are closed by then. */
void pager__wait(pid_t pid);

#endif
