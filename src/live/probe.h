/* SPDX-License-Identifier: GPL-2.0 */
/* Which alternative of each probe this kernel takes, found by attaching it. */
#ifndef AIOSTALL_LIVE_PROBE_H
#define AIOSTALL_LIVE_PROBE_H

#include "live/live.h"

struct btf;

enum probe_need {
	NEED_SUBMIT,
	NEED_COMPAT,
	NEED_REQUEST,
	NEED_SWITCH,
	NEED_LOCK,
	NEED_COMPLETE,
	NEED_MAX
};

/* What trying needs to know, and what it found out. */
struct probe_env {
	struct btf *btf; /* the kernel's own; NULL if it has none */
	int tracefs_fd;	 /* -1 if there is none */
	char tracefs_why[128];
	const char *submit_fn, *compat_fn; /* names of this architecture's entry points */
	char request_fn[64];		   /* io_submit_one as this kernel spells it */
	bool thorough;	      /* every alternative is to be attached, not only loaded */
	bool fentry_works;    /* one has been attached */
	bool has_prev_state;  /* sched_switch's fourth argument */
	bool has_run_delay;   /* CONFIG_SCHED_INFO: how long a task has waited for a CPU */
	bool has_typed_reads; /* bpf_rdonly_cast(): kernel objects are read with plain loads */
};

/* The chosen alternatives: names from the table, NULL = none works. */
struct probe_plan {
	const char *chosen[NEED_MAX];
	struct live_need need[NEED_MAX]; /* every alternative with its result */
};

int probe_env__init(struct probe_env *env, const struct live_opts *opts, struct err *e);
void probe_env__close(struct probe_env *env);

/*
 * Try the alternatives of every need, best first: all of them, or only until
 * one works. A forced alternative that does not work is an error.
 */
int probe_plan__make(struct probe_plan *plan, struct probe_env *env, const struct live_opts *opts,
		     bool all, struct err *e);

/* Names of the programs of an alternative, NULL-terminated, entry before exit. */
const char *const *probe__programs(enum probe_need need, const char *alternative);
/* perf_event_open(2) on a tracepoint id, for all CPUs. >= 0 or -errno. */
int probe__open_tracepoint(int id);

#endif
