// SPDX-License-Identifier: GPL-2.0
/* The report for people: what to do comes first, the evidence below it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "model/ledger.h"
#include "model/loss.h"
#include "report/beside.h"
#include "report/formats.h"
#include "report/print.h"
#include "report/text_causes.h"
#include "report/text_glance.h"
#include "report/text_notes.h"
#include "report/text_self.h"
#include "report/text_sync.h"
#include "report/text_uring.h"
#include "report/text_who.h"

#define MAX_UNFINISHED 16

static bool has(const char *text)
{
	return text && *text;
}

static void print_loss(struct print *p, const struct report *r)
{
	char text[1024];

	if (!r->incomplete)
		return;
	loss__words(&r->loss, LOSS_INCOMPLETE, text, sizeof(text));
	print__para(p, PRINT_ALARM, "INCOMPLETE: ", "%s; the figures are lower bounds",
		    *text ? text : "some data was lost");
	if (r->loss.skipped && (r->capture->child_ran || has(r->capture->filters)))
		print__para(
			p, PRINT_PLAIN, "",
			"Some of the skipped calls may be of threads that are not traced: at most "
			"%llu are missing.",
			(unsigned long long)r->loss.skipped);
	print__line(p, PRINT_PLAIN, "%s", "");
}

/* "2026-01-01 00:00:00 UTC": of this reader's zone; "" = not known. */
static void date_of(int64_t unix_ns, char *buf, size_t size)
{
	time_t secs = (time_t)(unix_ns / (int64_t)NSEC_PER_SEC);
	struct tm tm;

	buf[0] = '\0';
	if (unix_ns > 0 && localtime_r(&secs, &tm))
		strftime(buf, size, "%Y-%m-%d %H:%M:%S %Z", &tm);
}

static void print_capture(struct print *p, const struct report *r)
{
	const struct capture_info *c = r->capture;
	char dur[16], date[64], calls[80] = "sleeps only, submits were not counted", requests[32];

	if (!capture__sleeps_only(c))
		snprintf(calls, sizeof(calls), "%llu submit%s of %s",
			 (unsigned long long)r->totals.submits, plural(r->totals.submits),
			 fmt__many(r->totals.requests, "request{|s}", requests, sizeof(requests)));
	date_of(c->started_unix_ns, date, sizeof(date));
	print__para(p, PRINT_PLAIN, "", "aiostall on %s, kernel %s %s, %u CPU%s: %s%straced %s, %s",
		    print__safe(p, c->host.hostname), print__safe(p, c->host.kernel),
		    print__safe(p, c->host.arch), c->host.cpus, plural(c->host.cpus), date,
		    *date ? ", " : "", fmt__duration(c->duration_ns, dur, sizeof(dur)), calls);
	if (has(c->filters))
		print__para(p, PRINT_PLAIN, "only: ", "%s", print__safe(p, c->filters));
	if (c->child_ran && c->child_stopped)
		print__line(p, PRINT_PLAIN,
			    "the command was still running and was ended with the tracing");
	else if (c->child_ran && c->child_status > 128)
		print__line(p, PRINT_ALARM, "the command was killed by signal %d",
			    c->child_status - 128);
	else if (c->child_ran)
		print__line(p, c->child_status ? PRINT_ALARM : PRINT_PLAIN,
			    "the command ended with status %d", c->child_status);
}

static void print_no_sleep_seen(struct print *p)
{
	print__line(p, PRINT_PLAIN, "%s", "");
	print__para(p, PRINT_BOLD, "",
		    "No sleep inside io_submit was seen: there is nothing to report.");
	print__para(
		p, PRINT_PLAIN, "  - ",
		"Either nothing calls it or no call blocks: with --probe submit=none calls are not "
		"counted. Try without it.");
}

static void print_lines(struct print *p, const char *lead, const char *lines)
{
	while (lines && *lines) {
		size_t len = strcspn(lines, "\n");
		char one[256];

		snprintf(one, sizeof(one), "%.*s", (int)(len < 255 ? len : 255), lines);
		print__para(p, PRINT_PLAIN, lead, "%s", print__safe(p, one));
		lines += len + (lines[len] == '\n');
	}
}

/* What was seen is one thing, what happened another. */
static void print_nothing_recorded(struct print *p, const char *why)
{
	print__line(p, PRINT_PLAIN, "%s", "");
	print__para(p, PRINT_BOLD, "", "There is nothing to report:");
	print_lines(p, "  - ", why);
}

