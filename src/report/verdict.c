// SPDX-License-Identifier: GPL-2.0
#include "report/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "model/sums.h"
#include "report/print.h"
#include "report/text_uring.h"

typedef unsigned long long ull;

/* Above it one cause is as good as all. */
#define NEARLY_ALL 0.99

/* Of so few a share says less than their number. */
#define COUNTED_MAX 100

static void how_many(const struct report_fs *f, char *buf, size_t size)
{
	const struct counters *c = &f->c;
	char share[16], n[32];

	if (c->submits == 1)
		snprintf(buf, size, "the only submit blocked");
	else if (c->submits_blocked >= c->submits)
		snprintf(buf, size, "all %s submits block", fmt__exact(c->submits, n, sizeof(n)));
	else if (c->submits <= COUNTED_MAX)
		snprintf(buf, size, "%llu of %llu submits %s",
			 (unsigned long long)c->submits_blocked, (unsigned long long)c->submits,
			 c->submits_blocked == 1 ? "blocks" : "block");
	else
		snprintf(buf, size, "%s of %s submits block",
			 fmt__percent(f->blocked_share, share, sizeof(share)),
			 fmt__exact(c->submits, n, sizeof(n)));
}

static const char *in_total(uint64_t n)
{
	return n == 1 ? "" : " in total";
}

/* Sleeps of calls that have not ended, or of no single filesystem, have no submits to be a share of. */
static void how_bad(const struct report_fs *f, char *buf, size_t size)
{
	const struct counters *c = &f->c;
	char many[64], time[16], all[16], sleeps[16];

	if (!c->submits || !c->submits_blocked) {
		snprintf(buf, size, "%s sleep%s, %s%s",
			 fmt__count(c->sleeps, sleeps, sizeof(sleeps)), plural(c->sleeps),
			 fmt__duration(c->blocked_ns, time, sizeof(time)), in_total(c->sleeps));
		return;
	}
	how_many(f, many, sizeof(many));
	fmt__duration(c->blocked_ns / c->submits_blocked, time, sizeof(time));
	fmt__duration(c->blocked_ns, all, sizeof(all));
	if (c->submits_blocked == 1)
		snprintf(buf, size, "%s, %s", many, all);
	else
		snprintf(buf, size, "%s, %s each, %s in total", many, time, all);
}

static void __attribute__((format(printf, 3, 4))) add(char *buf, size_t size, const char *fmt, ...)
{
	size_t used = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + used, size - used, fmt, ap);
	va_end(ap);
}

/* "because X (id; not certain: no rule knows Y)" */
static void add_because(const char *name, const char *id, const char *doubt, char *buf, size_t size)
{
	add(buf, size, "because %s (%s%s%s)", name, id,
	    doubt ? "; not certain: no rule knows " : "", doubt ? doubt : "");
}

/* The id of its cause or, if no rule knows it, its frames; and what to do. */
static void add_cause(const struct report_cause *c, char *buf, size_t size)
{
	bool unknown = !strcmp(c->id, "unknown") && c->telling_frames && *c->telling_frames;

	add_because(c->name, unknown ? c->telling_frames : c->id, c->doubt, buf, size);
	if (c->todo && *c->todo)
		add(buf, size, ": %s", c->todo);
}

/* "301 of these 345" */
static void add_submits(const struct report_fs *f, const struct report_cause *c, char *buf,
			size_t size)
{
	char n[32], of[32];

	fmt__exact(c->submits_blocked, n, sizeof(n));
	if (c->submits_blocked > f->c.submits_blocked)
		add(buf, size, "%s of these", n);
	else if (c->submits_blocked == f->c.submits_blocked)
		add(buf, size, "all of these");
	else
		add(buf, size, "%s of these %s", n,
		    fmt__exact(f->c.submits_blocked, of, sizeof(of)));
}

/* The only cause there is needs no figures of its own. */
static bool is_all(const struct report_fs *f, const struct report_cause *c)
{
	return c->share >= NEARLY_ALL &&
	       (c->knows_submits ? c->submits_blocked >= f->c.submits_blocked : f->nr_causes == 1);
}

