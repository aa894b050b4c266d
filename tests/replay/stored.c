// SPDX-License-Identifier: GPL-2.0
/*
 * stored [-b BY] FIXTURE DB FORMAT [WIDTH]: a text fixture into a recording, a slice for every few events,
 * and the report of that recording: it must be what replay prints of the fixture itself.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cause/causes.h"
#include "report/format.h"
#include "every.h"
#include "source_text.h"
#include "store/load.h"
#include "store/writer.h"

#define SLOW_NS NSEC_PER_MSEC
/* A prime, so that slices end at any kind of event. */
#define EVENTS_PER_SLICE 17
#define STARTED_MONO_NS (5 * NSEC_PER_SEC)

struct stored {
	const char *db;
	FILE *in;
	struct source *source;
	struct causes *causes;
	struct ledger *ledger;
	struct store_writer *writer;
	uint64_t now_ns, events;
	int rc;
	struct view view;
	struct err *e;
};

/* The fixture's first lines say what it is a capture of. */
static const struct sink *sink_of(struct stored *s)
{
	const struct capture_info *capture = s->source->ops->capture(s->source);
	uint64_t began_ns = capture->started_mono_ns ? capture->started_mono_ns : STARTED_MONO_NS;
	const struct store_write_opts o = {
		.path = s->db,
		.ledger = s->ledger,
		.capture = capture,
		.started_mono_ns = began_ns,
		.slow_ns = SLOW_NS,
		.kernel_build = "#1 SMP",
		.boot_id = "0",
	};

	if (!s->writer)
		s->now_ns = began_ns;
	if (!s->writer && !s->rc)
		s->rc = store_writer__new(&o, &s->writer, s->e);
	return s->rc ? NULL : store_writer__sink(s->writer);
}

static void count(struct stored *s)
{
	if (s->rc || ++s->events % EVENTS_PER_SLICE)
		return;
	s->now_ns += NSEC_PER_SEC;
	/* while the disk is busy this does nothing and the slice goes on, as it would while tracing */
	s->rc = store_writer__commit(s->writer, s->now_ns, s->e);
}

#define HAND_ON(name, ...)                                                                         \
	do {                                                                                       \
		const struct sink *to = sink_of(ctx);                                              \
		if (to)                                                                            \
			to->name(to->ctx, __VA_ARGS__);                                            \
		count(ctx);                                                                        \
	} while (0)

#define EVENT(name, type)                                                                          \
	static void on_##name(void *ctx, const struct type *ev)                                    \
	{                                                                                          \
		HAND_ON(name, ev);                                                                 \
	}
EVENT(stall, ev_stall)
EVENT(stalls, ev_stalls)
EVENT(submit, ev_submit)
EVENT(unfinished, ev_unfinished)
EVENT(totals, fs_counts)
EVENT(loss, loss)
EVENT(sample, ev_sample)
EVENT(process, ev_process)
EVENT(failed, ev_failed)

static void on_fs_counts(void *ctx, const struct fs_info *fs, const struct fs_counts *counts)
{
	HAND_ON(fs_counts, fs, counts);
}

static int record(struct stored *s, const char *fixture)
{
	const struct sink sink = {
		.ctx = s,
		.stall = on_stall,
		.stalls = on_stalls,
		.submit = on_submit,
		.unfinished = on_unfinished,
		.fs_counts = on_fs_counts,
		.totals = on_totals,
		.loss = on_loss,
		.sample = on_sample,
		.process = on_process,
		.failed = on_failed,
	};
	int rc;

	s->in = fopen(fixture, "r");
	if (!s->in)
		return err__set(s->e, -errno, "%s: %s", fixture, strerror(errno));
	s->source = source_text__new(s->in, s->e);
	if (!s->source)
		return err__set(s->e, -ENOMEM, "out of memory");
	rc = s->source->ops->finish(s->source, &sink);
	if (!rc && !sink_of(s))
		rc = s->rc;
	return rc ? rc
		  : store_writer__finish(s->writer, s->source->ops->capture(s->source),
					 s->now_ns + NSEC_PER_SEC, s->e);
}

static int print(const struct stored *s, const char *format, int width)
{
	bool every = !strcmp(format, "every");
	const struct load_opts lo = {.causes = s->causes,
				     .distributions = every || s->view.nr_by != 0};
	const struct format_opts fo = {.width = width};
	struct load *l = load__new(&lo, s->e);
	const struct report *r = NULL;
	struct store_input *in = store_input__open(s->db, s->e);
	int rc = l && in ? load__add(l, in, s->e) : -ENOMEM;

	if (!rc && every) {
		rc = every__print(load__ledger(l), load__capture(l));
	} else if (!rc) {
		r = ledger__report(load__ledger(l), &s->view, load__capture(l));
		rc = r ? format__print(format__find(format), stdout, r, &fo) : -ENOMEM;
	}
	load__free(l);
	store_input__free(in);
	return rc;
}

static bool is_format(const char *name)
{
	const struct format *f = format__find(name);

	return !strcmp(name, "every") || (f && f->print);
}

int main(int argc, char **argv)
{
	struct err e = {0};
	struct stored s = {.e = &e};
	uint64_t width = 80;
	char why[512];
	int rc, by = 0;

	while ((rc = getopt(argc, argv, "b:")) == 'b' && by >= 0) {
		by = view_by__parse(optarg, s.view.by, &e);
		s.view.nr_by = by > 0 ? (size_t)by : 0;
	}
	argc -= optind - 1;
	argv += optind - 1;
	if (rc != -1 || by < 0 || argc < 4 || argc > 5 || !is_format(argv[3]) ||
	    (argc > 4 && parse__u64(argv[4], 1, 1000, &width))) {
		fprintf(stderr, "usage: stored [-b BY] FIXTURE DB FORMAT [WIDTH]\n");
		return 2;
	}
	s.db = argv[2];
	s.causes = causes__new(NULL, why, sizeof(why));
	s.ledger = ledger__new(
		&(struct ledger_opts){.causes = s.causes, .slow_threshold_ns = SLOW_NS});
	rc = s.causes && s.ledger ? record(&s, argv[1]) : err__set(&e, -EINVAL, "%s", why);
	if (!rc)
		rc = print(&s, argv[3], (int)width);
	if (rc)
		fprintf(stderr, "%s: %s\n", argv[1], e.text[0] ? e.text : strerror(-rc));
	store_writer__free(s.writer);
	ledger__free(s.ledger);
	if (s.source)
		s.source->ops->free(s.source);
	if (s.in)
		fclose(s.in);
	causes__free(s.causes);
	return rc ? 1 : 0;
}
