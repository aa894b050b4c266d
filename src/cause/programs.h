/* SPDX-License-Identifier: GPL-2.0 */
/* Settings of programs that people run, for the causes that they are against. */
#ifndef AIOSTALL_CAUSE_PROGRAMS_H
#define AIOSTALL_CAUSE_PROGRAMS_H

#include <stddef.h>

/* The strings are the rules'. */
struct program {
	const char *names;   /* "mariadbd | mysqld" */
	const char *causes;  /* "blk.tag | ext4.*" */
	const char *setting; /* "innodb_flush_method = O_DIRECT" */
	const char *why, *source;
};

struct programs {
	struct program *v;
	size_t nr, cap;
};

/* A "key: value" of the section; NULL, or what is wrong with it. */
const char *programs__add_line(struct programs *p, const char *key, const char *value);
void programs__release(struct programs *p);
/*
 * The next program from *at on with a setting against the cause, for the comm, or for any program
 * if comm is NULL; *at goes behind it. NULL: none is left.
 */
const struct program *programs__next(const struct programs *p, const char *comm, const char *cause,
				     size_t *at);

#endif