static void add_time(const struct report_cause *c, char *buf, size_t size)
{
	uint64_t many = c->knows_submits ? c->submits_blocked : c->sleeps;
	char share[16], n[32];

	add(buf, size, "%s of the blocked time, in %s %s%s, ",
	    fmt__percent(c->share, share, sizeof(share)), fmt__exact(many, n, sizeof(n)),
	    c->knows_submits ? "submit" : "sleep", plural(many));
}

static void add_why(const struct report_fs *f, char *buf, size_t size)
{
	const struct report_cause *by_submits = f->most_submits, *by_time = f->most_time;
	char share[16];

	if (by_time && by_submits == by_time && !is_all(f, by_time)) {
		add(buf, size, "; ");
		add_submits(f, by_time, buf, size);
		add(buf, size, ", and %s of the blocked time, ",
		    fmt__percent(by_time->share, share, sizeof(share)));
		add_cause(by_time, buf, size);
		return;
	}
	if (by_time && is_all(f, by_time)) {
		add(buf, size, ", ");
		add_cause(by_time, buf, size);
		return;
	}
	if (by_submits) {
		add(buf, size, "; ");
		add_submits(f, by_submits, buf, size);
		add(buf, size, " ");
		add_cause(by_submits, buf, size);
	}
	if (by_time) {
		add(buf, size, "; ");
		add_time(by_time, buf, size);
		add_cause(by_time, buf, size);
	}
}

/* Requests of that are none of asynchronous I/O, whether they slept or not. */
static void add_inside(const struct report_fs *f, char *buf, size_t size)
{
	uint64_t n = f->c.inside_buffered + f->c.inside_direct;
	char inside[32], of[32];

	if (!f->not_async)
		return;
	fmt__exact(f->c.requests, of, sizeof(of));
	if (f->c.requests == 1)
		add(buf, size, "; its only request is not asynchronous");
	else if (n >= f->c.requests)
		add(buf, size, "; none of %s requests is asynchronous", of);
	else
		add(buf, size, "; %s of %s requests %s not asynchronous",
		    fmt__exact(n, inside, sizeof(inside)), of, n == 1 ? "is" : "are");
	add(buf, size, ": %s %sdone inside the call", n == 1 ? "it is" : "they are",
	    f->c.inside_direct ? "" : "buffered and ");
}

/* "2 sleeps, the longest 334us, in 265,361 submits" */
static void add_quiet(const struct report_fs *f, char *buf, size_t size)
{
	const struct counters *c = &f->c;
	char sleeps[32], submits[32], max[16];

	fmt__duration(c->max_sleep_ns, max, sizeof(max));
	add(buf, size, "%s sleep%s",
	    c->sleeps ? fmt__exact(c->sleeps, sleeps, sizeof(sleeps)) : "no",
	    c->sleeps ? plural(c->sleeps) : "");
	if (c->sleeps == 1 && c->max_sleep_ns)
		add(buf, size, " of %s", max);
	else if (c->max_sleep_ns)
		add(buf, size, ", the longest %s%s", max, c->submits ? "," : "");
	if (c->submits)
		add(buf, size, " in %s submit%s", fmt__exact(c->submits, submits, sizeof(submits)),
		    plural(c->submits));
}

/* Of the submitter's own sleeps it is said how few they are, and not why. */
static bool is_fine(const struct report_fs *f)
{
	return f->submitter == SEVERITY_OK || f->only_inside || !f->c.sleeps;
}

/* A sleep that has not ended, and is longer than all that have. */
static void add_asleep(const struct report_fs *f, char *buf, size_t size)
{
	const struct report_unfinished *u = f->longest_unfinished;
	char age[16];

	if (!u || !f->glance.still_asleep)
		return;
	add(buf, size, "a thread has been asleep for %s%s and still is, ",
	    u->ev.before_tracing ? "more than " : "",
	    fmt__duration(u->ev.age_ns, age, sizeof(age)));
	add_because(u->cause_name, u->cause_id, u->doubt, buf, size);
}

/* Locks that one punted request holds and others wait for. */
static bool is_convoy(const struct report_cause *c)
{
	uint64_t behind_ns = 0;

	for (size_t i = 0; i < c->nr_behind; i++)
		behind_ns = sat_add(behind_ns, c->behind[i].blocked_ns);
	return behind_ns && behind_ns >= c->blocked_ns / 2;
}

