/* SPDX-License-Identifier: GPL-2.0 */
/* Options of the verbs: one table from which parser, range check and help follow. */
#ifndef AIOSTALL_CMD_OPTIONS_H
#define AIOSTALL_CMD_OPTIONS_H

#include "live/live.h"
#include "model/severity.h"

struct format;

/* Bits of option.verbs and cmd_spec.verb. */
enum verb_number {
#define VERB(id, name, help) VERB_NUMBER_##id,
#include "cmd/verbs.def"
};
enum verb_bit {
#define VERB(id, name, help) VERB_##id = 1u << VERB_NUMBER_##id,
#include "cmd/verbs.def"
};

#define OPTION_TEXTS_MAX LIVE_FILTER_MAX

struct cmd_opts {
#define OPTION(type, member, ...) type member;
#include "cmd/options.def"
	struct live_opts live;
	const char *fail_on[OPTION_TEXTS_MAX];
	char *rows[OPTION_TEXTS_MAX], *engines[OPTION_TEXTS_MAX]; /* owned: to be cut up */
	size_t nr_fail_on, nr_rows, nr_engines;			  /* diff, qualify */
	char **files; /* what stands without an option, in argv */
	size_t nr_files;
	char **child;	   /* CMD and its arguments, NULL = none */
	char command[512]; /* own command line, cut to fit */
	char filters[256]; /* the filters as text, cut to fit */
	char *owned[LIVE_FILTER_MAX * 4];
	size_t nr_owned;
};

/* What the parser and the help know of a verb. */
struct cmd_spec {
	const char *name;
	uint32_t verb;
	const char *synopsis; /* after "aiostall VERB" */
	const char *about;    /* one paragraph */
	const char *examples; /* lines, ready to print */
	void (*more)(void);   /* prints what stands between options and examples; may be NULL */
	bool takes_child;
	bool takes_files;
};

#define OPTIONS_GO (-1)
/*
 * Fill o from argv; argv[0] is the verb. Returns OPTIONS_GO, or the exit
 * status with which to end: after --help, after a message about misuse.
 * o keeps pointers into argv; free with options__free in every case.
 */
int options__parse(struct cmd_opts *o, const struct cmd_spec *spec, int argc, char **argv);
/* Options that do not go together: say so, and where help is. Returns CMD_USAGE. */
int options__misused(const struct cmd_spec *spec, const struct err *e);
void options__free(struct cmd_opts *o);

#endif
