/* SPDX-License-Identifier: GPL-2.0 */
/* cgroup v2 ids and paths. */
#ifndef AIOSTALL_HOST_CGROUPS_H
#define AIOSTALL_HOST_CGROUPS_H

#include <stdint.h>

#include "base/base.h"

struct cgroups;

/*
 * Of cgroup v2, the host's where we run in a container and may look at it. The caller frees it; NULL
 * if it is not mounted.
 */
char *cgroups__mount_point(void);

/* Works also on a host without cgroup v2: every path is then a number. NULL if out of memory. */
struct cgroups *cgroups__new(void);
void cgroups__free(struct cgroups *c);

/*
 * "/" or "/system.slice/..." below the cgroup v2 mount; "cgroup:ID" for one that is
 * removed or cannot be looked up. Never NULL, valid until the next call.
 */
const char *cgroups__path(struct cgroups *c, uint64_t id);

/* Groups that made room for others. */
uint64_t cgroups__recycled(const struct cgroups *c);

/*
 * Directory descriptor of a cgroup v2 group, for the caller to close. path is
 * absolute or below the cgroup v2 mount, as /proc/PID/cgroup shows it.
 * -errno with e set.
 */
int cgroups__open(const char *path, struct err *e);

#endif
