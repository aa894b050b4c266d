/* SPDX-License-Identifier: GPL-2.0 */
/* Ids of tracepoints, from tracefs. */
#ifndef AIOSTALL_HOST_TRACEFS_H
#define AIOSTALL_HOST_TRACEFS_H

#include <stddef.h>

/*
 * Directory descriptor of tracefs, for the caller to close. Where it is not
 * mounted, a mount of our own that no one else sees (fsmount(2), 5.2), so that
 * nothing changes on the host. -errno, with why.
 */
int tracefs__open(char *why, size_t why_size);

/* Id of a tracepoint such as "syscalls/sys_enter_io_submit": >= 0 or -errno, with why. */
int tracefs__id(int tracefs_fd, const char *event, char *why, size_t why_size);

#endif
