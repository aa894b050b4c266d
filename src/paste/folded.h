/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A stack on a line: "comm;root;...;leaf 12", as flame graphs are made of, "comm[12] ... leaf <- ... <- root" of
 * perf sched timehist, and what people write: "leaf < ... < root", "root -> ... -> leaf".
 */
#ifndef AIOSTALL_PASTE_FOLDED_H
#define AIOSTALL_PASTE_FOLDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "paste/frames.h"
#include "paste/heads.h"

#define FOLDED_MAX 256

struct folded {
	char comm[HEADS_COMM_MAX]; /* "" = the first part is a frame */
	struct found_frame
		v[FOLDED_MAX]; /* root first; the outermost are left out beyond FOLDED_MAX */
	size_t nr;
};

/* False if the line is something else; *pid 0 = not said. */
bool folded__read(const char *line, struct folded *f, uint32_t *pid);
/* The same of names strung together by arrows or commas. */
bool folded__read_chain(const char *line, struct folded *f, uint32_t *pid);

#endif
