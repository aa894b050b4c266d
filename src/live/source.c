// SPDX-License-Identifier: GPL-2.0
#include "live/source.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "live/attach.h"
#include "live/before.h"
#include "live/calls.h"
#include "live/files.h"
#include "live/names.h"
#include "live/processes.h"
#include "live/recycle.h"
#include "live/rows.h"
#include "live/sample.h"
#include "live/self.h"
#include "live/skipped.h"
#include "live/spill.h"
#include "live/stacks.h"
#include "live/tables.h"
#include "live/turn.h"
#include "aiostall.skel.h"
#include "live/decode.h"
#include "live/ended.h"

/* Powers of two times the least. */
#define POLL_MOST_MS 64
#define POLL_LEAST_MS 2

/* ---- events ---- */

void source__stall(struct live *lv, const struct wire_stall *w, struct ev_stall *ev)
{
	*ev = (struct ev_stall){
		.end_ns = w->hdr.ts_ns,
		.blocked_ns = w->blocked_ns,
		.runqueue_ns = w->runqueue_ns,
		.call_seq = w->call_seq,
		.sleep_no = w->sleep_no,
		.plane = (enum plane)w->plane,
		.submitter_tid = w->submitter_tid,
		.who = {w->pid, w->tid, w->comm, w->cgroup_id,
			cgroups__path(lv->cgroups, w->cgroup_id)},
		.held_up_requests = decode__held_up(&w->req),
		.state = w->state,
		.iowait = w->iowait,
		.waker_kind = (enum waker_kind)w->waker_kind,
		.waker_pid = w->waker_pid,
		.waker_tid = w->waker_tid,
		.waker_comm = w->waker_kind == WIRE_WAKER_TASK ? w->waker_comm : "",
		.lock_kind = (enum lock_kind)w->lock_kind,
		.holder_pid = w->holder_pid,
		.holder_tid = w->holder_tid,
		.holder_comm = w->holder_comm,
		.stack = live_stacks__of(lv, w->stack_id),
		.user_stack = live_stacks__of(lv, w->user_stack_id),
		.fs = live_names__fs(lv, w->req.fs, w->req.mnt_id, w->req.fstype, w->pid),
	};
	decode__request(&w->req, &ev->req);
	ev->req.path = live_files__path(lv, &w->req, w->pid);
}

static void deliver_stall(struct live *lv, const struct wire_stall *w)
{
	struct ev_stall ev;

	source__stall(lv, w, &ev);
	if (ev.fs)
		lv->to->stall(lv->to->ctx, &ev);
}

static void deliver_submit(struct live *lv, const struct wire_submit *w)
{
	struct ev_submit ev = {
		.end_ns = w->hdr.ts_ns,
		.wall_ns = w->wall_ns,
		.on_cpu_ns = w->on_cpu_ns,
		.blocked_ns = w->blocked_ns,
		.runqueue_ns = w->runqueue_ns,
		.preempted_ns = w->preempted_ns,
		.waited_ns = w->waited_ns,
		.waits = w->waits,
		.call_seq = w->call_seq,
		.sleeps = w->sleeps,
		.preemptions = w->preemptions,
		.nr = w->nr,
		.fs_count = w->fs_count,
		.ret = w->ret,
		.who = {w->pid, w->tid, w->comm, w->cgroup_id,
			cgroups__path(lv->cgroups, w->cgroup_id)},
		.fs = live_names__fs(lv, w->fs, w->mnt_id, w->fstype, w->pid),
	};

	if (ev.fs)
		lv->to->submit(lv->to->ctx, &ev);
}

static int on_record(void *ctx, void *data, size_t size)
{
	struct live *lv = ctx;
	union wire_record rec;

	if (decode__record(data, size, &rec))
		lv->malformed++;
	else if (rec.hdr.kind == WIRE_SUBMIT)
		deliver_submit(lv, &rec.submit);
	else if (!turn__holds(lv, &rec.stall))
		deliver_stall(lv, &rec.stall);
	return 0;
}

int source__ring_new(struct live *lv)
{
	lv->poll_ms = POLL_MOST_MS;
	lv->ring = ring_buffer__new(bpf_map__fd(lv->skel->maps.ring), on_record, lv, NULL);
	return lv->ring ? 0 : -errno;
}

/*
 * The reader looks the more often the fuller it finds the ring: at a sixteenth
 * of its size twice as often as before.
 */
