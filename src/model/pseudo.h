/* SPDX-License-Identifier: GPL-2.0 */
/* Causes that no rule gives, filesystems of which nothing is known. */
#ifndef AIOSTALL_MODEL_PSEUDO_H
#define AIOSTALL_MODEL_PSEUDO_H

#include "cause/causes.h"
#include "model/event.h"

enum pseudo {
	PSEUDO_UNKNOWN,
	PSEUDO_NO_STACK,
	PSEUDO_BELOW_MIN,
	PSEUDO_LOST,
	PSEUDO_BEYOND,
	PSEUDO_OTHER,
	PSEUDO_CAUSES
};
const struct cause *pseudo__cause(enum pseudo which);
/* NULL = none has this id. Of the fields of a cause id, name and operator_advice are set alone. */
const struct cause *pseudo__find(const char *id);
extern const struct fs_info pseudo_fs_unknown, pseudo_fs_other;

#endif
