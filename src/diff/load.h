/* SPDX-License-Identifier: GPL-2.0 */
/* The sample of a recording. The only part of src/diff that knows recordings. */
#ifndef AIOSTALL_DIFF_LOAD_H
#define AIOSTALL_DIFF_LOAD_H

#include "base/base.h"
#include "diff/sample.h"
#include "store/input.h"

/*
 * Of requests that were handed over by these apis: API_BIT() of each, 0 = any. NULL with e set: cannot
 * be opened, is none, is damaged, lack of memory.
 */
struct sample *load__sample(struct store_input *in, unsigned int apis, struct err *e);

#endif
