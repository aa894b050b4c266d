/* SPDX-License-Identifier: GPL-2.0 */
/* The sample of a recording. The only part of src/diff that knows recordings. */
#ifndef AIOSTALL_DIFF_LOAD_H
#define AIOSTALL_DIFF_LOAD_H

#include "base/base.h"
#include "diff/sample.h"
#include "store/input.h"

/* NULL with e set: cannot be opened, is none, is damaged, lack of memory. */
struct sample *load__sample(struct store_input *in, struct err *e);

#endif
