/* SPDX-License-Identifier: GPL-2.0 */
/* One copy of each string, alive until the interner is freed. */
#ifndef AIOSTALL_HOST_INTERN_H
#define AIOSTALL_HOST_INTERN_H

#include <stdbool.h>
#include <stddef.h>

/* What intern__str returns instead of a string that no longer fits. */
#define INTERN_FULL "[too many names]"

struct intern;

/* max_bytes bounds the strings together with their bookkeeping. NULL if out of memory. */
struct intern *intern__new(size_t max_bytes);
void intern__free(struct intern *in);

/*
 * The interner's copy of s; INTERN_FULL when the bound is reached or memory is
 * out, NULL only for NULL.
 */
const char *intern__str(struct intern *in, const char *s);
/* Same for len bytes; stops at a NUL among them. */
const char *intern__mem(struct intern *in, const char *s, size_t len);

/* Was a string refused? */
bool intern__full(const struct intern *in);

#endif