static void adapt_polling(struct live *lv, uint64_t used)
{
	uint64_t size = bpf_map__max_entries(lv->skel->maps.ring);

	if (used > lv->self.ring_peak_bytes)
		lv->self.ring_peak_bytes = used;
	if (used > size / 16 && lv->poll_ms > POLL_LEAST_MS)
		lv->poll_ms /= 2;
	else if (used < size / 64 && lv->poll_ms < POLL_MOST_MS)
		lv->poll_ms *= 2;
}

int source__consume(struct live *lv, const struct sink *to)
{
	int n;

	adapt_polling(lv, self__ring_used(lv));
	mounts__refresh(lv->mounts);
	lv->to = to;
	n = ring_buffer__consume(lv->ring);
	lv->to = NULL;
	return n < 0 ? n : 0;
}

static int consume(struct live *lv, const struct sink *to)
{
	int rc;

	turn__release(lv, to);
	rc = source__consume(lv, to);
	spill__deliver(lv, to, false);
	return rc;
}

/* ---- counters ---- */

/* What calls that have not ended add to the rows. */
struct partial {
	struct wire_fs_key key;
	struct fs_counts counts;
	struct wire_call_fs fs; /* to name the row, if no call of it has ended */
	uint32_t pid;
	bool delivered;
	UT_hash_handle hh;
};

static void partial_add(struct partial **table, struct wire_fs_key key, const struct wire_call *c,
			int fs, uint64_t now)
{
	struct partial *p;

	HASH_FIND(hh, *table, &key, sizeof(key), p);
	if (!p) {
		p = calloc(1, sizeof(*p));
		if (!p)
			return;
		p->key = key;
		p->pid = c->pid;
		if (fs >= 0)
			p->fs = c->fs[fs];
		HASH_ADD(hh, *table, key, sizeof(key), p);
		if (!p->hh.tbl) {
			free(p);
			return;
		}
	}
	decode__add_unfinished(c, fs, now, &p->counts);
}

static struct partial *partials(struct live *lv, uint64_t now)
{
	struct wire_fs_key total = {.dev = 0, .kind = WIRE_FS_TOTAL};
	struct partial *table = NULL;
	struct wire_call c;
	uint32_t number = 0;

	/* when such a call began is not known */
	if (capture__sleeps_only(&lv->capture))
		return NULL;
	while (calls__next(lv, &number, &c)) {
		if (c.state == WIRE_CALL_IDLE || c.thread != WIRE_THREAD_OWN)
			continue;
		lv->in_flight += c.state != WIRE_CALL_ASLEEP;
		partial_add(&table, total, &c, -1, now);
		for (int i = 0; i < (int)c.nr_fs && i < WIRE_FS_PER_CALL; i++)
			partial_add(&table, c.fs[i].key, &c, i, now);
	}
	return table;
}

static void partials_free(struct partial *table)
{
	struct partial *p, *next;

	HASH_ITER(hh, table, p, next)
	{
		HASH_DEL(table, p);
		free(p);
	}
}

static void add_partial(struct partial *table, struct wire_fs_key key, struct fs_counts *to)
{
	struct partial *p;

	HASH_FIND(hh, table, &key, sizeof(key), p);
	if (!p)
		return;
	p->delivered = true;
	to->c.wall_ns += p->counts.c.wall_ns;
	to->c.on_cpu_ns += p->counts.c.on_cpu_ns;
	to->c.runqueue_ns += p->counts.c.runqueue_ns;
	to->c.preempted_ns += p->counts.c.preempted_ns;
	to->c.blocked_elsewhere_ns += p->counts.c.blocked_elsewhere_ns;
}

/* The row that has the filesystem's key now, or that had it before. */
static uint32_t find_row(const struct live *lv, const struct wire_fs_key *key, bool leaving,
			 uint32_t from)
{
	struct wire_fs_key other;

	for (uint32_t n = from; n < lv->nr_rows; n++)
		if (live_rows__key(lv, n, &other) && !memcmp(key, &other, sizeof(other)) &&
		    recycle__is_leaving(lv, n) == leaving)
			return n;
	return lv->nr_rows;
}

/* A filesystem whose row was about to go when it came back has several. */
static void add_earlier(const struct live *lv, const struct wire_fs_key *key,
			struct fs_counts *counts)
{
	for (uint32_t n = 0; lv->nr_leaving; n++) {
		n = find_row(lv, key, true, n);
		if (n == lv->nr_rows)
			return;
		live_rows__add(lv, n, counts);
	}
}

