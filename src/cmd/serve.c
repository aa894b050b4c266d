// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE /* open_memstream */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/cmd.h"
#include "cmd/lately.h"
#include "cmd/output.h"
#include "cmd/session.h"
#include "host/mounted.h"
#include "host/usage.h"
#include "model/pseudo.h"
#include "report/format.h"
#include "serve/expo.h"
#include "serve/http.h"
#include "serve/metrics.h"

#define DEFAULT_ADDRESS "127.0.0.1:9758"
#define DEFAULT_INTERVAL_NS (15 * NSEC_PER_SEC)
#define COST_WINDOW_NS (10 * NSEC_PER_SEC)
#define STEP_MS 1000 /* at most; the source wants to be asked sooner */

static const struct cmd_spec spec = {
	.name = "serve",
	.verb = VERB_SERVE,
	.synopsis = "[OPTIONS]",
	.about = "Trace, and answer HTTP: /metrics for Prometheus, as text or OpenMetrics; /report "
		 "the report of the last minutes, as text, JSON or a page; /healthz. Or write the "
		 "metrics to a file. Ends after --duration, when all -p processes are "
		 "gone, or at Ctrl-C. Exit status: 0 fine, 1 failed, 2 usage.",
	.examples = "  aiostall serve                       http://127.0.0.1:9758/metrics\n"
		    "  aiostall serve --fs ext4,xfs         series of these types only\n"
		    "  aiostall serve --textfile /var/lib/prometheus/node-exporter/aiostall.prom\n",
};

struct serve {
	const struct cmd_opts *opts;
	struct session *session;
	struct lately *lately;
	struct http *http; /* NULL = only a file is written */
	struct mounted *mounted;
	int64_t started_unix_ns;
	uint64_t next_file_ns;
	bool file_failed;		    /* and that was said */
	bool detached;			    /* for --max-cpu */
	uint64_t window_ns, window_cost_ns; /* when it began, and the cost until then */
};

/* ---- metrics ---- */

static void want_causes(const struct serve *s, struct brief *b, struct brief_fs *f)
{
	const struct causes *causes = session__causes(s->session);
	const struct cause *c;

	for (size_t i = 0; (c = causes__at(causes, i)); i++)
		if (metrics__expects(f->fstype, c->id))
			brief__want_cause(b, f, c->id);
}

/* What is mounted has its series, with 0, before anything happens there. */
static void want_mounted(const struct serve *s, struct brief *b)
{
	const struct live_filter *l = &s->opts->live.filter;
	const struct view_filter filter = {
		.fstypes = l->fstypes,
		.nr_fstypes = l->nr_fstypes,
		.mounts = l->mounts,
		.nr_mounts = l->nr_mounts,
		.devices = l->devices,
		.nr_devices = l->nr_devices,
	};
	size_t nr = mounted__refresh(s->mounted);

	for (size_t i = 0; i < nr; i++) {
		const struct mounted_fs *m = mounted__at(s->mounted, i);
		const struct fs_info fs = {m->major,   m->minor, m->fstype, m->device, m->mount,
					   m->options, API_AIO,	 0,	    0};
		struct brief_fs *f =
			view_filter__wants_fs(&filter, &fs) ? brief__want_fs(b, &fs) : NULL;

		if (f)
			want_causes(s, b, f);
	}
}

/* "other" comes with the filesystem, and so before who sleeps there. */
static void want_others(struct labels *l, const struct brief *b)
{
	for (size_t i = 0; l && i < b->nr_fs; i++) {
		const struct fs_info fs = {.api = b->fs[i].api,
					   .fstype = b->fs[i].fstype,
					   .device_name = b->fs[i].device};

		labels__want(l, &fs);
	}
}

/* Somebody has them now. */
static void metrics_are_told(const struct serve *s)
{
	struct labels *l = lately__labels(s->lately);

	if (l)
		labels__told(l);
}