/* Are calls of the 32-bit table out of sight? Recordings of old do not say. */
static bool misses_compat(const struct capture_info *c)
{
	return has(c->probe[NEED_COMPAT]) && !strcmp(c->probe[NEED_COMPAT], "none");
}

static bool misses_enter32(const struct capture_info *c)
{
	return has(c->probe[NEED_ENTER32]) && !strcmp(c->probe[NEED_ENTER32], "none");
}

static void print_nothing_seen(struct print *p, const struct report *r, const struct format_opts *o)
{
	print__line(p, PRINT_PLAIN, "%s", "");
	print__para(p, PRINT_BOLD, "", "No io_submit call was seen%s: there is nothing to report.",
		    text_uring__seen(r) ? ", nor a request of io_uring" : "");
	print_lines(p, "  now: ", o ? o->idle : NULL);
	print__para(p, PRINT_PLAIN, "  - ",
		    "Does the program use io_submit(2), i.e. libaio (fio: ioengine=libaio; "
		    "databases: native AIO)? `strace -f -c -p PID` tells.");
	print__para(p, PRINT_PLAIN, "  - ",
		    "%sPOSIX aio_*(3) of glibc (threads) and plain read/write are not traced.",
		    text_uring__seen(r) ? "" : "io_uring, ");
	if (misses_compat(r->capture))
		print__para(
			p, PRINT_PLAIN, "  - ",
			"Is it a 32-bit program, or does it make 32-bit system calls (int $0x80)? "
			"Such a call%s is seen here only if it sleeps: fentry and kprobe show "
			"all of them.%s",
			misses_enter32(r->capture) ? " of io_submit" : "",
			misses_enter32(r->capture)
				? " Of io_uring_enter it is not seen at all without fentry."
				: "");
	else if (misses_enter32(r->capture))
		print__para(
			p, PRINT_PLAIN, "  - ",
			"Is it a 32-bit program, or does it make 32-bit system calls (int "
			"$0x80)? Those of io_uring_enter are not seen here: fentry shows them.");
	print__para(p, PRINT_PLAIN, "  - ",
		    "Did the filters (-p, -t, -c, --cgroup, --fs, --mount, --device) exclude it? "
		    "Try without them.");
	print__para(p, PRINT_PLAIN, "  - ",
		    "Was it idle, or did it end before tracing began? Try a longer -d, or start it "
		    "with `-- CMD`.");
}

static void join_frames(const struct stack *s, size_t max, char *buf, size_t size)
{
	size_t used = 0;
	char frame[128];

	buf[0] = '\0';
	for (uint32_t i = 0; s && i < s->depth && i < max && used < size; i++) {
		esc__terminal(s->frames[i] ? s->frames[i] : "", frame, sizeof(frame));
		used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? " < " : "", frame);
	}
}

static void print_one_unfinished(struct print *p, const struct report_unfinished *u)
{
	const struct ev_unfinished *ev = &u->ev;
	char age[16], frames[8 * 132], role[64] = "";
	const char *fs = print__fs(p, ev->fs, p->width);

	fmt__duration(ev->age_ns, age, sizeof(age));
	if (ev->submitter_tid)
		snprintf(role, sizeof(role), " (%s of thread %u)",
			 ev->plane == PLANE_WORKER ? "worker" : "submits for the ring",
			 ev->submitter_tid);
	print__para(p, PRINT_ALARM, "  ", "%s pid %u tid %u%s: asleep for %s%s on %s",
		    print__safe(p, ev->who.comm), ev->who.pid, ev->who.tid, role,
		    ev->before_tracing ? "more than " : "", age, fs);
	print__para(p, PRINT_PLAIN, "    cause: ", "%s%s: %s", print__safe(p, u->cause_id),
		    u->doubt ? " (not certain)" : "", print__safe(p, u->cause_name));
	text_causes__doubt(p, u->doubt, false);
	text_causes__request(p, "    doing: ", &ev->req);
	if (ev->held_up_requests)
		print__line(p, PRINT_PLAIN, "    held up behind it: %u request%s of the same call",
			    ev->held_up_requests, plural(ev->held_up_requests));
	join_frames(ev->stack, 8, frames, sizeof(frames));
	print__para(p, PRINT_PLAIN, "    at: ", "%s", *frames ? frames : "(stack lost)");
}

