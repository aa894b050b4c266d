// SPDX-License-Identifier: GPL-2.0
#include "serve/metrics.h"

#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "cause/causes.h"
#include "model/loss.h"
#include "model/queued.h"
#include "model/sums.h"
#include "report/names.h"
#include "serve/expo.h"

/*
 * The bounds are strings that recording rules select by: they never change. A sleep counts below
 * the first bound that is no less than the lower edge of its bucket, which is at most 12.5 % off.
 */
static const struct {
	const char *le;
	uint64_t ns;
} bounds[] = {
	{"0.0001", 100 * NSEC_PER_USEC},  {"0.00025", 250 * NSEC_PER_USEC},
	{"0.0005", 500 * NSEC_PER_USEC},  {"0.001", NSEC_PER_MSEC},
	{"0.0025", 2500 * NSEC_PER_USEC}, {"0.005", 5 * NSEC_PER_MSEC},
	{"0.01", 10 * NSEC_PER_MSEC},	  {"0.025", 25 * NSEC_PER_MSEC},
	{"0.05", 50 * NSEC_PER_MSEC},	  {"0.1", 100 * NSEC_PER_MSEC},
	{"0.5", 500 * NSEC_PER_MSEC},	  {"1.0", NSEC_PER_SEC},
	{"5.0", 5 * NSEC_PER_SEC},	  {"30.0", 30 * NSEC_PER_SEC},
};

/* One figure of a filesystem, a counter. */
struct figure {
	const char *name, *unit, *help;
	size_t at;	 /* in struct counters */
	bool is_time;	 /* ns there, seconds here */
	bool of_calls;	 /* not known where calls are not watched */
	bool of_returns; /* not known where completions are not watched */
};

#define AT(member) .at = offsetof(struct counters, member)
static const struct figure figures[] = {
	{"aiostall_submits", NULL, "Calls that handed over requests.", AT(submits),
	 .of_calls = true},
	{"aiostall_blocked_submits", NULL, "Calls that slept at least once.", AT(submits_blocked),
	 .of_calls = true},
	{"aiostall_submit_errors", NULL, "Calls that failed.", AT(submit_errors), .of_calls = true},
	{"aiostall_short_submits", NULL, "Calls that took fewer requests than they were given.",
	 AT(short_submits), .of_calls = true},
	{"aiostall_submit_seconds", "seconds", "Time spent inside the calls.", AT(wall_ns),
	 .is_time = true, .of_calls = true},
	{"aiostall_held_up_requests", NULL,
	 "Requests that waited behind a sleeping one of the "
	 "same call.",
	 AT(held_up_requests)},
	{"aiostall_runqueue_seconds", "seconds",
	 "From wake-up to running again, for want of a CPU.", AT(runqueue_ns), .is_time = true},
	{"aiostall_preempted_seconds", "seconds",
	 "Off the CPU inside the calls while ready to run.", AT(preempted_ns), .is_time = true,
	 .of_calls = true},
	{"aiostall_nowait_refused", NULL, "Requests with RWF_NOWAIT that were refused.",
	 AT(nowait_refused), .of_calls = true, .of_returns = true},
};