static int64_t print_metrics(const struct serve *s, FILE *out, bool openmetrics, struct err *e)
{
	struct usage u = usage__now();
	struct brief b;
	struct metrics m = {
		.brief = &b,
		.capture = session__capture(s->session),
		.self = {u.cpu_ns, u.resident_bytes, u.open_fds, s->started_unix_ns},
		.attached = !s->detached,
		.labels = lately__labels(s->lately),
	};
	int64_t samples = session__brief(s->session, &b, e);

	lately__take(s->lately);
	if (!samples)
		want_mounted(s, &b);
	if (!samples && b.failed)
		samples = err__set(e, -ENOMEM, "out of memory");
	if (!samples) {
		brief__sort(&b);
		want_others(m.labels, &b);
		samples = metrics__print(out, &m, openmetrics);
	}
	brief__free(&b);
	return samples;
}

static int write_file(const struct serve *s, int64_t *samples, struct err *e)
{
	struct output *o = output__open(s->opts->textfile, e);
	struct stat st;

	if (!o)
		return -EIO;
	/* a new file is for another program, of another user; one that is replaced keeps its mode */
	if (!fstat(output__fd(o), &st) && S_ISREG(st.st_mode) && fchmod(output__fd(o), 0644))
		log__print(LOG_WARN, "%s: cannot be made readable: %s", s->opts->textfile,
			   strerror(errno));
	*samples = print_metrics(s, output__file(o), false, e);
	if (*samples >= 0 && !output__commit(o, e)) {
		metrics_are_told(s);
		output__free(o);
		return 0;
	}
	/* the stream knows better why it failed */
	if (!*e->text && !output__flush(o, e))
		err__set(e, -EIO, "cannot write %s", s->opts->textfile);
	output__free(o);
	return -EIO;
}

/* A disk that is full now has room later: said once, and tried again. */
static void write_file_if_due(struct serve *s)
{
	uint64_t now_ns = clock__mono_ns();
	struct err e = {0};
	int64_t samples;

	if (!s->opts->textfile || now_ns < s->next_file_ns)
		return;
	s->next_file_ns = now_ns + s->opts->interval_ns;
	if (!write_file(s, &samples, &e))
		s->file_failed = false;
	else if (!s->file_failed) {
		cmd__fail(&e);
		s->file_failed = true;
	}
}

/* ---- answers ---- */

static void answer_metrics(struct serve *s, const struct request_head *head, struct http_reply *r)
{
	bool openmetrics = expo__wants_openmetrics(head->accept);
	FILE *out = open_memstream(&r->body, &r->size);
	struct err e = {0};

	r->type = expo__content_type(openmetrics);
	if (!out || print_metrics(s, out, openmetrics, &e) < 0)
		r->status = 503;
	if (out)
		fclose(out);
	if (r->status != 200) {
		free(r->body);
		r->body = NULL;
	} else if (!head->is_head) {
		metrics_are_told(s);
	}
}

/* How a report may be asked for: by ?format=, by a suffix of the path, by Accept. */
static const struct report_type {
	const char *format, *suffix, *type, *content;
} report_types[] = {
	{"text", ".txt", "text/plain", "text/plain; charset=utf-8"},
	{"html", ".html", "text/html", "text/html; charset=utf-8"},
	{"json", ".json", "application/json", "application/json"},
	{"csv", ".csv", "text/csv", "text/csv; charset=utf-8"},
	{"folded", ".folded", "text/plain", "text/plain; charset=utf-8"},
};

static const struct report_type *type_by_name(const char *format, const char *suffix)
{
	for (size_t i = 0; i < ARRAY_SIZE(report_types); i++)
		if (!strcmp(format ? format : suffix,
			    format ? report_types[i].format : report_types[i].suffix))
			return &report_types[i];
	return NULL;
}

/* What a client likes best of the first ones; text for who does not say, as curl. */
static const struct report_type *type_accepted(const char *accept)
{
	const struct report_type *best = NULL;
	unsigned int most = 0;

	for (size_t i = 0; i < 3; i++) {
		unsigned int weight = request__weight(accept, report_types[i].type);

		if (weight > most) {
			most = weight;
			best = &report_types[i];
		}
	}
	return best;
}

