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
	struct live_opts live;
	uint64_t duration_ns, interval_ns; /* 0 = none */
	uint64_t top;			   /* 0 = the formatter's default */
	const struct format *format;
	const char *output, *rules, *ready_file;
	bool verbose;
	const char *container;				    /* NULL = any */
	uint64_t keep_ns, trigger_ns, rotate_ns, retain_ns; /* record */
	uint64_t since_ns, until_ns;			    /* report */
	const char *listen, *textfile;			    /* serve */
	double max_cpu;					    /* serve: of one CPU; 0 = any */
	uint64_t window_ns;				    /* serve; 0 = the default */
	bool batch, ascii;				    /* top */
	uint64_t count;					    /* top: pages, 0 = no end */
	const char *by;
	const char *clock; /* trace: "wall", the default, or "mono" */
	struct severity_limits limits;
	bool full, legend; /* stat, report */
	bool events, info;
	const char *fail_on[OPTION_TEXTS_MAX];
	char *rows[OPTION_TEXTS_MAX], *engines[OPTION_TEXTS_MAX]; /* owned: to be cut up */
	size_t nr_fail_on, nr_rows, nr_engines;			  /* diff, qualify */
	uint64_t margin_percent;				  /* diff */
	const char *across;					  /* diff: "api" */
	bool destructive, no_trace, page;			  /* qualify */
	bool explain;						  /* causes */
	const struct format *own_format; /* of verbs whose format follows other options */
	const char *label, *intro;	 /* NULL = not given */
	char **files;			 /* what stands without an option, in argv */
	size_t nr_files;
	char **child;	   /* CMD and its arguments, NULL = none */
	const char *user;  /* whom CMD runs as; NULL = see runas.h */
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
