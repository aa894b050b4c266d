/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where events come from (the live kernel, a recording, a text fixture), and
 * where they go. Everything above this line is tested without BPF and root.
 */
#ifndef AIOSTALL_MODEL_SOURCE_H
#define AIOSTALL_MODEL_SOURCE_H

#include <string.h>

#include "model/event.h"
#include "model/probes.h"

/* Receiver of events; every function must be set. Nothing is retained by pointer. */
struct sink {
	void *ctx;
	void (*stall)(void *ctx, const struct ev_stall *ev);
	void (*stalls)(void *ctx, const struct ev_stalls *ev);
	void (*submit)(void *ctx, const struct ev_submit *ev);
	void (*unfinished)(void *ctx, const struct ev_unfinished *ev);
	/* Counters of one filesystem, by fs->counted, since tracing began; replaces what was said of them before. */
	void (*fs_counts)(void *ctx, const struct fs_info *fs, const struct fs_counts *counts);
	/* What fs_counts says of it next counts from now on. NULL: not wanted. */
	void (*fs_restart)(void *ctx, const struct fs_info *fs);
	/* Counters over all filesystems since tracing began: each submit once. */
	void (*totals)(void *ctx, const struct fs_counts *counts);
	void (*loss)(void *ctx, const struct loss *loss);
	/* At the end, once for each stack. NULL: not wanted. */
	void (*sample)(void *ctx, const struct ev_sample *ev);
	/* At the end, once for each process, and for each of its errors. NULL: not wanted. */
	void (*process)(void *ctx, const struct ev_process *ev);
	void (*failed)(void *ctx, const struct ev_failed *ev);
};

/* Facts about the host and the capture, the same for live, recorded and made-up ones. */
struct host_info {
	char hostname[65], kernel[65], arch[65];
	uint32_t cpus;
};

/* What tracing itself cost, from before the probes were attached until they were taken off. */
struct self_program {
	char name[32];
	uint64_t runs, run_ns; /* on all CPUs, the kernel's measuring included */
	uint64_t
		missed; /* not run, because it was running on that CPU; kernels from 5.12 on tell */
};

#define SELF_PROGRAMS_MAX 24

struct self_cost {
	uint64_t traced_ns;	 /* how long the probes were attached */
	uint64_t reader_cpu_ns;	 /* of this process in that time */
	uint64_t startup_cpu_ns; /* of this process before it */
	uint64_t peak_rss_bytes;
	uint64_t ring_bytes, ring_peak_bytes; /* size, and the most that was in it */
	struct self_program programs[SELF_PROGRAMS_MAX];
	size_t nr_programs;
	uint64_t programs_ns; /* sum of their run_ns */
	uint64_t
		names_recycled; /* that made room for others, and are looked up again if they come back */
};

struct capture_info {
	struct host_info host;
	int64_t started_unix_ns; /* wall clock */
	uint64_t
		started_mono_ns; /* the same on CLOCK_MONOTONIC; 0 = not known, or not the same for all */
	uint64_t duration_ns;
	const char *command;	     /* aiostall's own command line */
	const char *filters;	     /* as text, "" = none */
	const char *probe[NEED_MAX]; /* the way of each need, NULL or "" = not known; probes.def */
	bool child_ran;		     /* -- CMD was given */
	bool child_stopped;	     /* tracing was over before it, and so it was ended */
	int child_status;	     /* its exit status; 128 + signal if killed */
	bool user_stacks;
	uint64_t min_ns;   /* -m */
	const char *skips; /* our programs that the kernel skipped, "enter_tp 3", "" = none */
	const char *skips_unknown;    /* why loss.skipped is not known, "" = it is */
	uint64_t spilled;	      /* stalls that came in sums only, see struct ev_stalls */
	uint64_t sample_hz;	      /* ticks a second on each CPU, 0 = no samples */
	const struct self_cost *self; /* NULL = not asked for */
};

/*
 * Nothing watched the calls, only their sleeps: how many submits and requests
 * there were, and how long they took, is not known, and their counters are 0.
 */
static inline bool capture__sleeps_only(const struct capture_info *c)
{
	return c->probe[NEED_SUBMIT] && !strcmp(c->probe[NEED_SUBMIT], "none");
}

/* Whether it is known how many calls the kernel skipped the probes for. */
static inline bool capture__skips_known(const struct capture_info *c)
{
	return !c->skips_unknown || !*c->skips_unknown;
}

struct source;
struct source_ops {
	/* Deliver what there is, waiting up to timeout_ms for it. Returns 0, 1 at the end of the source, or -errno. */
	int (*poll)(struct source *src, const struct sink *to, int timeout_ms);
	/* Deliver current cumulative counters and losses (for interval lines and the end). 0 or -errno. */
	int (*counters)(struct source *src, const struct sink *to);
	/*
	 * NULL: as counters. The same of one moment: events of before have been delivered when this
	 * returns, and those behind it come with the next poll. 0 or -errno.
	 */
	int (*cut)(struct source *src, const struct sink *to);
	/* Stop producing, deliver the rest: last events, counters, unfinished sleeps, losses. 0 or -errno. */
	int (*finish)(struct source *src, const struct sink *to);
	/*
	 * NULL: the source tells of nothing but what has ended. Deliver what finish would if tracing
	 * ended now, but go on: unfinished sleeps, samples and counters take the place of those that
	 * were delivered before. 0 or -errno.
	 */
	int (*now)(struct source *src, const struct sink *to);
	/* NULL: cannot tell. Deliver each sleep that has not ended, with its age. */
	void (*asleep)(struct source *src, const struct sink *to);
	/* NULL: cannot tell before the end. Deliver who has submitted so far, and what has failed. */
	void (*processes)(struct source *src, const struct sink *to);
	/* NULL: as long as it is asked to. How long poll would wait at most. */
	int (*patience_ms)(struct source *src);
	/* NULL: cannot tell. CPU time that tracing has taken so far; *whole = what it took in the kernel is in it. */
	uint64_t (*cost_ns)(struct source *src, bool *whole);
	/* Valid until the source is freed. */
	const struct capture_info *(*capture)(struct source *src);
	void (*free)(struct source *src); /* free(NULL) works */
};

struct source {
	const struct source_ops *ops;
};

#endif