static const struct report_type *type_asked(const struct request_head *head, const char *suffix)
{
	char name[32];

	if (request__parameter(head->query, "format", name, sizeof(name)))
		return type_by_name(name, NULL);
	return *suffix ? type_by_name(NULL, suffix) : type_accepted(head->accept);
}

static void answer_report(struct serve *s, const struct request_head *head, const char *suffix,
			  struct http_reply *r)
{
	const struct format_opts opts = {.width = 100, .top = s->opts->top};
	const struct report_type *type = type_asked(head, suffix);
	const struct report *report;
	struct err e = {0};
	char all[8];
	FILE *out;

	if (!type) {
		r->status = *suffix ? 404 : 406;
		return;
	}
	report = lately__report(s->lately, request__parameter(head->query, "all", all, sizeof(all)),
				&e);
	out = report ? open_memstream(&r->body, &r->size) : NULL;
	if (!out || format__print(format__find(type->format), out, report, &opts))
		r->status = 503;
	if (out)
		fclose(out);
	r->type = type->content;
}

static void answer_text(struct http_reply *r, const char *text)
{
	r->type = "text/plain; charset=utf-8";
	r->body = strdup(text);
	r->size = strlen(text);
}

static void answer_health(const struct serve *s, struct http_reply *r)
{
	if (s->detached)
		r->status = 503;
	else
		answer_text(r, "ok\n");
}

static void answer(void *ctx, const struct request_head *head, struct http_reply *r)
{
	struct serve *s = ctx;

	if (!strcmp(head->path, "/metrics"))
		answer_metrics(s, head, r);
	else if (!strncmp(head->path, "/report", 7) && (!head->path[7] || head->path[7] == '.'))
		answer_report(s, head, head->path + 7, r);
	else if (!strcmp(head->path, "/healthz"))
		answer_health(s, r);
	else if (!strcmp(head->path, "/"))
		answer_text(r, "aiostall " AIOSTALL_VERSION "\n"
			       "/metrics        for Prometheus\n"
			       "/report         the last minutes, by Accept or as text\n"
			       "/report.html    the same as a page\n"
			       "/report.json    and for programs\n"
			       "/report?all=1   what was seen since the start\n"
			       "/healthz        ok, as long as it traces\n");
	else
		r->status = 404;
}

/* ---- what it costs ---- */

static void begin_window(struct serve *s)
{
	bool whole;

	s->window_ns = clock__mono_ns();
	s->window_cost_ns = session__cost_ns(s->session, &whole);
	if (s->opts->max_cpu > 0 && !whole)
		log__print(LOG_WARN,
			   "--max-cpu: what the programs cost in the kernel is not counted "
			   "without CAP_SYS_ADMIN, only what aiostall itself does");
}

static int watch_cost(struct serve *s, struct err *e)
{
	uint64_t now_ns = clock__mono_ns(), took_ns = now_ns - s->window_ns, cost_ns;
	char share[16], most[16];
	bool whole;

	if (s->opts->max_cpu <= 0 || s->detached || took_ns < COST_WINDOW_NS)
		return 0;
	cost_ns = session__cost_ns(s->session, &whole) - s->window_cost_ns;
	if ((double)cost_ns <= s->opts->max_cpu * (double)took_ns) {
		s->window_ns = now_ns;
		s->window_cost_ns += cost_ns;
		return 0;
	}
	s->detached = true;
	log__print(
		LOG_ERROR,
		"tracing took %s of a CPU for ten seconds, more than --max-cpu %s: the probes are "
		"off, and the counters stand still",
		fmt__percent((double)cost_ns / (double)took_ns, share, sizeof(share)),
		fmt__percent(s->opts->max_cpu, most, sizeof(most)));
	if (session__detach(s->session, e))
		return -EIO;
	lately__stop(s->lately);
	return 0;
}

/* ---- the loop ---- */

