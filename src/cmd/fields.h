/* SPDX-License-Identifier: GPL-2.0 */
/* What verbs print for people: "label     text", wrapped. */
#ifndef AIOSTALL_CMD_FIELDS_H
#define AIOSTALL_CMD_FIELDS_H

#include "cause/causes.h"
#include "cause/programs.h"

/* Harmless to a terminal. */
void fields__escaped(const char *text);
/* A line or more; nothing for an empty text. */
void fields__print(const char *label, const char *text);
/* All that a cause has to say but its id and name; direct: the program uses O_DIRECT. */
void fields__cause(const struct cause *cause, bool direct);

/* Is the i-th measurement of advice that is given: the author's is another one for a program that uses O_DIRECT? */
bool fields__is_tried(const struct cause *cause, size_t i, bool direct);
/*
 * Settings of programs against the cause: of the one with this comm, of all if comm is NULL; those that
 * do not fit are left out, if fits is not NULL.
 */
void fields__programs(const struct causes *causes, const char *comm, const char *id,
		      bool (*fits)(const struct program *p, const void *ctx), const void *ctx);

#endif