static const struct fs_info *name_row(struct live *lv, uint32_t n)
{
	struct wire_fs named = live_rows__named(lv, n);
	struct wire_fs_key key;

	if (!live_rows__key(lv, n, &key))
		return NULL;
	return live_names__fs(lv, key, named.mnt_id, named.fstype, named.pid);
}

static void deliver_totals(struct live *lv, const struct sink *to, struct partial *unfinished)
{
	struct wire_fs_key total = {.kind = WIRE_FS_TOTAL};
	struct fs_counts counts = {0};

	live_rows__add(lv, ROWS_TOTAL, &counts);
	add_partial(unfinished, total, &counts);
	to->totals(to->ctx, &counts);
}

static void deliver_row(struct live *lv, const struct sink *to, struct wire_fs_key key, uint32_t n,
			struct partial *unfinished)
{
	struct wire_fs named = live_rows__named(lv, n);
	struct fs_counts counts = {0};
	const struct fs_info *fs;

	/* what has it now delivers both */
	if (recycle__is_leaving(lv, n) && find_row(lv, &key, false, 0) < lv->nr_rows)
		return;
	live_rows__add(lv, n, &counts);
	if (!recycle__is_leaving(lv, n))
		add_earlier(lv, &key, &counts);
	add_partial(unfinished, key, &counts);
	fs = live_names__fs(lv, key, named.mnt_id, named.fstype, named.pid);
	if (fs)
		to->fs_counts(to->ctx, fs, &counts);
}

/* Rows that have no call but unfinished ones: a filesystem that hangs. */
static void deliver_unended_rows(struct live *lv, const struct sink *to, struct partial *unfinished)
{
	struct partial *p, *next;
	const struct fs_info *fs;

	HASH_ITER(hh, unfinished, p, next)
	{
		if (p->delivered)
			continue;
		if (p->key.kind == WIRE_FS_TOTAL) {
			to->totals(to->ctx, &p->counts);
			continue;
		}
		p->fs.fstype[WIRE_FSTYPE_LEN - 1] = '\0';
		fs = live_names__fs(lv, p->key, p->fs.mnt_id, p->fs.fstype, p->pid);
		if (fs)
			to->fs_counts(to->ctx, fs, &p->counts);
	}
}

static void deliver_rows(struct live *lv, const struct sink *to, struct partial *unfinished)
{
	struct wire_fs_key key;
	struct loss loss;

	for (uint32_t n = 0; n < lv->nr_rows; n++)
		if (live_rows__key(lv, n, &key))
			deliver_row(lv, to, key, n, unfinished);
	deliver_totals(lv, to, unfinished);
	deliver_unended_rows(lv, to, unfinished);
	decode__losses(lv->skel->bss->losses, &loss);
	loss.in_flight = lv->in_flight;
	loss.malformed = lv->malformed;
	loss.stacks += lv->stacks_lost;
	loss.events += lv->spills_lost;
	loss.skipped = *lv->capture.skips_unknown ? 0 : lv->skipped;
	to->loss(to->ctx, &loss);
}

static void recycle_rows(struct live *lv, const struct sink *to)
{
	if (!recycle__is_due(lv))
		return;
	deliver_rows(lv, to, NULL);
	recycle__rows(lv, to, name_row);
}

/*
 * Nobody wakes us from inside the stall path (that would preempt the traced
 * thread), so this sleeps its time and then takes what has come.
 */
static int live_poll(struct source *src, const struct sink *to, int timeout_ms)
{
	struct live *lv = (struct live *)src;
	int ms = timeout_ms < (int)lv->poll_ms ? timeout_ms : (int)lv->poll_ms;
	struct timespec t = {0, ms * 1000000L};

	nanosleep(&t, NULL);
	live_names__refresh(lv);
	recycle__name_new(lv, name_row);
	recycle_rows(lv, to);
	ended__reap(lv);
	return consume(lv, to);
}

int source__counters(struct source *src, const struct sink *to)
{
	skipped__read((struct live *)src);
	deliver_rows((struct live *)src, to, NULL);
	return 0;
}

/* ---- the end ---- */