static int serve_until_over(struct serve *s, struct err *e)
{
	struct pollfd fds[HTTP_POLLFDS];
	int rc = 0;

	while (!rc) {
		size_t nr = s->http ? http__pollfds(s->http, fds) : 0;

		rc = session__step(s->session, STEP_MS, fds, nr, e);
		if (rc < 0)
			return rc;
		if (lately__step(s->lately, e))
			return -EIO;
		if (s->http)
			http__turn(s->http, answer, s);
		write_file_if_due(s);
		if (!rc && watch_cost(s, e))
			return -EIO;
	}
	return 0;
}

static int open_http(struct serve *s, struct err *e)
{
	const struct cmd_opts *o = s->opts;

	s->http = o->listen ? NULL : http__inherit(e);
	if (s->http || *e->text)
		return s->http ? 0 : -EINVAL;
	if (!o->listen && o->textfile)
		return 0;
	s->http = http__listen(o->listen ? o->listen : DEFAULT_ADDRESS, e);
	return s->http ? 0 : -EINVAL;
}

/* How much there will be to keep is asked before anybody scrapes. */
static void say_how_many(const struct serve *s, int64_t samples)
{
	const struct causes *causes = session__causes(s->session);
	const struct labels *labels = lately__labels(s->lately);
	size_t nr_fs = mounted__refresh(s->mounted), nr_causes = PSEUDO_CAUSES;
	char most[32], of_one[32], words[64];

	while (causes__at(causes, nr_causes - PSEUDO_CAUSES))
		nr_causes++;
	fprintf(stderr,
		"%lld series now; at most %s for the %s, if io_submit and io_uring were used on "
		"each and had every cause there; at most %s for one more\n",
		(long long)samples,
		fmt__count(metrics__most(nr_fs, nr_causes, labels), most, sizeof(most)),
		fmt__many(nr_fs, "filesystem{|s} now mounted", words, sizeof(words)),
		fmt__count(metrics__most(1, nr_causes, labels) -
				   metrics__most(0, nr_causes, labels),
			   of_one, sizeof(of_one)));
}

static int say_where(struct serve *s, struct err *e)
{
	FILE *nowhere = fopen("/dev/null", "we");
	int64_t samples = nowhere ? print_metrics(s, nowhere, false, e) : -errno;
	char where[96];

	if (nowhere)
		fclose(nowhere);
	if (samples < 0)
		return *e->text ? -EIO : err__set(e, -EIO, "cannot print the metrics");
	if (s->http)
		fprintf(stderr, "serving http://%s/metrics\n",
			http__where(s->http, where, sizeof(where)));
	say_how_many(s, samples);
	return 0;
}

static int run(struct serve *s, struct err *e)
{
	int64_t samples;
	int rc = open_http(s, e);

	if (rc)
		return rc;
	s->mounted = mounted__new("", e);
	s->session = s->mounted ? session__new(s->opts, e) : NULL;
	s->lately = s->session ? lately__new(s->session, s->opts, e) : NULL;
	if (!s->lately || say_where(s, e))
		return -EIO;
	begin_window(s);
	if (s->opts->textfile) {
		rc = write_file(s, &samples, e);
		s->next_file_ns = clock__mono_ns() + s->opts->interval_ns;
	}
	return rc ? rc : serve_until_over(s, e);
}

int cmd_serve(int argc, char **argv)
{
	struct serve s = {.started_unix_ns = clock__wall_ns()};
	struct cmd_opts opts;
	struct err e = {0};
	int status = options__parse(&opts, &spec, argc, argv);

	if (status == OPTIONS_GO) {
		s.opts = &opts;
		if (!opts.interval_ns)
			opts.interval_ns = DEFAULT_INTERVAL_NS;
		/* the kernel counts the time of programs for who asks */
		opts.live.self = opts.max_cpu > 0;
		status = run(&s, &e) ? cmd__fail(&e) : CMD_OK;
		lately__free(s.lately);
		session__free(s.session);
		mounted__free(s.mounted);
		http__free(s.http);
	}
	options__free(&opts);
	return status;
}