/* What only io_uring has: sleeps of threads other than the submitter in the call, by plane. */
static const struct {
	enum plane plane;
	size_t sleeps, blocked_ns;
} planes[] = {
#define PLANE(id, name)                                                                            \
	{                                                                                          \
		PLANE_##id, offsetof(struct counters, name##_sleeps),                              \
			offsetof(struct counters, name##_blocked_ns)                               \
	}
	PLANE(TASKWORK, taskwork),
	PLANE(WORKER, worker),
	PLANE(SQPOLL, sqpoll),
};

/* Why requests were handed to worker threads; each was for one of these, or it is not known. */
static const struct {
	const char *why;
	size_t at;
} punts[] = {
	{"asked", offsetof(struct counters, punted_asked)},
	{"forced", offsetof(struct counters, punted_forced)},
	{"unable", offsetof(struct counters, punted_unable)},
	{"tried", offsetof(struct counters, punted_tried)},
};

static const struct {
	const char *why;
	size_t at;
} punt_details[] = {
	{"refused", offsetof(struct counters, punted_refused)},
	{"reissued", offsetof(struct counters, punted_reissued)},
	{"device", offsetof(struct counters, punted_device)},
	{"serial", offsetof(struct counters, punted_serial)},
};

/* Families below that have one sample, or some, for each filesystem: ops, done inside, info, asleep. */
#define OTHERS (NAMES_OPS + 2 + 1 + 2)
/* Samples of each filesystem but for its causes, more if by io_uring, and of each of its causes. */
#define PER_FS (ARRAY_SIZE(figures) + OTHERS + ARRAY_SIZE(bounds) + 3)
#define PER_RING                                                                                   \
	(2 * ARRAY_SIZE(planes) + ARRAY_SIZE(punts) + 1 + ARRAY_SIZE(punt_details) +               \
	 2 * QUEUED_OPS + 2)
#define PER_CAUSE 2

/* Those of no filesystem: kinds of loss, the capture, the program itself. */
#define OF_NONE 32

uint64_t metrics__most(size_t nr_fs, size_t nr_causes, const struct labels *labels)
{
	size_t who = labels ? 2 * labels__per_fs(labels) : 0;

	return nr_fs * (APIS * (PER_FS + PER_CAUSE * nr_causes + who) + PER_RING) + OF_NONE;
}

/* Causes that requests to any filesystem may have. */
static const char *const common[] = {"blk.",  "buf.",  "dio.",	"lock.", "mem.",
				     "sync.", "time.", "ubuf.", "vfs.",	 "wb."};

bool metrics__expects(const char *fstype, const char *cause)
{
	size_t len = strlen(fstype);

	for (size_t i = 0; i < ARRAY_SIZE(common); i++)
		if (!strncmp(cause, common[i], strlen(common[i])))
			return true;
	return (len && !strncmp(cause, fstype, len) && cause[len] == '.') ||
	       !strcmp(cause, CAUSE_UNKNOWN);
}

static void label_fs(struct expo *x, const struct brief_fs *f)
{
	expo__label(x, "api", api__name(f->api));
	expo__label(x, "fstype", f->fstype);
	expo__label(x, "device", f->device);
}

static void begin(struct expo *x, const char *suffix, const struct brief_fs *f)
{
	expo__begin(x, suffix);
	label_fs(x, f);
}

static uint64_t member_of(const struct brief_fs *f, size_t at)
{
	return *(const uint64_t *)((const char *)&f->counts.c + at);
}

static void put_figures(struct expo *x, const struct metrics *m, bool calls, bool returns)
{
	for (size_t i = 0; i < ARRAY_SIZE(figures); i++) {
		const struct figure *g = &figures[i];

		if ((g->of_calls && !calls) || (g->of_returns && !returns))
			continue;
		expo__family(x, g->name, EXPO_COUNTER, g->unit, g->help);
		for (size_t k = 0; k < m->brief->nr_fs; k++) {
			const struct brief_fs *f = &m->brief->fs[k];
			uint64_t v = member_of(f, g->at);

			begin(x, "", f);
			if (g->is_time)
				expo__seconds(x, v);
			else
				expo__count(x, v);
		}
	}
}

static void put_ops(struct expo *x, const struct metrics *m)
{
	expo__family(x, "aiostall_requests", EXPO_COUNTER, NULL, "Requests handed over.");
	for (size_t k = 0; k < m->brief->nr_fs; k++) {
		for (size_t i = 0; i < NAMES_OPS; i++) {
			begin(x, "", &m->brief->fs[k]);
			expo__label(x, "op", names__op_cell(i));
			expo__count(x, m->brief->fs[k].counts.c.ops[i]);
		}
	}
}

/* Buffered requests are told by the call itself, the others by their completion. */
static void put_inside(struct expo *x, const struct metrics *m, bool returns)
{
	expo__family(x, "aiostall_requests_done_in_submit", EXPO_COUNTER, NULL,
		     "Reads and writes that the caller itself completed inside the call.");
	for (size_t k = 0; k < m->brief->nr_fs; k++) {
		const struct counters *c = &m->brief->fs[k].counts.c;

		for (int direct = 0; direct < 1 + returns; direct++) {
			begin(x, "", &m->brief->fs[k]);
			expo__label(x, "mode", direct ? "direct" : "buffered");
			expo__count(x, direct ? c->inside_direct : c->inside_buffered);
		}
	}
}

static void put_causes(struct expo *x, const struct metrics *m, bool times)
{
	if (times)
		expo__family(x, "aiostall_blocked_seconds", EXPO_COUNTER, "seconds",
			     "Time asleep inside the calls, by what was waited for.");
	else
		expo__family(x, "aiostall_sleeps", EXPO_COUNTER, NULL,
			     "Sleeps inside the calls, by what was waited for.");
	for (size_t k = 0; k < m->brief->nr_fs; k++) {
		const struct brief_fs *f = &m->brief->fs[k];

		for (size_t i = 0; i < f->nr_causes; i++) {
			/* series of causes are of the submitter's own sleeps */
			if (f->causes[i].plane != PLANE_SUBMIT)
				continue;
			begin(x, "", f);
			expo__label(x, "cause", f->causes[i].id);
			if (times)
				expo__seconds(x, f->causes[i].blocked_ns);
			else
				expo__count(x, f->causes[i].sleeps);
		}
	}
}

static void put_histogram(struct expo *x, const struct brief_fs *f)
{
	const struct hist *h = &f->counts.sleep;
	uint32_t bucket = 0;
	uint64_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(bounds); i++) {
		while (bucket < HIST_BUCKETS && hist__lower(bucket) < bounds[i].ns)
			count += h->n[bucket++];
		begin(x, "_bucket", f);
		expo__label(x, "le", bounds[i].le);
		expo__count(x, count);
	}
	begin(x, "_bucket", f);
	expo__label(x, "le", "+Inf");
	expo__count(x, hist__count(h));
	begin(x, "_count", f);
	expo__count(x, hist__count(h));
	begin(x, "_sum", f);
	expo__seconds(x, f->counts.c.blocked_ns);
}

