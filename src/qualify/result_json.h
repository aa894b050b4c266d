/* SPDX-License-Identifier: GPL-2.0 */
/* A result as JSON, schema aiostall-qualify/1, and back. */
#ifndef AIOSTALL_QUALIFY_RESULT_JSON_H
#define AIOSTALL_QUALIFY_RESULT_JSON_H

#include <stdio.h>

#include "base/base.h"
#include "qualify/result.h"

#define RESULT_JSON_SCHEMA "aiostall-qualify/1"
#define RESULT_JSON_MAX_BYTES (1u << 20) /* of a file; all engines and rows are some 300 KB */

/*
 * What is in the file is not trusted: sizes are bounded, texts are cut, words and numbers checked.
 * name is for messages. NULL with e set.
 */
struct result *result_json__read(FILE *in, const char *name, struct err *e);

#endif