/* Has the sentence named this cause already, for the submitter's own sleeps? */
static bool names_of_submitter(const struct report_fs *f, const struct report_cause *c)
{
	if (is_fine(f))
		return false;
	return (f->most_time && !strcmp(f->most_time->id, c->id)) ||
	       (f->most_submits && !strcmp(f->most_submits->id, c->id));
}

/* What sleeps for these requests in threads other than the submitter's. */
static void add_elsewhere(const struct report_fs *f, char *buf, size_t size)
{
	const struct report_cause *c = f->most_elsewhere;
	const char *link = f->severity == SEVERITY_OK ? "" : is_fine(f) ? "but " : "and ";
	uint64_t sleeps, blocked_ns;
	char share[16], n[16], time[16], max[16];

	if (!c)
		return;
	sleeps = counters__sleeps_in(&f->c, c->plane);
	blocked_ns = counters__blocked_in(&f->c, c->plane);
	if (*buf)
		add(buf, size, "; ");
	if (c->plane == PLANE_WORKER && f->c.punted)
		add(buf, size, "%s%s of its requests are punted to worker threads, which sleep ",
		    link, fmt__percent(f->punted_share, share, sizeof(share)));
	else if (c->plane == PLANE_WORKER)
		add(buf, size, "%sworker threads sleep for its requests ", link);
	else if (c->plane == PLANE_SQPOLL)
		add(buf, size, "the kernel's thread that submits for the ring sleeps ");
	else
		add(buf, size, "work that the kernel had put off sleeps ");
	add(buf, size, "(%s sleep%s, %s%s%s%s) ", fmt__count(sleeps, n, sizeof(n)), plural(sleeps),
	    fmt__duration(blocked_ns, time, sizeof(time)), in_total(sleeps),
	    sleeps > 1 ? ", the longest " : "",
	    sleeps > 1 ? fmt__duration(f->elsewhere_max_ns, max, sizeof(max)) : "");
	if (f->severity == SEVERITY_OK) {
		add(buf, size, "mostly for %s", c->id);
		return;
	}
	if (names_of_submitter(f, c))
		add(buf, size, "for the same reason (%s)", c->id);
	else
		add_cause(c, buf, size);
	if (!is_convoy(c))
		return;
	add(buf, size, "; it stands behind its own punted requests");
	if (c->behind[0].id)
		add(buf, size, ", one of which sleeps for %s", c->behind[0].id);
	add(buf, size,
	    ", so bound the workers (IORING_REGISTER_IOWQ_MAX_WORKERS sets both limits by an array "
	    "of "
	    "two: [0] of bounded ones, for files and devices, [1] of unbounded ones; 0 leaves one "
	    "as it is)");
}

/* All of it was handed over by the kernel's thread: the program made no call that could be quiet. */
static bool is_of_sqpoll(const struct report_fs *f)
{
	return !f->c.submits && !f->c.sleeps && f->most_elsewhere &&
	       f->most_elsewhere->plane == PLANE_SQPOLL;
}

char *verdict__sentence(const struct report_fs *f, char *buf, size_t size)
{
	buf[0] = '\0';
	add_asleep(f, buf, size);
	if (!f->c.sleeps && !f->c.submits && !f->most_elsewhere && !f->c.requests) {
		add(buf, size, "%s", *buf ? "" : "no submit ended while tracing");
		return buf;
	}
	/* what sleeps elsewhere has a link of its own */
	if (*buf && !is_of_sqpoll(f))
		add(buf, size, "; besides, ");
	if (f->severity == SEVERITY_OK && (f->c.submits || f->c.sleeps))
		add(buf, size, "fine; ");
	if (!is_of_sqpoll(f) && is_fine(f)) {
		add_quiet(f, buf, size);
	} else if (f->c.sleeps) {
		how_bad(f, buf + strlen(buf), size - strlen(buf));
		add_why(f, buf, size);
	}
	add_elsewhere(f, buf, size);
	add_inside(f, buf, size);
	return buf;
}

char *verdict__unwatched(const struct report *r, char *buf, size_t size)
{
	buf[0] = '\0';
	if (r->time_elsewhere)
		add(buf, size,
		    "Only %s watched: time that the same threads lose in fsync, pwrite or pread is "
		    "not "
		    "in here.",
		    text_uring__seen(r) ? "io_submit and io_uring were" : "io_submit was");
	return buf;
}
