/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A child process that runs the cells one by one, each when it is told to: what is traced is this
 * process and nothing else, and it ends with whoever made it.
 */
#ifndef AIOSTALL_QUALIFY_RUNNER_H
#define AIOSTALL_QUALIFY_RUNNER_H

#include <sys/types.h>

#include "qualify/site.h"
#include "qualify/plan.h"

struct runner;

/* place and plan outlive it. The warm-up is cell 0, the plan's come after. NULL with e set. */
struct runner *runner__new(const struct site *place, const struct plan *plan, uint64_t budget_ms,
			   struct err *e);
pid_t runner__pid(const struct runner *r);
/* Readable when a cell is done, or the child has died. */
int runner__fd(const struct runner *r);
/* Begin with a cell. 0 or -errno. */
int runner__begin(struct runner *r, size_t i);
/* Wait for it and take it. 0 or -errno: -EPIPE if the child has died, -EINTR at a signal. */
int runner__take(struct runner *r, struct cell *c);
void runner__free(struct runner *r); /* ends the child; free(NULL) works */

#endif
