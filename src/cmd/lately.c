// SPDX-License-Identifier: GPL-2.0
#include "cmd/lately.h"

#include <errno.h>
#include <stdlib.h>

#include "model/window.h"

#define DEFAULT_WINDOW_NS (600 * NSEC_PER_SEC)
/* A slice has a cell for each key that was used in it, which can make no room meanwhile. */
#define SLICE_NS (10 * NSEC_PER_SEC)
/* There are two ledgers of so many keys beside the one of all. */
#define WINDOW_KEYS 4000

struct lately {
	struct session *session;
	struct window *window;
	struct labels *labels;
	uint64_t taken_ns;
	bool stopped;
};

static int open_labels(struct lately *l, const char *text, struct err *e)
{
	enum label label;
	size_t most;
	int rc = text ? labels__parse(text, &label, &most, e) : 0;

	if (rc || !text)
		return rc;
	l->labels = labels__new(label, most);
	return l->labels ? 0 : err__set(e, -ENOMEM, "out of memory");
}

struct lately *lately__new(struct session *s, const struct cmd_opts *o, struct err *e)
{
	const struct ledger_opts opts = {
		.causes = session__causes(s),
		.slow_threshold_ns = o->live.slow_ns,
		.max_keys = WINDOW_KEYS,
	};
	uint64_t window_ns = o->window_ns ? o->window_ns : DEFAULT_WINDOW_NS;
	struct lately *l = calloc(1, sizeof(*l));

	if (!l) {
		err__set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	l->session = s;
	if (open_labels(l, o->label, e)) {
		lately__free(l);
		return NULL;
	}
	l->taken_ns = clock__mono_ns();
	l->window = window__new(session__ledger(s), &opts, window_ns, l->taken_ns);
	if (!l->window) {
		err__set(e, -ENOMEM, "out of memory");
		lately__free(l);
		return NULL;
	}
	session__set_sink(s, window__sink(l->window));
	return l;
}

void lately__take(struct lately *l)
{
	if (l->stopped)
		return;
	l->taken_ns = clock__mono_ns();
	if (l->labels)
		labels__take(l->labels, session__ledger(l->session), l->taken_ns);
	window__take(l->window, l->taken_ns);
}

void lately__stop(struct lately *l)
{
	lately__take(l);
	l->stopped = true;
}

static int turn(struct lately *l, struct err *e)
{
	int rc = session__cut(l->session, e);

	if (rc)
		return rc;
	lately__take(l);
	window__turn(l->window, session__capture(l->session), l->taken_ns);
	return 0;
}

int lately__step(struct lately *l, struct err *e)
{
	uint64_t now_ns = clock__mono_ns();

	if (l->stopped)
		return 0;
	if (window__is_due(l->window, now_ns))
		return turn(l, e);
	if (now_ns - l->taken_ns >= SLICE_NS)
		lately__take(l);
	return 0;
}

const struct report *lately__report(struct lately *l, bool all, struct err *e)
{
	const struct view view = session__view(l->session, NULL);
	const struct report *report;

	if (all) {
		report = session__report(l->session, NULL, e);
		lately__take(l);
		return report;
	}
	if (session__refresh(l->session, e))
		return NULL;
	lately__take(l);
	report = window__report(l->window, &view, session__capture(l->session));
	if (!report)
		err__set(e, -ENOMEM, "out of memory while building the report");
	return report;
}

struct labels *lately__labels(struct lately *l)
{
	return l->labels;
}

void lately__free(struct lately *l)
{
	if (!l)
		return;
	labels__free(l->labels);
	window__free(l->window);
	free(l);
}
