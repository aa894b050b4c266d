/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a file is to be: a directory that is held open and a name in it. A
 * path is walked once; what is done afterwards is done to what was found, also
 * if somebody renames or links things meanwhile.
 */
#ifndef AIOSTALL_BASE_PLACE_H
#define AIOSTALL_BASE_PLACE_H

#include <sys/stat.h>

#include "base/base.h"

struct place {
	int dir;   /* O_PATH; -1 = found by one of the kernel's own links, as below /proc/PID/fd */
	int there; /* O_PATH of what has the name, never a symbolic link; -1 = nothing has */
	char name[256];
	struct stat st; /* of what is there */
	struct stat dir_st;
};

/*
 * Symbolic links are followed as the kernel follows them with protected_symlinks: not those
 * that another user put into a directory in which all may write. The same goes for
 * what is there. 0, or -errno with e set ("cannot write PATH: why").
 */
int place__find(const char *path, struct place *p, struct err *e);
/* Look again at what has the name. 0, or -errno with e set. */
int place__refresh(const char *path, struct place *p, struct err *e);
/* Open what is there. A descriptor, or -1 with errno set. */
int place__open(const struct place *p, int flags);
/* Whether st, of something in the directory, belongs to one who has no business there. */
bool place__is_strangers(const struct place *p, const struct stat *st);
void place__close(struct place *p);

#endif
