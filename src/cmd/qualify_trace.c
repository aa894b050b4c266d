// SPDX-License-Identifier: GPL-2.0
#include "cmd/qualify_trace.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cause/causes.h"
#include "live/live.h"
#include "model/capture.h"
#include "model/view.h"

#define POLL_MS 50

/* A ledger for each cell: its report is the cell's and of nothing else. */
struct qualify_trace {
	struct causes *causes;
	struct ledger *ledger, *all;
	struct capture *capture;
	uint64_t inside_before;
	bool knows_inside;
};

static struct ledger *ledger_of(const struct qualify_trace *t)
{
	struct ledger_opts opts = {.causes = t->causes};

	return ledger__new(&opts);
}

static int attach(struct qualify_trace *t, pid_t pid, struct err *e)
{
	struct live_opts opts = {.filter = {.pids = {(uint32_t)pid}, .nr_pids = 1}};
	struct source *source;
	const char *complete;
	int rc = live__open(&opts, &source, e);

	if (rc)
		return rc;
	t->capture = capture__new(source, t->all);
	if (!t->capture)
		return err__set(e, -ENOMEM, "out of memory");
	capture__set_sink(t->capture, ledger__sink(t->ledger));
	complete = capture__info(t->capture)->probe[NEED_COMPLETE];
	t->knows_inside = complete && *complete && strcmp(complete, "none") != 0;
	return 0;
}

struct qualify_trace *qualify_trace__new(pid_t pid, struct err *e)
{
	struct qualify_trace *t = calloc(1, sizeof(*t));
	char why[384] = "out of memory";

	if (t)
		t->causes = causes__new(NULL, why, sizeof(why));
	if (t && t->causes) {
		t->ledger = ledger_of(t);
		t->all = ledger_of(t);
	}
	if (!t || !t->ledger || !t->all)
		err__set(e, -ENOMEM, "%s", why);
	else if (!attach(t, pid, e))
		return t;
	qualify_trace__free(t);
	return NULL;
}

int qualify_trace__wait(struct qualify_trace *t, int fd)
{
	struct pollfd done = {.fd = fd, .events = POLLIN};

	while (!done.revents) {
		int rc = capture__step(t->capture, POLL_MS, &done, 1);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static void take_cause(const struct report *r, struct cell_cause *c)
{
	const struct report_cause *worst = NULL;
	uint64_t blocked_ns = 0;

	for (size_t i = 0; i < r->nr_fs; i++) {
		for (size_t k = 0; k < r->fs[i].nr_causes; k++) {
			const struct report_cause *cause = &r->fs[i].causes[k];

			c->sleeps += cause->sleeps;
			blocked_ns += cause->blocked_ns;
			if (!worst || cause->blocked_ns > worst->blocked_ns)
				worst = cause;
		}
	}
	if (!worst)
		return;
	snprintf(c->id, sizeof(c->id), "%s", worst->id);
	snprintf(c->name, sizeof(c->name), "%s", worst->name);
	snprintf(c->todo, sizeof(c->todo), "%s", worst->todo ? worst->todo : "");
	snprintf(c->frames, sizeof(c->frames), "%s", worst->telling_frames);
	c->share = blocked_ns ? (double)worst->blocked_ns / (double)blocked_ns : 0;
}

/*
 * Where the kernel told it: the load itself cannot know whether the device was faster than the return
 * of its call.
 */
static void take_inside(struct qualify_trace *t, struct cell *c)
{
	const struct counters *now = &ledger__totals(t->all)->c;
	uint64_t inside = now->inside_buffered + now->inside_direct, n = inside - t->inside_before;

	t->inside_before = inside;
	if (t->knows_inside && !strcmp(c->engine, "aio") && n <= c->f.requests)
		c->f.inside = n;
}

/*
 * The sleeps go to the cell's ledger and the counters, which are sums since tracing began, to one of
 * their own: in the cell's they would count the sleeps of all cells before.
 */
static int take_all(struct qualify_trace *t)
{
	int rc = capture__step(t->capture, 0, NULL, 0);

	capture__set_sink(t->capture, ledger__sink(t->all));
	return rc < 0 ? rc : capture__counters(t->capture);
}

int qualify_trace__end_cell(struct qualify_trace *t, struct cell *c)
{
	struct ledger *next = ledger_of(t);
	const struct report *r;
	struct view view = {0};
	int rc = next ? take_all(t) : -ENOMEM;

	r = rc ? NULL : ledger__report(t->ledger, &view, capture__info(t->capture));
	if (r) {
		take_cause(r, &c->cause);
		take_inside(t, c);
	}
	if (next) {
		capture__set_sink(t->capture, ledger__sink(next));
		ledger__free(t->ledger);
		t->ledger = next;
	}
	return rc || r ? rc : -ENOMEM;
}

void qualify_trace__free(struct qualify_trace *t)
{
	if (!t)
		return;
	capture__free(t->capture);
	ledger__free(t->ledger);
	ledger__free(t->all);
	causes__free(t->causes);
	free(t);
}