static void put_planes(struct expo *x, const struct metrics *m, bool times)
{
	if (times)
		expo__family(x, "aiostall_plane_blocked_seconds", EXPO_COUNTER, "seconds",
			     "Time asleep for requests of io_uring, but not of the caller in the "
			     "call: in task work, in worker threads, in that of SQPOLL.");
	else
		expo__family(x, "aiostall_plane_sleeps", EXPO_COUNTER, NULL,
			     "Sleeps of which aiostall_plane_blocked_seconds has the time.");
	for (size_t k = 0; k < m->brief->nr_fs; k++) {
		const struct brief_fs *f = &m->brief->fs[k];

		for (size_t i = 0; f->api == API_URING && i < ARRAY_SIZE(planes); i++) {
			begin(x, "", f);
			expo__label(x, "plane", plane__name(planes[i].plane));
			if (times)
				expo__seconds(x, member_of(f, planes[i].blocked_ns));
			else
				expo__count(x, member_of(f, planes[i].sleeps));
		}
	}
}

static void put_punts(struct expo *x, const struct metrics *m)
{
	expo__family(x, "aiostall_punted_requests", EXPO_COUNTER, NULL,
		     "Requests of io_uring that were handed to worker threads, by why.");
	for (size_t k = 0; k < m->brief->nr_fs; k++) {
		const struct brief_fs *f = &m->brief->fs[k];
		uint64_t unknown = f->counts.c.punted;

		for (size_t i = 0; f->api == API_URING && i < ARRAY_SIZE(punts); i++) {
			uint64_t v = member_of(f, punts[i].at);

			begin(x, "", f);
			expo__label(x, "why", punts[i].why);
			expo__count(x, v);
			unknown = sat_sub(unknown, v);
		}
		if (f->api != API_URING)
			continue;
		begin(x, "", f);
		expo__label(x, "why", "unknown");
		expo__count(x, unknown);
	}
}

/* What of the requests above has one of these more exactly: it is in one of those, too. */
static void put_punt_details(struct expo *x, const struct metrics *m)
{
	expo__family(
		x, "aiostall_punted_detail_requests", EXPO_COUNTER, NULL,
		"Of aiostall_punted_requests: tried and refused at once, tried and given back, "
		"unable since a device below has no NOWAIT, done one at a time for each file.");
	for (size_t k = 0; k < m->brief->nr_fs; k++) {
		const struct brief_fs *f = &m->brief->fs[k];

		for (size_t i = 0; f->api == API_URING && i < ARRAY_SIZE(punt_details); i++) {
			begin(x, "", f);
			expo__label(x, "why", punt_details[i].why);
			expo__count(x, member_of(f, punt_details[i].at));
		}
	}
}

static void put_queued(struct expo *x, const struct metrics *m, bool times)
{
	if (times)
		expo__family(
			x, "aiostall_punted_queue_seconds", EXPO_COUNTER, "seconds",
			"Time that punted requests of io_uring waited until a worker took them.");
	else
		expo__family(x, "aiostall_punted_queue_requests", EXPO_COUNTER, NULL,
			     "Requests of which aiostall_punted_queue_seconds has the time.");
	for (size_t k = 0; k < m->brief->nr_fs; k++) {
		const struct brief_fs *f = &m->brief->fs[k];
		struct queued ops[QUEUED_OPS];

		queued__of(&f->counts.c, ops);
		for (size_t i = 0; f->api == API_URING && i < ARRAY_SIZE(ops); i++) {
			begin(x, "", f);
			expo__label(x, "op", ops[i].op);
			if (times)
				expo__seconds(x, ops[i].delay_ns);
			else
				expo__count(x, ops[i].requests);
		}
	}
}

