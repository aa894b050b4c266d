/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where events come from (the live kernel, a recording, a text fixture), and
 * where they go. Everything above this line is tested without BPF and root.
 */
#ifndef AIOSTALL_MODEL_SOURCE_H
#define AIOSTALL_MODEL_SOURCE_H

#include "model/event.h"

/* Receiver of events; every function must be set. Nothing is retained by pointer but stacks and fs_infos. */
struct sink {
	void *ctx;
	void (*stall)(void *ctx, const struct ev_stall *ev);
	void (*submit)(void *ctx, const struct ev_submit *ev);
	void (*unfinished)(void *ctx, const struct ev_unfinished *ev);
	/* Counters of one filesystem since tracing began; replaces what was said of it before. */
	void (*fs_counts)(void *ctx, const struct fs_info *fs, const struct fs_counts *counts);
	/* Counters over all filesystems since tracing began: each submit once. */
	void (*totals)(void *ctx, const struct fs_counts *counts);
	void (*loss)(void *ctx, const struct loss *loss);
	/* At the end, once for each stack. NULL: not wanted. */
	void (*sample)(void *ctx, const struct ev_sample *ev);
};

/* Facts about the host and the capture, the same for live, recorded and made-up ones. */
struct host_info {
	char hostname[65], kernel[65], arch[65];
	uint32_t cpus;
};

struct capture_info {
	struct host_info host;
	int64_t started_unix_ns;   /* wall clock */
	uint64_t duration_ns;
	const char *command;       /* aiostall's own command line */
	const char *filters;       /* as text, "" = none */
	const char *probe_submit;  /* fentry | kprobe | tracepoint */
	const char *probe_request; /* fentry | kprobe | scan */
	const char *probe_switch;  /* tp_btf | raw_tp */
	const char *probe_complete; /* fentry | kprobe | none: requests done inside io_submit are not known */
	bool child_ran;            /* -- CMD was given */
	int child_status;          /* its exit status; 128 + signal if killed */
	bool user_stacks;
	uint64_t min_ns;           /* -m */
	uint64_t sample_hz;        /* ticks a second on each CPU, 0 = no samples */
};

struct source;
struct source_ops {
	/* Deliver what there is, waiting up to timeout_ms for it. Returns 0, 1 at the end of the source, or -errno. */
	int (*poll)(struct source *src, const struct sink *to, int timeout_ms);
	/* Deliver current cumulative counters and losses (for interval lines and the end). 0 or -errno. */
	int (*counters)(struct source *src, const struct sink *to);
	/* Stop producing, deliver the rest: last events, counters, unfinished sleeps, losses. 0 or -errno. */
	int (*finish)(struct source *src, const struct sink *to);
	/* Valid until the source is freed. */
	const struct capture_info *(*capture)(struct source *src);
	void (*free)(struct source *src); /* free(NULL) works */
};

struct source {
	const struct source_ops *ops;
};

#endif
