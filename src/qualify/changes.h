/* SPDX-License-Identifier: GPL-2.0 */
/* Changes of the kernel that are known to change verdicts: changes.def. */
#ifndef AIOSTALL_QUALIFY_CHANGES_H
#define AIOSTALL_QUALIFY_CHANGES_H

#include "qualify/result.h"

/* Negative, 0 or positive: of versions like "6.12.117-1", by their numbers. */
int changes__compare(const char *a, const char *b);
/* Why the verdict of a row is another one between these kernels; NULL = not known. */
const char *changes__explain(const char *label, const char *row, const char *from_kernel,
			     const char *to_kernel, enum verdict from, enum verdict to);
/* Why a row of this place may differ by how the guests are made; NULL = not known. */
const char *changes__chance(const char *label, const char *row);
/* The text of change i if it first shows between these kernels, "" if it does not, NULL = no such change. */
const char *changes__between(size_t i, const char *from_kernel, const char *to_kernel);
/* It is about this row of this place. */
bool changes__concerns(size_t i, const char *label, const char *row);
/* It leads to this verdict. */
bool changes__brings(size_t i, enum verdict to);

#endif
