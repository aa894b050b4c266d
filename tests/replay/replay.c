// SPDX-License-Identifier: GPL-2.0
/*
 * replay [-f] [-b BY] FIXTURE FORMAT [WIDTH [RULES]]: a text fixture through rules, model and one format.
 * With -f the report has all there is.
 * The format "every" is every format, as a report and by each key. The formats "trace" and "trace-json" print each event as it comes instead of a report.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cause/causes.h"
#include "model/tap.h"
#include "model/view.h"
#include "report/format.h"
#include "every.h"
#include "source_text.h"

/* The clocks of the fixtures: calls.fix says the same. */
#define WALL_MINUS_MONO_NS 1767139201000000000
#define SLOW_NS NSEC_PER_MSEC

struct replay {
	FILE *in;
	struct source *source;
	struct causes *causes;
	struct ledger *ledger;
	struct view view;
	struct format_opts opts;
	int trace_err; /* first failure of a trace line, -errno */
};

static int replay__open(struct replay *r, const char *fixture, const char *rules, struct err *e)
{
	struct ledger_opts opts = {.slow_threshold_ns = SLOW_NS};
	char why[512];

	r->in = fopen(fixture, "r");
	if (!r->in)
		return err__set(e, -errno, "%s", strerror(errno));
	r->causes = causes__new(rules, why, sizeof(why));
	if (!r->causes)
		return err__set(e, -EINVAL, "%s", why);
	opts.causes = r->opts.causes = r->causes;
	r->ledger = ledger__new(&opts);
	r->source = source_text__new(r->in, e);
	return r->ledger && r->source ? 0 : err__set(e, -ENOMEM, "out of memory");
}

static int print_report(struct replay *r, const struct format *format, struct err *e)
{
	const struct report *report;
	int rc = r->source->ops->finish(r->source, ledger__sink(r->ledger));

	if (rc)
		return rc;
	if (!format)
		return every__print(r->ledger, r->source->ops->capture(r->source));
	report = ledger__report(r->ledger, &r->view, r->source->ops->capture(r->source));
	if (!report)
		return err__set(e, -ENOMEM, "out of memory");
	rc = format__print(format, stdout, report, &r->opts);
	return rc ? err__set(e, rc, "printing: %s", strerror(-rc)) : 0;
}

static const char *cause_of(const struct replay *r, const struct ev_stall *ev)
{
	const struct stack *s = ev->stack;

	return causes__match(r->causes, s ? s->frames : NULL, s ? s->depth : 0)->id;
}

static void note(struct replay *r, int rc)
{
	if (!r->trace_err)
		r->trace_err = rc;
}

static void line_stall(void *ctx, const struct ev_stall *ev)
{
	struct replay *r = ctx;

	note(r, trace_line__stall(stdout, ev, cause_of(r, ev), &r->opts));
}

static void json_stall(void *ctx, const struct ev_stall *ev)
{
	struct replay *r = ctx;

	note(r, trace_json__stall(stdout, ev, cause_of(r, ev), &r->opts));
}

static void json_submit(void *ctx, const struct ev_submit *ev)
{
	struct replay *r = ctx;

	note(r, trace_json__submit(stdout, ev, &r->opts));
}

static void json_stalls(void *ctx, const struct ev_stalls *ev)
{
	struct replay *r = ctx;

	note(r, trace_json__stalls(stdout, ev, cause_of(r, &ev->longest), &r->opts));
}

static int print_trace(struct replay *r, bool json, struct err *e)
{
	const struct sink lines = {
		.ctx = r,
		.stall = json ? json_stall : line_stall,
		.stalls = json ? json_stalls : NULL,
		.submit = json ? json_submit : NULL,
	};
	struct tap tap;
	int rc;

	r->opts.wall_minus_mono_ns = WALL_MINUS_MONO_NS;
	if (!json)
		note(r, trace_line__header(stdout, &r->opts));
	tap__init(&tap, &lines, NULL);
	rc = r->source->ops->finish(r->source, &tap.sink);
	if (rc)
		return rc;
	rc = r->trace_err;
	return rc ? err__set(e, rc, "printing: %s", strerror(-rc)) : 0;
}

static int replay__print(struct replay *r, const char *name, struct err *e)
{
	const struct format *format = format__find(name);
	char names[128];

	if (strcmp(name, "trace") == 0 || strcmp(name, "trace-json") == 0)
		return print_trace(r, strcmp(name, "trace") != 0, e);
	if (strcmp(name, "every") != 0 && (!format || !format->print))
		return err__set(e, -EINVAL, "no format %s: there are %s, trace, trace-json", name,
				format__names(VIEW_REPORT, names, sizeof(names)));
	return print_report(r, format, e);
}

static void replay__close(struct replay *r)
{
	ledger__free(r->ledger);
	if (r->source)
		r->source->ops->free(r->source);
	causes__free(r->causes);
	if (r->in)
		fclose(r->in);
}

int main(int argc, char **argv)
{
	struct replay r = {0};
	struct err e = {0};
	uint64_t width = 80;
	int rc, by = 0;

	while ((rc = getopt(argc, argv, "b:f")) >= 0 && rc != '?' && by >= 0) {
		if (rc == 'f') {
			r.opts.full = r.opts.legend = true;
			continue;
		}
		by = view_by__parse(optarg, r.view.by, &e);
		r.view.nr_by = by > 0 ? (size_t)by : 0;
	}
	argc -= optind - 1;
	argv += optind - 1;
	if (rc != -1 || by < 0 || argc < 3 || argc > 5 ||
	    (argc > 3 && parse__u64(argv[3], 1, 1000, &width))) {
		fprintf(stderr, "usage: replay [-f] [-b BY] FIXTURE FORMAT [WIDTH [RULES]]\n");
		return 2;
	}
	r.opts.width = (int)width;
	rc = replay__open(&r, argv[1], argc > 4 ? argv[4] : NULL, &e);
	if (!rc)
		rc = replay__print(&r, argv[2], &e);
	if (rc)
		fprintf(stderr, "%s: %s\n", argv[1], e.text[0] ? e.text : strerror(-rc));
	replay__close(&r);
	return rc ? 1 : 0;
}
