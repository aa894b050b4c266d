/* SPDX-License-Identifier: GPL-2.0 */
/* What verbs print for people: "label     text", wrapped. */
#ifndef AIOSTALL_CMD_FIELDS_H
#define AIOSTALL_CMD_FIELDS_H

#include "cause/causes.h"

/* Harmless to a terminal. */
void fields__escaped(const char *text);
/* A line or more; nothing for an empty text. */
void fields__print(const char *label, const char *text);
/* All that a cause has to say but its id and name; direct: the program uses O_DIRECT. */
void fields__cause(const struct cause *cause, bool direct);

/* Settings of programs against the cause: of the one with this comm, of all if comm is NULL. */
void fields__programs(const struct causes *causes, const char *comm, const char *id);

#endif
