/* SPDX-License-Identifier: GPL-2.0 */
/* Which alternative of each probe this kernel takes, found by attaching it. */
#ifndef AIOSTALL_LIVE_PROBE_H
#define AIOSTALL_LIVE_PROBE_H

#include "live/live.h"

struct btf;

enum way_how { WAY_FENTRY, WAY_KPROBE, WAY_PERF, WAY_TP_BTF, WAY_RAW_TP, WAY_NOTHING };

#define WAY_OF_CALLS (1u << 0)
#define WAY_IF_ASKED (1u << 1)

/* A row of probes.def. */
struct probe_way {
	enum probe_need need;
	const char *name;
	enum way_how how;
	const char *target[2], *program[2]; /* NULL past the last */
	unsigned int flags;
	const char *lost;
};

/* What trying needs to know, and what it found out. */
struct probe_env {
	struct btf *btf; /* the kernel's own; NULL if it has none */
	int tracefs_fd;	 /* -1 if there is none */
	char tracefs_why[128];
	char request_fn[64]; /* io_submit_one as this kernel spells it */
	struct {
		const char *tracepoint;		/* NULL = none tells of io_uring's requests */
		uint32_t arg;			/* which of its arguments is the request */
		bool punts;			/* io_uring_queue_async_work is one that we know */
		uint32_t punt_arg;		/* the same of it */
		uint64_t can_nowait, came_back; /* flags of a request; 0 = the kernel has none */
	} sqe;
	bool thorough;		 /* every alternative is to be attached, not only loaded */
	bool fentry_works;	 /* one has been attached */
	bool has_prev_state;	 /* sched_switch's fourth argument */
	bool has_run_delay;	 /* CONFIG_SCHED_INFO: how long a task has waited for a CPU */
	bool preemptible;	 /* programs are skipped, see skipped.c */
	bool counts_skips;	 /* the kernel, of programs that it did not run (5.12) */
	bool counts_plain_skips; /* of kprobe and tracepoint programs, see skipped.c */
	bool has_typed_reads;	 /* bpf_rdonly_cast(): kernel objects are read with plain loads */
};

/* The chosen ways, NULL = none works. */
struct probe_plan {
	const struct probe_way *chosen[NEED_MAX];
	struct live_need need[NEED_MAX]; /* every alternative with its result */
	bool again; /* entry and exit of io_submit have a second pair of programs */
};

int probe_env__init(struct probe_env *env, const struct live_opts *opts, struct err *e);
void probe_env__close(struct probe_env *env);

/*
 * Try the alternatives of every need, best first: all of them, or only until
 * one works. A forced alternative that does not work is an error.
 */
int probe_plan__make(struct probe_plan *plan, struct probe_env *env, const struct live_opts *opts,
		     bool all, struct err *e);

/* What the i-th program of a way is attached to, as this kernel spells it. */
const char *probe__target(const struct probe_env *env, const struct probe_way *way, size_t i);
/* The name of that program: where no call is watched, another one sees the switches. */
const char *probe_plan__program(const struct probe_plan *plan, const struct probe_way *way,
				size_t i);
/* Names of this architecture's entry points. */
const char *probe__submit_function(void);
const char *probe__compat_function(void);
/* perf_event_open(2) on a tracepoint id, for all CPUs. >= 0 or -errno. */
int probe__open_tracepoint(int id);

/* Its programs are at the entry and the exit of a system call. */
static inline bool probe_need__is_of_entry(enum probe_need need)
{
	return need == NEED_SUBMIT || need == NEED_COMPAT || need == NEED_ENTER ||
	       need == NEED_ENTER32;
}

#endif
