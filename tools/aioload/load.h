/* SPDX-License-Identifier: GPL-2.0 */
/*
 * aioload: a workload generator on the patterns of src/work, which measures its own submits so
 * that a tracer's figures can be checked against it.
 */
#ifndef AIOLOAD_LOAD_H
#define AIOLOAD_LOAD_H

#include "work/worker.h"

/* Writes the JSON to stdout. Returns 0 or -errno, also when stdout fails. */
int report__print(const struct work_opts *opts, struct worker *workers, unsigned int n);

#endif
