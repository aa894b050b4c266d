/* SPDX-License-Identifier: GPL-2.0 */
/* Types of filesystems: which this host has, and which one a mistyped name means. */
#ifndef AIOSTALL_HOST_FSTYPES_H
#define AIOSTALL_HOST_FSTYPES_H

#include "base/base.h"

/*
 * 0 if this host can have files of the type: registered, mounted, a module, or one of aiostall's own
 * names. Else -ENODEV with e set and in the hint what was meant, or which types are mounted. What
 * cannot be found out counts as there. root is put before /proc and /lib, "" = this host.
 */
int fstypes__check(const char *root, const char *type, struct err *e);

#endif
