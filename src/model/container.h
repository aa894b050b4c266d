/* SPDX-License-Identifier: GPL-2.0 */
/* Which container or systemd unit a cgroup is of, as its path tells. */
#ifndef AIOSTALL_MODEL_CONTAINER_H
#define AIOSTALL_MODEL_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>

/* 64 hexadecimal digits, or a name where the path has that. */
#define CONTAINER_ID_MAX 64

/* Who knows what people call them. NULL = not known. */
struct container_names {
	const char *(*name)(void *ctx, const char *id);
	void *ctx;
};

/*
 * "web", "shop/cart-7d4b/server", "docker:0123456789ab" where its name is not known; of what is in no
 * container the systemd unit, "" where there is none. names may be NULL. buf is returned.
 */
const char *container__name(const char *cgroup, const struct container_names *names, char *buf,
			    size_t size);
/* Whether people may mean it by that word: its name, a beginning of its id, or that of its unit. */
bool container__is(const char *cgroup, const char *word, const struct container_names *names);
/* The innermost part of a path that is a unit, or else the innermost part; *len its length. */
const char *container__unit(const char *cgroup, size_t *len);
/* Of the kind of a unit, ".service", the length; 0 = it is none. */
size_t container__kind_of_unit(const char *part, size_t len);

#endif
