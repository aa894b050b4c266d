/* SPDX-License-Identifier: GPL-2.0 */
/* Which mount table is the host's: a service or a container that we run in has one of its own. */
#ifndef AIOSTALL_HOST_MOUNTNS_H
#define AIOSTALL_HOST_MOUNTNS_H

#include <stddef.h>
#include <stdint.h>

/*
 * "ROOT/proc/1/mountinfo" if process 1 is in another mount namespace than we are and can be looked
 * at, else "ROOT/proc/self/mountinfo". A container's process 1 is one of that container. Returns buf.
 */
const char *mountns__path(const char *root, char *buf, size_t size);
/* The number of that namespace; 0 = not known. */
uint64_t mountns__number(const char *root);
/*
 * What is put before a path to have the host's file: "ROOT/proc/1/root" if that mount table is of
 * process 1 and its files can be looked at, else ROOT. Returns buf.
 */
const char *mountns__files(const char *root, char *buf, size_t size);

#endif
