/* SPDX-License-Identifier: GPL-2.0 */
/* The rows behind options.h, shared by the parser and the help text. */
#ifndef AIOSTALL_CMD_OPTION_TABLE_H
#define AIOSTALL_CMD_OPTION_TABLE_H

#include "cmd/options.h"

enum option_kind {
	OPTION_FLAG,	 /* bool */
	OPTION_TEXT,	 /* const char * */
	OPTION_FORMAT,	 /* const char *, a format of these views */
	OPTION_SECONDS,	 /* u64 ns; a bare number is seconds */
	OPTION_DURATION, /* u64 ns; the unit must be given */
	OPTION_NUMBER,	 /* u64 */
	OPTION_SIZE,	 /* u64 bytes, with k, M, G */
	OPTION_IDS,	 /* u32[], repeatable, comma separated */
	OPTION_WORDS,	 /* const char *[], repeatable, comma separated; max = longest word */
	OPTION_TEXTS,	 /* const char *[], repeatable; a comma is part of it */
	OPTION_SHARE,	 /* double, 0..1: "0.1%" */
	OPTION_LIMITS,	 /* struct severity_limits, "MEASURE=LOOK:HURTS,..." */
	OPTION_PROBE,	 /* NEED=ALTERNATIVE */
	OPTION_BY,	 /* const char *, dimensions, not looked into */
	OPTION_API,	 /* unsigned int, bits of apis, 0 = all */
	OPTION_HELP,
};

struct option {
	const char *name;
	char letter; /* 0 = none */
	const char *arg;
	enum option_kind kind;
	const char *help;
	uint64_t min, max;
	size_t offset;	     /* in struct cmd_opts */
	size_t count_offset; /* of a list's size_t */
	uint32_t verbs;
	bool filter;	    /* part of the filters' text */
	unsigned int views; /* VIEW_* of a format */
};

/* The i-th row; NULL past the end. */
const struct option *option__at(size_t i);
/* "aio, io_uring, all". */
const char *option__apis(char *buf, size_t size);
/* Print the help of a verb on stdout, at most 80 columns wide. */
void option__print_help(const struct cmd_spec *spec);

#endif