/* A hung device never reaches a syscall exit: it must not hide below the figures of those that did. */
static void print_unfinished(struct print *p, const struct report *r)
{
	if (!r->long_asleep)
		return;
	print__para(p, PRINT_ALARM, "",
		    "STILL ASLEEP inside %s when tracing ended: %zu thread%s. A long age "
		    "means a "
		    "hung or very slow device.",
		    text_uring__asleep_in(r), r->nr_unfinished, plural(r->nr_unfinished));
	for (size_t i = 0; i < r->nr_unfinished && i < MAX_UNFINISHED; i++)
		print_one_unfinished(p, &r->unfinished[i]);
	if (r->nr_unfinished > MAX_UNFINISHED)
		print__line(p, PRINT_PLAIN, "  and %zu more (--format json has them all)",
			    r->nr_unfinished - MAX_UNFINISHED);
	print__line(p, PRINT_PLAIN, "%s", "");
}

enum fs_column {
	FS_NAME,
	FS_SUBMITS,
	FS_SHARE,
	FS_CTXSW,
	FS_BLOCKED,
	FS_P50,
	FS_P99,
	FS_MAX,
	FS_HELD,
	FS_COLUMNS,
};

/* The name takes what the others leave. */
static const struct column fs_columns[FS_COLUMNS] = {
	[FS_NAME] = {"FILESYSTEM", -1, 0, true}, [FS_SUBMITS] = {"SUBMITS", 7, 0, false},
	[FS_SHARE] = {"BLOCKED%", 8, 0, false},	 [FS_CTXSW] = {"CTXSW/IO", 8, 2, false},
	[FS_BLOCKED] = {"BLOCKED", 7, 0, false}, [FS_P50] = {"P50", 7, 1, false},
	[FS_P99] = {"P99", 7, 3, false},	 [FS_MAX] = {"MAX", 7, 0, false},
	[FS_HELD] = {"HELD-UP", 7, 4, false},
};

static void fs_cells(const struct report_fs *f, bool calls, char cell[FS_COLUMNS][16])
{
	fmt__count(f->c.submits, cell[FS_SUBMITS], 16);
	fmt__percent(f->blocked_share, cell[FS_SHARE], 16);
	snprintf(cell[FS_CTXSW], 16, "%.2f", f->ctxsw_per_io);
	for (int i = FS_SUBMITS; !calls && i <= FS_CTXSW; i++)
		snprintf(cell[i], 16, "?");
	/* sleeps of calls that are not counted here: they have not ended, or are of no one filesystem */
	if (f->c.sleeps && !f->c.submits_blocked)
		snprintf(cell[FS_SHARE], 16, "?");
	if (f->c.sleeps && !f->c.requests)
		snprintf(cell[FS_CTXSW], 16, "?");
	fmt__duration(f->c.blocked_ns, cell[FS_BLOCKED], 16);
	fmt__duration(f->sleep.p50, cell[FS_P50], 16);
	fmt__duration(f->sleep.p99, cell[FS_P99], 16);
	fmt__duration(f->sleep.max, cell[FS_MAX], 16);
	fmt__count(f->c.held_up_requests, cell[FS_HELD], 16);
	/* of what has not ended there are no figures */
	for (int i = FS_SHARE; !f->c.submits && !f->c.sleeps && i < FS_COLUMNS; i++)
		snprintf(cell[i], 16, "-");
}

/* f NULL: the header. */
static void print_fs_row(struct print *p, const struct report_fs *f, bool calls, unsigned int shown,
			 int room)
{
	const char *name = f ? print__fs(p, f->fs, room) : fs_columns[FS_NAME].name;
	char line[PRINT_MAX_WIDTH * 5], cell[FS_COLUMNS][16] = {""};
	int used;

	if (f)
		fs_cells(f, calls, cell);
	used = snprintf(line, sizeof(line), "%s%*s", name, room - print__columns(name), "");
	for (size_t i = FS_SUBMITS; i < FS_COLUMNS; i++) {
		if (shown & (1u << i))
			used += snprintf(line + used, sizeof(line) - (size_t)used, " %*s",
					 fs_columns[i].width, f ? cell[i] : fs_columns[i].name);
	}
	print__line(p, f ? PRINT_PLAIN : PRINT_BOLD, "%s", line);
}

