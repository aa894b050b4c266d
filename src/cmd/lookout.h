/* SPDX-License-Identifier: GPL-2.0 */
/* Who could call io_submit at all, said at once and where nothing was seen. */
#ifndef AIOSTALL_CMD_LOOKOUT_H
#define AIOSTALL_CMD_LOOKOUT_H

#include "live/live.h"

/*
 * Say on stderr, at the start of a capture, what is known already: that the processes of -p, or all
 * of the host, have no aio context and who uses io_uring instead. That nobody uses either is said
 * to a terminal only: it may change, and is in the report if it does not.
 */
void lookout__at_start(const struct live_filter *f);
/* The same for a report in which there is nothing: a line each, "" = nothing is known. buf is returned. */
char *lookout__lines(const struct live_filter *f, char *buf, size_t size);

#endif
