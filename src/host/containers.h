/* SPDX-License-Identifier: GPL-2.0 */
/* What people call the containers of this host, from the files that the runtimes keep. */
#ifndef AIOSTALL_HOST_CONTAINERS_H
#define AIOSTALL_HOST_CONTAINERS_H

#include "base/base.h"
#include "model/container.h"

struct containers;

/* root is put before /var/lib, /var/log, /run, /proc and /sys, NULL = this host's. NULL if out of memory. */
struct containers *containers__new(const char *root);
void containers__free(struct containers *c); /* free(NULL) works */
/*
 * The names: of Kubernetes "namespace/pod/container", of Docker and Podman as they were given. An id that is
 * not known is looked for again, at most once a second. Valid until the next call.
 */
const struct container_names *containers__names(struct containers *c);
void containers__each(struct containers *c, void (*fn)(void *ctx, const char *id, const char *name),
		      void *ctx);
/*
 * The cgroup of the container that the word means (see container__is), as a path below the cgroup
 * mount. 0, or -errno with e set: there is none, or there are several.
 */
int containers__cgroup(struct containers *c, const char *word, char *path, size_t size,
		       struct err *e);

#endif
