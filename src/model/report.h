/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The finished result of a capture, sorted and with every figure computed:
 * the formatters in src/report only print it. Made by view.h, owned by the ledger.
 */
#ifndef AIOSTALL_MODEL_REPORT_H
#define AIOSTALL_MODEL_REPORT_H

#include <string.h>

#include "model/event.h"
#include "model/severity.h"
#include "model/source.h"

struct report_dist {
	uint64_t p50, p90, p99, max; /* ns */
	struct hist hist;
};

struct report_stack {
	const struct stack *stack;
	const struct stack *user_stack; /* most frequent one, or NULL */
	uint64_t sleeps, blocked_ns, max_ns;
	const char *comm; /* most frequent submitter */
	const char *via;  /* tags of what the submit was doing, see causes__via; "" = none */
	const char *
		doubt; /* the function that makes doubt of the cause, see causes__doubt; NULL = none */
};

struct report_waker {
	const char *comm; /* "kworker/0:1", "(interrupt)", "(unknown)" */
	uint64_t sleeps;
};

/* Who held the lock that was waited for. */
struct report_holder {
	uint32_t pid; /* 0 in "(other)" */
	const char *comm;
	uint64_t sleeps;
};

/* What the worker slept for that held a lock for which others waited. */
struct report_behind {
	const char *id; /* of the cause; NULL = not known */
	uint64_t sleeps, blocked_ns;
};

struct report_file {
	const char *path; /* "" = not known */
	uint64_t sleeps, blocked_ns, max_ns;
};

/* Of a program that slept, against the cause. */
struct report_setting {
	const char *comm, *setting, *why, *source;
};

struct report_cause {
	const char *id, *name, *advice; /* of the rule; "unknown", ... if none matched */
	const char *todo;		/* the advice in one clause; "" = none */
	/* of its stack of most time, where stacks with doubt make up more than half of its time: no advice */
	const char *doubt; /* NULL = the cause is certain */
	enum plane plane;
	const char *asks;	  /* what to look up on the host, see struct cause; "" = nothing */
	const char *facts;	  /* what the host says that bears on it, a line each; "" = none */
	const char *const *tried; /* remedies that were measured, see struct cause */
	size_t nr_tried;
	struct report_setting *settings; /* by sleeps of the program, descending */
	size_t nr_settings;
	const char *telling_frames; /* innermost frames that are not wait primitives, "a < b < c" */
	uint64_t sleeps, blocked_ns, max_ns, held_up_requests;
	double share; /* of the filesystem's blocked time in that plane, 0..1 */
	/* calls that slept for it at least once, some for other causes too */
	uint64_t submits_blocked;
	bool knows_submits; /* false: they are not known for all of its sleeps */
	bool inside;	    /* its requests were complete when the sleep ended, see struct cause */
	struct report_stack *stacks;
	size_t nr_stacks; /* by blocked time, descending */
	struct report_waker *wakers;
	size_t nr_wakers; /* by sleeps, descending */
	struct report_holder *holders;
	size_t nr_holders; /* by sleeps, descending; known ones only */
	/* of sleeps for a lock that a worker of io_uring of the same process held */
	struct report_behind *behind;
	size_t nr_behind;  /* by blocked time, descending */
	uint64_t together; /* most of them at once */
	/* the other way round: sleeps of the same plane that stood behind one for this cause */
	uint64_t followers, followers_ns;
	struct report_file *files;
	size_t nr_files; /* by blocked time, descending */
	/* the worst single stall */
	uint64_t worst_end_ns;	     /* CLOCK_MONOTONIC, 0 = not known */
	int64_t worst_began_unix_ns; /* when it fell asleep, 0 = not known */
	uint32_t worst_pid, worst_tid, worst_index, worst_nr;
	enum request_how worst_how;
	const char *worst_comm, *worst_path, *worst_op; /* op: "pwrite" ... */
	int32_t worst_fd;				/* -1 = not known */
	uint64_t worst_ino;
	uint64_t worst_offset, worst_len_bytes;
	uint32_t worst_shape;
	/* how the requests of these stalls were found */
	uint64_t how[4]; /* by enum request_how */
	uint64_t iowait_sleeps;
	uint64_t nowait_sleeps; /* in spite of RWF_NOWAIT */
};

struct report_unfinished;

/* What one line says of a filesystem: of the plane whose sleeps decided, or else of the submitter's own. */
struct report_glance {
	enum plane plane;
	/*
	 * Lost at least half of the blocked time or, where nothing slept, is the only one that submitted.
	 * NULL = none, or it is not known which.
	 */
	const char *program;
	size_t nr_programs; /* names of processes that slept; 0 = not known */
	bool has_share;
	double share; /* see MEASURE_SHARE; of the program, where its processes together were longer blocked */
	uint64_t blocked_ns, max_ns; /* with that of the sleep that has not ended, so far */
	const char *cause_id;	     /* of most blocked time; NULL = none */
	const char *todo;	     /* its advice in one clause; "" = none */
	const char *doubt;	     /* of the cause or the sleep; NULL = none */
	bool still_asleep; /* the longest sleep has not ended, and program and cause are its own */
};

/* What stands for a cause where the device is recorded for which requests are punted. */
#define REPORT_PUNTED "(punted)"

