/* SPDX-License-Identifier: GPL-2.0 */
/* What a paste means: causes --explain. */
#ifndef AIOSTALL_CMD_EXPLAIN_H
#define AIOSTALL_CMD_EXPLAIN_H

#include <stdio.h>

#include "cause/causes.h"
#include "cause/programs.h"
#include "paste/paste.h"

/* A stack of the paste and what is known of it. */
struct explained {
	const struct paste_stack *stack;
	const char *names[PASTE_DEPTH_MAX]; /* innermost first */
	size_t depth;
	const struct cause *cause;
	const char *doubt; /* the function because of which the cause is not certain; NULL */
	bool direct;	   /* the program uses O_DIRECT, as far as the frames say */
	bool submit;	   /* inside io_submit */
	const char *role;  /* NULL = nothing that others wait for */
};

/* stack, names and depth are set; the rest is filled in. */
void explain__stack(struct explained *e, const struct causes *causes);
/* May a task outside of io_submit hold up one inside? */
bool explain__is_suspect(const struct explained *e);
/* Does the setting fit what the frames say of O_DIRECT and of the filesystem? ctx: struct explained. */
bool explain__fits(const struct program *p, const void *ctx);
bool explain__is_certain(const struct explained *e);
/* Why the cause is not certain; "" if it is. */
char *explain__doubt(const struct explained *e, char *buf, size_t size);
/* Where a stack waits that no rule knows, or none for certain: its function, and the module or part of the kernel. "" else. */
char *explain__where(const struct explained *e, const struct causes *causes,
		     const struct paste *paste, char *buf, size_t size);
/* What a long block means; "" if the paste says nothing of one. */
char *explain__hung(const struct paste *paste, char *buf, size_t size);

/* Both: 0 or -errno. */
int explain__text(const struct causes *causes, const struct paste *paste);
int explain__json(const struct causes *causes, const struct paste *paste, FILE *out);

#endif