static void put_waits(struct expo *x, const struct metrics *m)
{
	expo__family(x, "aiostall_waits", EXPO_COUNTER, NULL,
		     "Sleeps for completions that the program asked for; no stalls.");
	for (size_t k = 0; k < m->brief->nr_fs; k++) {
		if (m->brief->fs[k].api != API_URING)
			continue;
		begin(x, "", &m->brief->fs[k]);
		expo__count(x, m->brief->fs[k].counts.c.waits);
	}
	expo__family(x, "aiostall_waited_seconds", EXPO_COUNTER, "seconds", "Their time.");
	for (size_t k = 0; k < m->brief->nr_fs; k++) {
		if (m->brief->fs[k].api != API_URING)
			continue;
		begin(x, "", &m->brief->fs[k]);
		expo__seconds(x, m->brief->fs[k].counts.c.waited_ns);
	}
}

static bool is_attached(const struct metrics *m, enum probe_need need)
{
	const char *way = m->capture->probe[need];

	return way && *way && strcmp(way, "none") != 0;
}

static void put_rings(struct expo *x, const struct metrics *m)
{
	bool any = false;

	for (size_t k = 0; k < m->brief->nr_fs; k++)
		any |= m->brief->fs[k].api == API_URING;
	if (!any)
		return;
	put_planes(x, m, true);
	put_planes(x, m, false);
	if (is_attached(m, NEED_PUNT)) {
		put_punts(x, m);
		put_punt_details(x, m);
	}
	if (is_attached(m, NEED_PUNT) && is_attached(m, NEED_TAKE)) {
		put_queued(x, m, true);
		put_queued(x, m, false);
	}
	put_waits(x, m);
}

static void put_who(struct expo *x, const struct labels_row *rows, size_t nr, enum label label,
		    bool times)
{
	char name[64];

	snprintf(name, sizeof(name), "aiostall_%s_%s", label__name(label),
		 times ? "blocked_seconds" : "sleeps");
	if (times)
		expo__family(x, name, EXPO_COUNTER, "seconds",
			     "Time asleep inside the calls, by who slept.");
	else
		expo__family(x, name, EXPO_COUNTER, NULL, "Sleeps inside the calls, by who slept.");
	for (size_t i = 0; i < nr; i++) {
		expo__begin(x, "");
		expo__label(x, "api", api__name(rows[i].api));
		expo__label(x, "fstype", rows[i].fstype);
		expo__label(x, "device", rows[i].device);
		expo__label(x, label__name(label), rows[i].name);
		if (times)
			expo__seconds(x, rows[i].blocked_ns);
		else
			expo__count(x, rows[i].sleeps);
	}
}

static void put_labels(struct expo *x, struct labels *labels)
{
	const struct labels_row *rows;
	size_t nr;

	if (!labels)
		return;
	rows = labels__rows(labels, &nr);
	put_who(x, rows, nr, labels__by(labels), true);
	put_who(x, rows, nr, labels__by(labels), false);
	expo__family(x, "aiostall_label_overflow", EXPO_COUNTER, NULL,
		     "Sleeps in \"other\" because so many have slept; see --label.");
	expo__begin(x, "");
	expo__count(x, labels__overflow(labels));
}

static void put_asleep(struct expo *x, const struct metrics *m)
{
	expo__family(x, "aiostall_unfinished_sleeps", EXPO_GAUGE, NULL,
		     "Threads that sleep inside a call now.");
	for (size_t k = 0; k < m->brief->nr_fs; k++) {
		begin(x, "", &m->brief->fs[k]);
		expo__count(x, m->brief->fs[k].unfinished);
	}
	expo__family(x, "aiostall_oldest_unfinished_sleep_seconds", EXPO_GAUGE, "seconds",
		     "How long the longest of them has slept so far, 0 = nobody sleeps. A device "
		     "that hangs shows here.");
	for (size_t k = 0; k < m->brief->nr_fs; k++) {
		begin(x, "", &m->brief->fs[k]);
		expo__seconds(x, m->brief->fs[k].oldest_ns);
	}
}

