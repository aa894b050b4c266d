/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only way to a recording from elsewhere: its file and its journal, opened
 * once, regular files and nothing else, never written to. What reads them later needs
 * neither paths nor rights.
 */
#ifndef AIOSTALL_STORE_INPUT_H
#define AIOSTALL_STORE_INPUT_H

#include "base/base.h"

struct store_input;

/* NULL with e set. Nothing of the content has been looked at then. */
struct store_input *store_input__open(const char *path, struct err *e);
const char *store_input__path(const struct store_input *in);
/* Bytes that are on disk: holes do not count. */
uint64_t store_input__weight(const struct store_input *in);
/* The descriptors; -1 = there is none. */
void store_input__fds(const struct store_input *in, int fds[2]);
void store_input__free(struct store_input *in); /* free(NULL) works */

#endif
