/* SPDX-License-Identifier: GPL-2.0 */
/* SQLite's own lock for readers on an input, so that a recording is read while it is being made. */
#ifndef AIOSTALL_STORE_SHARE_H
#define AIOSTALL_STORE_SHARE_H

#include "store/input.h"

/*
 * As long as it is held no writer that keeps to SQLite's locks changes a page. What a dead
 * one left in the journal is looked at, and the table of tables, before anybody reads either.
 * Nests. 0, -EBUSY: try again soon, -EBADMSG: no recording, -errno.
 */
int share__take(struct store_input *in);
int share__drop(struct store_input *in);
/* Whether another process is between the beginning of a transaction and its end. 1, 0 or -errno. */
int share__is_reserved(const struct store_input *in);

#endif