/* A column of zeros tells nothing. */
static bool any_held_up(const struct report *r)
{
	for (size_t i = 0; i < r->nr_fs; i++)
		if (r->fs[i].fs->api == API_AIO && r->fs[i].c.held_up_requests)
			return true;
	return false;
}

static void print_table(struct print *p, const struct report *r, const struct format_opts *o)
{
	bool calls = !capture__sleeps_only(r->capture);
	/* a name that can be read is worth more than one figure of the distribution */
	int room, want = print__fs_room(p, r, API_AIO, 22);
	unsigned int held = 1u << FS_HELD, hidden = any_held_up(r) ? 0 : held;
	unsigned int shown = columns__fit(fs_columns, FS_COLUMNS, hidden, p->width,
					  want > 14 ? want : 14, &room);

	room = print__fs_room(p, r, API_AIO, room);
	print__line(p, PRINT_PLAIN, "%s", "");
	print_fs_row(p, NULL, calls, shown, room);
	for (size_t i = 0; i < r->nr_fs; i++)
		if (r->fs[i].fs->api == API_AIO)
			print_fs_row(p, &r->fs[i], calls, shown, room);
	if (!o || !o->legend) {
		print__para(p, PRINT_PLAIN, "", "%sMAX: of one sleep.%s More: --legend",
			    shown & (1u << FS_P99) ? "P99, " : "",
			    shown & held ? " HELD-UP: requests queued behind one." : "");
		return;
	}
	print__para(
		p, PRINT_PLAIN, "  ",
		"BLOCKED%%: submits that slept at least once. CTXSW/IO: sleeps per request, below "
		"0.1 is good. BLOCKED: time asleep, all submits together. P50, P99, MAX: of one "
		"sleep. HELD-UP: requests that waited behind a sleeping one of the same call.%s",
		calls ? " \"?\": of calls that have not ended, or are of no one filesystem."
		      : " \"?\": not known with --probe submit=none.");
}

static void print_slow(struct print *p, const struct report *r, const struct format_opts *o)
{
	size_t max = o && o->full ? LEDGER_SLOW_MAX : 2;
	char threshold[16];

	if (!r->slow_total)
		return;
	print__line(p, PRINT_PLAIN, "%s", "");
	print__para(p, PRINT_BOLD, "",
		    "SLOW BUT NOT BLOCKED: %llu submit%s took at least %s without sleeping: the "
		    "CPU was "
		    "the limit (long work in the call, or waiting for a CPU), not the filesystem.",
		    (unsigned long long)r->slow_total, plural(r->slow_total),
		    fmt__duration(r->slow_threshold_ns, threshold, sizeof(threshold)));
	for (size_t i = 0; i < r->nr_slow && i < max; i++) {
		const struct report_slow *s = &r->slow[i];
		char wall[16], cpu[16], queue[16], pre[16];

		print__para(p, PRINT_PLAIN, "  ",
			    "%s by %s pid %u on %s, %u request%s: on CPU %s, run queue %s, "
			    "preempted %s",
			    fmt__duration(s->wall_ns, wall, sizeof(wall)),
			    print__safe(p, s->who.comm), s->who.pid,
			    print__fs(p, s->fs, p->width / 2), s->nr, plural(s->nr),
			    fmt__duration(s->on_cpu_ns, cpu, sizeof(cpu)),
			    fmt__duration(s->runqueue_ns, queue, sizeof(queue)),
			    fmt__duration(s->preempted_ns, pre, sizeof(pre)));
	}
}

static void print_samples(struct print *p, const struct report *r)
{
	size_t max = 5;
	char n[16], share[16], frames[8 * 132];

	if (!r->capture->sample_hz)
		return;
	print__line(p, PRINT_PLAIN, "%s", "");
	print__para(p, PRINT_BOLD, "",
		    "ON CPU inside io_submit: %s sample%s at %llu a second on each CPU%s",
		    fmt__count(r->samples_total, n, sizeof(n)), plural(r->samples_total),
		    (unsigned long long)r->capture->sample_hz,
		    r->samples_total ? ", most often:" : "");
	for (size_t i = 0; i < r->nr_samples && i < max; i++) {
		const struct ev_sample *s = &r->samples[i];

		join_frames(s->stack, 5, frames, sizeof(frames));
		print__para(p, PRINT_PLAIN, "  ", "%s on %s: %s",
			    fmt__percent((double)s->count / (double)r->samples_total, share,
					 sizeof(share)),
			    print__fs(p, s->fs, p->width / 2), *frames ? frames : "(stack lost)");
	}
}

