/* SPDX-License-Identifier: GPL-2.0 */
/* One capture of the live kernel, from attaching to the report: shared by the verbs that trace. */
#ifndef AIOSTALL_CMD_SESSION_H
#define AIOSTALL_CMD_SESSION_H

#include "cause/causes.h"
#include "cmd/options.h"
#include "host/containers.h"
#include "model/capture.h"

struct session;

/* What a verb does while the capture runs; each may be NULL. */
struct session_hooks {
	void *ctx;
	/* Events go here; NULL = the session's ledger. */
	const struct sink *sink;
	/* After each batch of events. An error ends the capture. */
	int (*batch)(void *ctx, struct err *e);
	/* Every --interval, with counters as of now. An error ends the capture. */
	int (*interval)(void *ctx, uint64_t elapsed_ns, const struct fs_counts *before,
			const struct fs_counts *now, struct err *e);
	/* No progress line on stderr. */
	bool quiet;
	/* The results go to stdout: when nobody reads them any more, the capture ends. */
	bool to_stdout;
};

/* Load the rules, attach the probes, start and hold the command. opts outlives it. NULL with e set. */
struct session *session__new(const struct cmd_opts *opts, struct err *e);
const struct causes *session__causes(const struct session *s);
struct ledger *session__ledger(struct session *s);
struct containers *session__containers(struct session *s);
/* As of now; after session__run of the whole. Valid until the next call. */
const struct capture_info *session__capture(struct session *s);
/*
 * Trace until the time is over, the command or all -p targets have ended, or
 * Ctrl-C. 0 or -errno with e set; what was seen until then is in the report.
 */
int session__run(struct session *s, const struct session_hooks *hooks, struct err *e);
/*
 * One step of a loop that is the verb's own, in place of session__run: as capture__step, and 1 when
 * tracing is over for one of the reasons above. What the capture offers besides is for between steps.
 */
int session__step(struct session *s, int timeout_ms, struct pollfd *extra, size_t nr_extra,
		  struct err *e);
/*
 * As capture__brief: figures of now, without what a report gathers. Freed with brief__free, also on
 * error. 0 or -errno with e set.
 */
int session__brief(struct session *s, struct brief *b, struct err *e);
/* As capture__processes. */
void session__processes(struct session *s);
/* As capture__set_sink. */
void session__set_sink(struct session *s, const struct sink *to);
/* As capture__refresh. 0 or -errno with e set. */
int session__refresh(struct session *s, struct err *e);
/* Counters and events of one moment, and processes as of now: to the sink. 0 or -errno with e set. */
int session__cut(struct session *s, struct err *e);
/* The same with what this host says, as session__report has it. */
struct view session__view(struct session *s, const struct view *v);
/* As capture__counters. 0 or -errno with e set. */
int session__counters(struct session *s, struct err *e);
/* As capture__cost_ns. */
uint64_t session__cost_ns(struct session *s, bool *whole);
/* The probes come off for good. Steps go on for their other reasons, and counters stand still. 0 or -errno with e set. */
int session__detach(struct session *s, struct err *e);
/* False if there is nothing to report: the command could not be started. */
bool session__has_run(const struct session *s);
/*
 * The report of what was seen so far, of all of it or as the view has it (v
 * NULL = all; facts are the session's); at any time, owned by the session. NULL with e set.
 */
const struct report *session__report(struct session *s, const struct view *v, struct err *e);
/* The same without what the host says that bears on a cause, which takes longer to find out. */
const struct report *session__figures(struct session *s, const struct view *v, struct err *e);
void session__free(struct session *s);

#endif