static void put_filesystems(struct expo *x, const struct metrics *m)
{
	const struct brief_fs *f = m->brief->fs;

	expo__family(x, "aiostall_filesystem", EXPO_INFO, NULL,
		     "Where a filesystem is mounted and how, to be joined by fstype and device.");
	for (size_t k = 0; k < m->brief->nr_fs; k++) {
		bool again = false;

		/* rows of another api are of the same filesystem, which a join must find once */
		for (size_t i = 0; i < k; i++)
			again |= !strcmp(f[i].fstype, f[k].fstype) &&
				 !strcmp(f[i].device, f[k].device);
		if (again)
			continue;
		expo__begin(x, "");
		expo__label(x, "fstype", f[k].fstype);
		expo__label(x, "device", f[k].device);
		expo__label(x, "mount", f[k].mount);
		expo__label(x, "options", f[k].options);
		expo__count(x, 1);
	}
}

static void put_capture(struct expo *x, const struct metrics *m)
{
	expo__family(x, "aiostall_attached", EXPO_GAUGE, NULL,
		     "1 while the probes are attached; else the counters stand still.");
	expo__begin(x, "");
	expo__count(x, m->attached);
	expo__family(x, "aiostall_lost_events", EXPO_COUNTER, NULL,
		     "What is missing in the other figures, by kind.");
	for (size_t i = 0; loss__kind(i); i++) {
		if (loss__kind(i)->weight != LOSS_INCOMPLETE)
			continue;
		if (!capture__skips_known(m->capture) &&
		    loss__kind(i)->offset == offsetof(struct loss, skipped))
			continue;
		expo__begin(x, "");
		expo__label(x, "kind", loss__kind(i)->name);
		expo__count(x, loss__value(&m->brief->loss, loss__kind(i)));
	}
	expo__family(x, "aiostall_slow_submits", EXPO_COUNTER, NULL,
		     "Calls that took long (--slow) without a sleep.");
	expo__begin(x, "");
	expo__count(x, m->brief->slow_submits);
	expo__family(x, "aiostall_probe", EXPO_INFO, NULL, "How each probe is attached.");
	expo__begin(x, "");
	for (size_t i = 0; i < NEED_MAX; i++)
		expo__label(x, probe_need__name(i),
			    m->capture->probe[i] ? m->capture->probe[i] : "");
	expo__count(x, 1);
	expo__family(x, "aiostall_build", EXPO_INFO, NULL, "The program and what it runs on.");
	expo__begin(x, "");
	expo__label(x, "version", AIOSTALL_VERSION);
	expo__label(x, "kernel", m->capture->host.kernel);
	expo__count(x, 1);
}

static void put_self(struct expo *x, const struct metrics_self *s)
{
	expo__family(
		x, "process_cpu_seconds", EXPO_COUNTER, "seconds",
		"CPU time of aiostall itself; what its programs use in the kernel is not in it.");
	expo__begin(x, "");
	expo__seconds(x, s->cpu_ns);
	expo__family(x, "process_resident_memory_bytes", EXPO_GAUGE, "bytes",
		     "Memory of aiostall itself.");
	expo__begin(x, "");
	expo__count(x, s->resident_bytes);
	expo__family(x, "process_open_fds", EXPO_GAUGE, NULL,
		     "Open descriptors of aiostall itself.");
	expo__begin(x, "");
	expo__count(x, s->open_fds);
	expo__family(x, "process_start_time_seconds", EXPO_GAUGE, "seconds",
		     "When aiostall was started, since 1970.");
	expo__begin(x, "");
	expo__seconds(x, s->start_unix_ns > 0 ? (uint64_t)s->start_unix_ns : 0);
}

int64_t metrics__print(FILE *out, const struct metrics *m, bool openmetrics)
{
	struct expo x = {.out = out, .openmetrics = openmetrics};
	bool calls = !capture__sleeps_only(m->capture);
	bool returns = is_attached(m, NEED_COMPLETE);

	put_figures(&x, m, calls, returns);
	if (calls) {
		put_ops(&x, m);
		put_inside(&x, m, returns);
	}
	put_causes(&x, m, true);
	put_causes(&x, m, false);
	expo__family(&x, "aiostall_sleep_duration_seconds", EXPO_HISTOGRAM, "seconds",
		     "How long the sleeps were.");
	for (size_t k = 0; k < m->brief->nr_fs; k++)
		put_histogram(&x, &m->brief->fs[k]);
	put_rings(&x, m);
	put_labels(&x, m->labels);
	put_asleep(&x, m);
	put_filesystems(&x, m);
	put_capture(&x, m);
	put_self(&x, &m->self);
	expo__end(&x);
	return fflush(out) || ferror(out) ? -EIO : (int64_t)x.samples;
}
