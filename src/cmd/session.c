// SPDX-License-Identifier: GPL-2.0
#include "cmd/session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/child.h"
#include "cmd/interrupt.h"
#include "cmd/lookout.h"
#include "cmd/output.h"
#include "cmd/privileges.h"
#include "cmd/progress.h"
#include "cmd/targets.h"
#include "host/containers.h"
#include "host/facts.h"
#include "host/fstypes.h"

/* The reader polls on a timer: a wake-up from the stall path would preempt the traced thread. */
#define POLL_MS 50

struct session {
	const struct cmd_opts *opts;
	struct causes *causes;
	struct ledger *ledger;
	struct facts *facts;
	struct containers *containers;
	struct live_opts live; /* with what --container found */
	char cgroup[4096];
	struct capture *capture;
	struct child *child;
	struct targets targets;
	uint64_t start_ns, next_interval_ns, next_progress_ns;
	bool progress;
	bool detached;	/* before the end */
	bool not_run;	/* the command could not be started */
	int interrupts; /* dealt with so far */
};

/* Atomic, so that who waits for the file never reads half of it. */
static int write_ready_file(const char *path, struct err *e)
{
	struct output *o = output__open(path, e);
	int rc = -EIO;

	if (o) {
		fprintf(output__file(o), "%d\n", (int)getpid());
		rc = output__commit(o, e);
	}
	output__free(o);
	return rc;
}

static int open_ledger(struct session *s, struct err *e)
{
	struct ledger_opts opts = {.slow_threshold_ns = s->opts->live.slow_ns};
	char why[384];

	s->causes = causes__new(s->opts->rules, why, sizeof(why));
	if (!s->causes)
		return err__set(e, -EINVAL, "%s", why);
	s->facts = facts__new(NULL);
	s->containers = containers__new(NULL);
	opts.causes = s->causes;
	s->ledger = s->facts && s->containers ? ledger__new(&opts) : NULL;
	return s->ledger ? 0 : err__set(e, -ENOMEM, "out of memory");
}

/* The kernel knows cgroups alone. */
static int find_container(struct session *s, struct err *e)
{
	const char *word = s->opts->container;

	s->live = s->opts->live;
	if (!word)
		return 0;
	if (s->live.filter.cgroup)
		return err__set(e, -EINVAL, "--container and --cgroup exclude each other");
	s->live.filter.cgroup = s->cgroup;
	return containers__cgroup(s->containers, word, s->cgroup, sizeof(s->cgroup), e);
}

static int start_child(struct session *s, struct err *e)
{
	struct runas as;
	int rc = runas__find(s->opts->user, &as, e);

	if (rc)
		return rc;
	s->child = child__new(s->opts->child, &as, e);
	return s->child ? 0 : -EAGAIN;
}

static int open_source(struct session *s, struct err *e)
{
	const struct live_filter *f = &s->opts->live.filter;
	struct source *source;
	int rc = targets__open(&s->targets, f, e);

	for (size_t i = 0; !rc && i < f->nr_fstypes; i++)
		rc = fstypes__check("", f->fstypes[i], e);
	if (rc)
		return rc;
	if (s->opts->child)
		rc = start_child(s, e);
	if (!rc)
		rc = find_container(s, e);
	if (!rc)
		rc = live__open(&s->live, &source, e);
	if (rc)
		return rc;
	s->capture = capture__new(source, s->ledger);
	if (!s->capture)
		return err__set(e, -ENOMEM, "out of memory");
	return s->child ? live__add_tree(source, child__pid(s->child), e) : 0;
}

struct session *session__new(const struct cmd_opts *opts, struct err *e)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s) {
		err__set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	s->opts = opts;
	interrupt__catch();
	if (open_ledger(s, e) || open_source(s, e)) {
		session__free(s);
		return NULL;
	}
	s->start_ns = clock__mono_ns();
	s->next_interval_ns = s->start_ns + opts->interval_ns;
	if (opts->ready_file && write_ready_file(opts->ready_file, e)) {
		session__free(s);
		return NULL;
	}
	/* a command has had no time yet to set up anything */
	if (!opts->child)
		lookout__at_start(&opts->live.filter);
	if (privileges__drop(opts, e)) {
		session__free(s);
		return NULL;
	}
	return s;
}