struct report_fs {
	const struct fs_info *fs;
	struct counters c;
	const char *
		waiting_device; /* "dm-3 (delay)": without NOWAIT, so that requests are punted; "" = not known */
	double blocked_share; /* submits_blocked / submits, 0..1 */
	double ctxsw_per_io;  /* sleeps / requests */
	double punted_share;  /* punted / requests */
	struct report_dist sleep, submit;
	struct report_cause *causes;
	size_t nr_causes; /* by plane, then blocked time, descending */
	struct report_file *files;
	size_t nr_files;
	enum severity severity;		   /* the highest of all planes */
	enum severity_measure severity_by; /* what decided; MEASURES = nothing */
	enum plane severity_plane;	   /* whose sleeps decided */
	enum severity submitter;	   /* of the submitter's own calls */
	struct severity_figures figures;   /* of the submitter's own calls */
	bool only_inside; /* it is no more than that: how often and how long submitters slept is fine */
	bool not_async; /* requests done inside the call are enough for a look, whatever slept */
	/* the causes to name: of most blocked submits, NULL = not known; of most blocked time, NULL = none */
	const struct report_cause *most_submits, *most_time;
	/* of most blocked time in another plane, if threads there sleep often or long; NULL = none */
	const struct report_cause *most_elsewhere;
	uint64_t elsewhere_max_ns; /* the longest sleep in the plane of most_elsewhere */
	const struct report_unfinished *longest_unfinished; /* NULL = all sleeps have ended */
	struct report_glance glance;
};

struct report_slow {
	struct who who;
	const struct fs_info *fs;
	uint64_t wall_ns, on_cpu_ns, runqueue_ns, preempted_ns;
	uint32_t nr;
	int64_t ret;
};

struct report_unfinished {
	struct ev_unfinished ev; /* strings owned by the ledger */
	const char *cause_id, *cause_name;
	const char *doubt; /* as of a stack */
	uint32_t host;	   /* see ledger__set_origin */
};

/* Who submitted. */
struct report_process {
	uint32_t pid;	  /* 0 = of several */
	const char *host; /* "" = there is but one */
	const char *comm, *cgroup;
	bool has_submits; /* the following three are known */
	uint64_t submits, submits_blocked, requests;
	uint64_t sleeps, blocked_ns, max_ns;
	double blocked_share, ctxsw_per_io;
	/* of most of its blocked time; NULL = it did not sleep, or its sleeps are not on record */
	const char *cause_id;
	const struct fs_info *fs;
};

/* Calls that failed. */
struct report_failure {
	int err; /* 0 = not known which */
	uint64_t calls;
};

/* Stalls that have the same values in the dimensions of --by. */
struct report_group {
	const char *const
		*values;  /* one for each dimension; frames of a stack are separated by newlines */
	bool has_submits; /* the submit counters are known: all dimensions are of filesystems */
	struct counters c;
	double share, ctxsw_per_io, blocked_share; /* share: of the blocked time of all groups */
	uint64_t p50, p90, p99;
};

struct report {
	const struct capture_info *capture;
	struct loss loss;
	bool any_loss, incomplete; /* anything; more than may be */
	double loss_share;	   /* see loss__share */
	enum severity severity;	   /* the worst there is */
	bool long_asleep; /* a sleep that has not ended hurts by its age, or began before tracing */
	/* of submitters, on one filesystem at least, less time was lost in here than hurts */
	bool time_elsewhere;
	struct counters totals;
	double blocked_share, ctxsw_per_io;
	struct report_dist sleep, submit; /* over all filesystems */
	struct report_fs *fs;
	size_t nr_fs; /* by blocked time, then submits, descending */
	struct report_process *processes;
	size_t nr_processes; /* by blocked time, then submits, descending */
	struct report_failure *failures;
	size_t nr_failures; /* by calls, descending */
	struct report_slow *slow;
	size_t nr_slow;	     /* by wall time, descending, bounded */
	uint64_t slow_total; /* all of them */
	uint64_t slow_threshold_ns;
	struct ev_sample *samples;
	size_t nr_samples; /* by count, descending */
	uint64_t samples_total;
	struct report_unfinished *unfinished;
	size_t nr_unfinished; /* by age, descending */
	/* if they were asked for: by blocked time, descending */
	const char *const *by; /* names of the dimensions */
	size_t nr_by;
	struct report_group *groups;
	size_t nr_groups;
};

static inline bool report__has_api(const struct report *r, enum api api)
{
	for (size_t i = 0; i < r->nr_fs; i++)
		if (r->fs[i].fs->api == api)
			return true;
	return false;
}

/* Is it known which requests of io_uring went to worker threads, and why? */
static inline bool report__knows_punts(const struct report *r)
{
	const char *probe = r->capture->probe[NEED_PUNT];

	return probe && *probe && strcmp(probe, "none") != 0 && strcmp(probe, "off") != 0;
}

/* Is it known how long such requests waited for a worker thread? */
static inline bool report__knows_queue(const struct report *r)
{
	const char *probe = r->capture->probe[NEED_TAKE];

	return report__knows_punts(r) && probe && *probe && strcmp(probe, "none") != 0 &&
	       strcmp(probe, "off") != 0;
}

/* Whether the source saw which requests were done inside io_submit, and which RWF_NOWAIT refused. */
static inline bool report__knows_completions(const struct report *r)
{
	const char *probe = r->capture->probe[NEED_COMPLETE];

	return probe && *probe && strcmp(probe, "none") != 0;
}

#endif
