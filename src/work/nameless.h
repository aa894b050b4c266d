/* SPDX-License-Identifier: GPL-2.0 */
/* A file of which nothing is left, however the process ends. */
#ifndef AIOSTALL_WORK_NAMELESS_H
#define AIOSTALL_WORK_NAMELESS_H

/* In that folder, to read and write. A descriptor, or -errno. */
int nameless__create(const char *folder);

#endif