const struct causes *session__causes(const struct session *s)
{
	return s->causes;
}

struct containers *session__containers(struct session *s)
{
	return s->containers;
}

struct ledger *session__ledger(struct session *s)
{
	return s->ledger;
}

const struct capture_info *session__capture(struct session *s)
{
	return capture__info(s->capture);
}

/* True if a signal says that tracing ends; with a command the first one is for the command. */
static bool interrupted(struct session *s)
{
	int n = interrupt__count();

	if (n == s->interrupts)
		return false;
	if (!s->child || s->interrupts > 0 || n > 1)
		return true;
	s->interrupts = n;
	if (interrupt__forward())
		child__signal(s->child, interrupt__forward());
	return false;
}

static bool over(struct session *s, uint64_t now_ns)
{
	uint64_t duration_ns = s->opts->duration_ns;

	return interrupted(s) || (duration_ns && now_ns - s->start_ns >= duration_ns) ||
	       (s->child && child__ended(s->child)) || targets__all_gone(&s->targets);
}

/* Not beyond what is due next, in ns of the monotonic clock; 0 = nothing is. */
static int until_ms(int timeout_ms, uint64_t due_ns)
{
	uint64_t now_ns = clock__mono_ns(), left_ms;

	if (!due_ns)
		return timeout_ms;
	left_ms = due_ns > now_ns ? (due_ns - now_ns + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC : 0;
	return left_ms < (uint64_t)timeout_ms ? (int)left_ms : timeout_ms;
}

int session__step(struct session *s, int timeout_ms, struct pollfd *extra, size_t nr_extra,
		  struct err *e)
{
	uint64_t duration_ns = s->opts->duration_ns;
	int rc;

	timeout_ms = until_ms(timeout_ms, duration_ns ? s->start_ns + duration_ns : 0);
	if (s->detached)
		rc = poll(extra, nr_extra, timeout_ms) < 0 ? -errno : 0;
	else
		rc = capture__step(s->capture, timeout_ms, extra, nr_extra);
	if (rc < 0 && rc != -EINTR)
		return err__set(e, rc, "cannot read events: %s", strerror(-rc));
	return rc == 1 || over(s, clock__mono_ns());
}

void session__processes(struct session *s)
{
	capture__processes(s->capture);
}

uint64_t session__cost_ns(struct session *s, bool *whole)
{
	return capture__cost_ns(s->capture, whole);
}

void session__set_sink(struct session *s, const struct sink *to)
{
	capture__set_sink(s->capture, to);
}

static int no_counters(int rc, struct err *e)
{
	return rc ? err__set(e, rc, "cannot read the counters: %s", strerror(-rc)) : 0;
}

int session__counters(struct session *s, struct err *e)
{
	return no_counters(capture__counters(s->capture), e);
}

int session__refresh(struct session *s, struct err *e)
{
	return no_counters(capture__refresh(s->capture), e);
}

int session__cut(struct session *s, struct err *e)
{
	int rc = s->detached ? 0 : capture__mark(s->capture, clock__mono_ns());

	if (!s->detached)
		capture__processes(s->capture);
	return no_counters(rc, e);
}

int session__detach(struct session *s, struct err *e)
{
	int rc = capture__stop(s->capture);

	s->detached = true;
	/* who slept then may be awake by now: nobody looks any more */
	ledger__forget_asleep(s->ledger);
	return rc ? err__set(e, rc, "cannot read the last events: %s", strerror(-rc)) : 0;
}

static int do_interval(struct session *s, const struct session_hooks *hooks, uint64_t now_ns,
		       struct err *e)
{
	struct fs_counts before;
	uint64_t since_ns;
	int rc;

	if (!s->opts->interval_ns || !hooks->interval || now_ns < s->next_interval_ns)
		return 0;
	before = *capture__marked(s->capture, &since_ns);
	rc = no_counters(capture__mark(s->capture, now_ns), e);
	if (rc)
		return rc;
	rc = hooks->interval(hooks->ctx, now_ns - s->start_ns, &before,
			     capture__marked(s->capture, &since_ns), e);
	/* after a pause (a stopped terminal) one line, not one for each missed interval */
	while (s->next_interval_ns <= now_ns)
		s->next_interval_ns += s->opts->interval_ns;
	return rc;
}

static void do_progress(struct session *s, uint64_t now_ns)
{
	if (!s->progress || now_ns < s->next_progress_ns)
		return;
	s->next_progress_ns = now_ns + NSEC_PER_SEC / 2;
	if (!capture__counters(s->capture))
		progress__show(now_ns - s->start_ns, &ledger__totals(s->ledger)->c,
			       capture__sleeps_only(session__capture(s)));
}

/* Without it a capture that has nothing to print would go on for nobody. */
static int check_reader(struct err *e)
{
	struct pollfd out = {.fd = STDOUT_FILENO};

	if (poll(&out, 1, 0) <= 0 || !(out.revents & POLLERR))
		return 0;
	err__set(e, -EPIPE, "cannot write standard output: %s", strerror(EPIPE));
	e->quiet = true;
	return -EPIPE;
}

static int trace_until_over(struct session *s, const struct session_hooks *hooks, struct err *e)
{
	for (;;) {
		uint64_t due_ns = s->opts->interval_ns ? s->next_interval_ns : 0, now_ns;
		int rc = session__step(s, until_ms(POLL_MS, due_ns), NULL, 0, e);
		bool ends = rc == 1;

		if (rc < 0)
			return rc;
		now_ns = clock__mono_ns();
		if (hooks->batch) {
			int err = hooks->batch(hooks->ctx, e);

			if (err)
				return err;
		}
		if (ends)
			return 0;
		rc = do_interval(s, hooks, now_ns, e);
		if (!rc && hooks->to_stdout)
			rc = check_reader(e);
		if (rc)
			return rc;
		do_progress(s, now_ns);
	}
}

/* After the source has finished: what still sleeps then must be seen asleep. */
static void end_child(struct session *s)
{
	struct capture_info *info = capture__info(s->capture);

	info->child_ran = true;
	if (!child__stop(s->child))
		log__print(LOG_ERROR, "process %d cannot be ended: it sleeps in the kernel",
			   (int)child__pid(s->child));
	info->child_stopped = child__was_stopped(s->child);
	info->child_status = child__status(s->child);
}

int session__run(struct session *s, const struct session_hooks *hooks, struct err *e)
{
	struct session_hooks h = *hooks;
	int rc = 0, err;

	capture__set_sink(s->capture, h.sink);
	/* the command writes to the same terminal, where a progress line would be in its way */
	s->progress = !h.quiet && !s->child && isatty(STDERR_FILENO);
	if (s->child) {
		rc = child__release(s->child, e);
		s->not_run = rc != 0;
	}
	if (!rc)
		rc = trace_until_over(s, &h, e);
	if (s->progress)
		progress__clear();
	err = capture__stop(s->capture);
	if (err && !rc)
		rc = err__set(e, err, "cannot read the last events: %s", strerror(-err));
	if (h.batch && !rc)
		rc = h.batch(h.ctx, e);
	if (s->child)
		end_child(s);
	/*
	 * A second Ctrl-C, while the report is printed, quits; but not while it is
	 * written to a file, which takes no time and would leave half of it behind.
	 */
	if (!s->opts->output)
		interrupt__release();
	return rc;
}

int session__brief(struct session *s, struct brief *b, struct err *e)
{
	return no_counters(capture__brief(s->capture, b), e);
}

bool session__has_run(const struct session *s)
{
	return !s->not_run;
}

struct view session__view(struct session *s, const struct view *v)
{
	struct view view = v ? *v : (struct view){0};

	view.facts = facts__write;
	view.punts = facts__punts;
	view.facts_ctx = s->facts;
	view.containers = containers__names(s->containers);
	return view;
}

const struct report *session__report(struct session *s, const struct view *v, struct err *e)
{
	const struct view view = session__view(s, v);

	return capture__report(s->capture, &view, e);
}

const struct report *session__figures(struct session *s, const struct view *v, struct err *e)
{
	struct view view = v ? *v : (struct view){0};

	view.containers = containers__names(s->containers);
	return capture__report(s->capture, &view, e);
}

void session__free(struct session *s)
{
	if (!s)
		return;
	capture__free(s->capture);
	ledger__free(s->ledger);
	facts__free(s->facts);
	containers__free(s->containers);
	child__free(s->child);
	targets__close(&s->targets);
	causes__free(s->causes);
	free(s);
}
