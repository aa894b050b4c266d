/* SPDX-License-Identifier: GPL-2.0 */
/* Names of user-space addresses, from /proc/PID/maps and the ELF files mapped there. */
#ifndef AIOSTALL_HOST_USYMS_H
#define AIOSTALL_HOST_USYMS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/aside.h"

struct usyms;

/* Other processes' files are asked for by a, which is the caller's. NULL if out of memory. */
struct usyms *usyms__new(struct aside *a);
void usyms__free(struct usyms *u);

/*
 * Names of a user stack, innermost first: "binary`function", "[vdso]",
 * "binary+0xaddress" (of the ELF file) where there is no symbol, "[unknown]". out
 * has room for n; returns how many were set (n). Strings are valid until
 * the next call. A process that is gone is known only if it was asked for while
 * it lived, so resolve early.
 */
size_t usyms__frames(struct usyms *u, pid_t pid, const uint64_t *ip, size_t n, const char **out);
/* Processes and files that made room for others. */
uint64_t usyms__recycled(const struct usyms *u);

#endif
