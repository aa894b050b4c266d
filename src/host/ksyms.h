/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of kernel text addresses, from kallsyms. Read it after attaching, or
 * the tracer's own programs get a neighbour's name.
 */
#ifndef AIOSTALL_HOST_KSYMS_H
#define AIOSTALL_HOST_KSYMS_H

#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

struct ksyms;

/* NULL path = /proc/kallsyms. NULL on error, with e set. */
struct ksyms *ksyms__new(const char *kallsyms_path, struct err *e);
void ksyms__free(struct ksyms *k);

/* Number of addresses that have a name. */
size_t ksyms__count(const struct ksyms *k);

/*
 * Where a function begins and ends, under its name or as the compiler's only
 * copy of it (name.constprop.0). -ENOENT if there is none, or if its copies are several.
 */
int ksyms__range(const struct ksyms *k, const char *name, uint64_t *start, uint64_t *end);

/* The name of that only copy, alive until ksyms__free; NULL if there is none, or several. */
const char *ksyms__copy(const struct ksyms *k, const char *name);

/* Name of the function that holds addr, alive until ksyms__free; NULL outside any. */
const char *ksyms__name(const struct ksyms *k, uint64_t addr);

/*
 * Names of a kernel stack, innermost first, without the tracer's own frames
 * and without the innermost __schedule and what is inward of it. An address
 * without a name becomes "0x...". out has room for n; returns how many were
 * set. The strings are valid until the next call.
 */
size_t ksyms__frames(const struct ksyms *k, const uint64_t *ip, size_t n, const char **out);

#endif
