/* SPDX-License-Identifier: GPL-2.0 */
/* The recordings that a verb is given: opened by it, read by a confined child. */
#ifndef AIOSTALL_CMD_INPUTS_H
#define AIOSTALL_CMD_INPUTS_H

#include "cmd/output.h"
#include "store/input.h"

struct inputs;

/* NULL with e set. paths outlives it. */
struct inputs *inputs__open(char *const *paths, size_t nr, struct err *e);
size_t inputs__nr(const struct inputs *in);
/* Number i, which is read from now on: what goes wrong is said of it. */
struct store_input *inputs__take(struct inputs *in, size_t i);
/* Where so many are read that somebody wonders, a line on the terminal says which; before another line. */
void inputs__say_no_more(struct inputs *in);
/* All have been read; what is still to do is arithmetic. */
void inputs__are_read(struct inputs *in);
/* What work returns if it has said why there is nothing to put in place. */
#define INPUTS_FAILED 100
/*
 * Run work(ctx) in a child with time and memory that follow from how large the recordings are.
 * It prints to out, flushes it, and returns an enum cmd_status, as does this.
 */
int inputs__run(struct inputs *in, struct output *out, int (*work)(void *ctx), void *ctx);
void inputs__free(struct inputs *in); /* free(NULL) works */

#endif