static void deliver_asleep(struct live *lv, const struct sink *to, const struct wire_call *c,
			   uint64_t now)
{
	char comm[WIRE_COMM_LEN + 1] = "";
	struct ev_unfinished ev = {
		.age_ns = now > c->since_ns ? now - c->since_ns : 0,
		.who = {c->pid, c->tid, comm, c->cgroup_id,
			cgroups__path(lv->cgroups, c->cgroup_id)},
		.plane = decode__plane(c),
		.submitter_tid = c->submitter_tid,
		.held_up_requests = decode__held_up(&c->req),
		.state = c->task_state,
		.stack = live_stacks__of(lv, c->stack_id),
	};

	memcpy(comm, c->comm, WIRE_COMM_LEN);
	if (!c->req.fs.kind && c->nr_fs == 1)
		ev.fs = live_names__fs(lv, c->fs[0].key, c->fs[0].mnt_id, c->fs[0].fstype, c->pid);
	else
		ev.fs = live_names__fs(lv, c->req.fs, c->req.mnt_id, c->req.fstype, c->pid);
	decode__request(&c->req, &ev.req);
	ev.req.path = live_files__path(lv, &c->req, c->pid);
	if (ev.fs)
		to->unfinished(to->ctx, &ev);
}

static void deliver_unfinished(struct live *lv, const struct sink *to, uint64_t now)
{
	struct wire_call c;
	uint32_t number = 0;

	while (calls__next(lv, &number, &c))
		if (c.state == WIRE_CALL_ASLEEP && !decode__is_wait(&c))
			deliver_asleep(lv, to, &c, now);
}

/* Rows as of that instant, with the share of calls that go on, samples, and who sleeps. */
static void deliver_present(struct live *lv, const struct sink *to, uint64_t now)
{
	struct partial *unfinished = partials(lv, now);

	deliver_rows(lv, to, unfinished);
	partials_free(unfinished);
	sample__deliver(lv, to);
	processes__deliver(lv, to);
	deliver_unfinished(lv, to, now);
}

/* With the probes on: a call that ends while this reads may count as going on. */
static int live_now(struct source *src, const struct sink *to)
{
	struct live *lv = (struct live *)src;
	int rc = turn__begin_cut(lv, to);

	before__deliver_left(lv, to);
	if (!rc)
		deliver_present(lv, to, clock__mono_ns());
	turn__end_cut(lv);
	return rc;
}

static void live_asleep(struct source *src, const struct sink *to)
{
	deliver_unfinished((struct live *)src, to, clock__mono_ns());
	before__deliver_left((struct live *)src, to);
}

static void live_processes(struct source *src, const struct sink *to)
{
	processes__deliver((struct live *)src, to);
}

static int live_patience_ms(struct source *src)
{
	return (int)((struct live *)src)->poll_ms;
}

static int live_finish(struct source *src, const struct sink *to)
{
	struct live *lv = (struct live *)src;
	uint64_t now;
	int rc;

	before__deliver(lv, to);
	/* One instant for everything: taking the probes off takes a tenth of a second, beside the rest. */
	lv->skel->bss->tracing_on = 0;
	now = clock__mono_ns();
	skipped__read(lv);
	skipped__end(lv);
	self__end(lv);
	attach__begin_undo(lv);
	lv->capture.duration_ns = now - lv->started_ns;
	/* those programs that have not seen tracing end have ended now, or when they are taken off */
	if (!spill__deliver(lv, to, true))
		attach__undo(lv);
	rc = consume(lv, to);
	if (!rc)
		deliver_present(lv, to, now);
	return rc;
}

static const struct capture_info *live_capture(struct source *src)
{
	struct live *lv = (struct live *)src;

	if (lv->skel->bss->tracing_on)
		lv->capture.duration_ns = clock__mono_ns() - lv->started_ns;
	return &lv->capture;
}

static void live_free(struct source *src)
{
	struct live *lv = (struct live *)src;

	if (!lv)
		return;
	attach__undo(lv);
	beside__wait(&lv->reading_symbols);
	if (lv->skel)
		tables__drop(lv);
	self__free(lv);
	ring_buffer__free(lv->ring);
	recycle__close(lv);
	calls__close(lv);
	live_rows__close(lv);
	free(lv->held);
	aiostall_bpf__destroy(lv->skel);
	if (lv->cgroup_fd >= 0)
		close(lv->cgroup_fd);
	live_names__free(lv);
	free(lv);
}

static uint64_t live_cost_ns(struct source *src, bool *whole)
{
	return self__cost_ns((struct live *)src, whole);
}

const struct source_ops live_ops = {
	.poll = live_poll,
	.counters = source__counters,
	.cut = turn__cut,
	.finish = live_finish,
	.now = live_now,
	.asleep = live_asleep,
	.processes = live_processes,
	.patience_ms = live_patience_ms,
	.cost_ns = live_cost_ns,
	.capture = live_capture,
	.free = live_free,
};