/* Which calls the report is about. */
static const char *calls_of(const struct report *r)
{
	if (!report__has_api(r, API_URING) && !r->totals.wait_calls)
		return "io_submit";
	return report__has_api(r, API_AIO) ? "io_submit and io_uring_enter" : "io_uring_enter";
}

static void print_conservation(struct print *p, const struct report *r)
{
	const struct counters *c = &r->totals;
	double wall = (double)c->wall_ns;
	char time[16], cpu[16], blocked[16], queue[16], pre[16], share[16], waited[64] = "";

	if (!c->wall_ns)
		return;
	if (c->waits)
		snprintf(waited, sizeof(waited), "waited for completions %s, ",
			 fmt__percent((double)c->waited_ns / wall, share, sizeof(share)));
	print__line(p, PRINT_PLAIN, "%s", "");
	print__para(p, PRINT_PLAIN, "",
		    "Of %s inside %s: %son CPU %s, blocked %s, run queue %s (woken, waiting for a "
		    "CPU), preempted %s.",
		    fmt__duration(c->wall_ns, time, sizeof(time)), calls_of(r), waited,
		    fmt__percent((double)c->on_cpu_ns / wall, cpu, sizeof(cpu)),
		    fmt__percent((double)c->blocked_ns / wall, blocked, sizeof(blocked)),
		    fmt__percent((double)c->runqueue_ns / wall, queue, sizeof(queue)),
		    fmt__percent((double)c->preempted_ns / wall, pre, sizeof(pre)));
}

struct body {
	const struct report *r;
	const struct format_opts *o;
};

static void put_tables(struct print *p, void *ctx, size_t part)
{
	const struct body *b = ctx;

	if (part) {
		text_who__table(p, b->r, b->o);
		return;
	}
	if (report__has_api(b->r, API_AIO))
		print_table(p, b->r, b->o);
	if (report__has_api(b->r, API_URING))
		text_uring__table(p, b->r, b->o);
}

static void put_causes(struct print *p, void *ctx, size_t part)
{
	const struct body *b = ctx;

	if (!text_causes__in_short(b->r, &b->r->fs[part], b->o))
		text_causes__print(p, &b->r->fs[part], b->o);
}

static void print_body(struct print *p, const struct report *r, const struct format_opts *o)
{
	struct body body = {r, o};

	beside__print(p, put_tables, &body, 2);
	beside__print(p, put_causes, &body, r->nr_fs);
	text_causes__left_out(p, r, o);
	text_who__failures(p, r);
	text_sync__print(p, r);
	print_slow(p, r, o);
	print_samples(p, r);
	print_conservation(p, r);
}

static void print_verdict_part(struct print *p, const struct report *r, const struct format_opts *o)
{
	print_loss(p, r);
	print_unfinished(p, r);
	text_glance__print(p, r, o);
}

static void print_evidence(struct print *p, const struct report *r, const struct format_opts *o)
{
	bool nothing = !r->totals.submits && !r->nr_fs && !r->nr_unfinished;

	print_capture(p, r);
	if (nothing && o && o->nothing)
		print_nothing_recorded(p, o->nothing);
	else if (nothing && capture__sleeps_only(r->capture))
		print_no_sleep_seen(p);
	else if (nothing)
		print_nothing_seen(p, r, o);
	else
		print_body(p, r, o);
	text_notes__print(p, r, o);
	text_self__print(p, r);
}

int text__print(FILE *out, const struct report *r, const struct format_opts *o)
{
	struct print *p = malloc(sizeof(*p));
	bool last = o && o->last && r->nr_fs;
	int rc;

	if (!p)
		return -ENOMEM;
	print__init(p, out, o);
	p->today_unix_ns = r->capture->started_unix_ns;
	if (!last)
		print_verdict_part(p, r, o);
	print_evidence(p, r, o);
	if (last) {
		print__line(p, PRINT_PLAIN, "%s", "");
		print_verdict_part(p, r, o);
	}
	rc = print__finish(p);
	free(p);
	return rc;
}
