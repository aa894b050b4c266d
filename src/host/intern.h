/* SPDX-License-Identifier: GPL-2.0 */
/* One copy of each string, alive as long as somebody who asked for it holds it. */
#ifndef AIOSTALL_HOST_INTERN_H
#define AIOSTALL_HOST_INTERN_H

#include <stddef.h>

struct intern;

/* max_bytes bounds the strings together with their bookkeeping. NULL if out of memory. */
struct intern *intern__new(size_t max_bytes);
/* With all strings, whoever holds them. */
void intern__free(struct intern *in);

/*
 * The interner's copy of s, to be given back with intern__put. NULL for NULL, when memory is out,
 * and when the bound is reached: then whoever holds the least useful strings gives some back.
 */
const char *intern__str(struct intern *in, const char *s);
/* Same for len bytes; stops at a NUL among them. */
const char *intern__mem(struct intern *in, const char *s, size_t len);

/* Gives back what intern__str or intern__mem returned; NULL does nothing. */
void intern__put(struct intern *in, const char *s);

#endif
