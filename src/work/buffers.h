/* SPDX-License-Identifier: GPL-2.0 */
/* The memory that requests read from or write to, one block per slot. */
#ifndef AIOSTALL_WORK_BUFFERS_H
#define AIOSTALL_WORK_BUFFERS_H

#include "work/opts.h"

struct buffers;

/* NULL with errno set. */
struct buffers *buffers__new(const struct work_opts *opts, unsigned int slots);
/* A slot for the next request, made cold, fresh or what else --buffers says. */
void *buffers__get(struct buffers *b, unsigned int slot);
void buffers__free(struct buffers *b);

#endif
