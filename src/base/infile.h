/* SPDX-License-Identifier: GPL-2.0 */
/* A file to read that somebody else may have made. */
#ifndef AIOSTALL_BASE_INFILE_H
#define AIOSTALL_BASE_INFILE_H

#include <sys/stat.h>

#include "base/base.h"

/*
 * A regular file: a pipe must not make us wait for its writer, nor a device do what a
 * device does when it is opened. A descriptor, with *st filled; -EINVAL if it is no regular file, -errno.
 */
int infile__open(const char *path, struct stat *st);
/* Why it could not be opened: rc is what infile__open returned. Returns rc. */
int infile__failed(const char *path, int rc, struct err *e);

#endif
