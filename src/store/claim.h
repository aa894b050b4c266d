/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The name that a recording gets. What has it already is kept as NAME.old, if it is a
 * recording that nobody is making, and refused otherwise.
 */
#ifndef AIOSTALL_STORE_CLAIM_H
#define AIOSTALL_STORE_CLAIM_H

#include "base/place.h"

struct claim {
	const char *path; /* as the user wrote it */
	struct place place;
	int fd;	    /* the new file, locked: another aiostall refuses its name */
	int old;    /* what has the name until then, locked */
	bool empty; /* nothing in it: not worth to be kept */
	bool moved; /* it is NAME.old, until something is in the new file */
};

/* Check that the name can be had; nothing is changed. path outlives it. 0, or -errno with e set. */
int claim__check(const char *path, struct claim *c, struct err *e);
/* Move what has the name away and make the new, empty file. 0, or -errno with e set. */
int claim__take(struct claim *c, struct err *e);
/* The new file by the directory that is held, for a library that opens by name. */
void claim__name(const struct claim *c, char *name, size_t size);
/* If nothing was ever written into the new file it goes, and what had the name gets it back. */
void claim__abandon(struct claim *c);
void claim__drop(struct claim *c);
/*
 * Remove a recording that nobody is making from a directory that is open, with its journal. 0;
 * -EEXIST: it is no recording, another user's, or being recorded, and is left; -errno.
 */
int claim__remove(int dir, const char *name);

#endif
