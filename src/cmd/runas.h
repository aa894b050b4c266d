/* SPDX-License-Identifier: GPL-2.0 */
/* Whose program the traced command is: ours, or another user's. */
#ifndef AIOSTALL_CMD_RUNAS_H
#define AIOSTALL_CMD_RUNAS_H

#include <sys/types.h>

#include "base/base.h"

#define RUNAS_GROUPS_MAX 1024

struct runas {
	bool other; /* false: as whoever runs us */
	uid_t uid;
	gid_t gid;
	gid_t groups[RUNAS_GROUPS_MAX]; /* the supplementary ones */
	size_t nr_groups;
	char name[256], home[4096]; /* empty = not known */
};

/*
 * A name or number of /etc/passwd, or UID:GID. NULL is who has called us by sudo(8), if somebody
 * has. 0, or -errno with e set.
 */
int runas__find(const char *user, struct runas *r, struct err *e);
/* For good, in the process that executes the command. 0 or -errno. */
int runas__become(const struct runas *r);

#endif
