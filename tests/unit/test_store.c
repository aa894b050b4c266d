// SPDX-License-Identifier: GPL-2.0
/* Every field of every event survives a recording; what is no recording is refused. */
#define _GNU_SOURCE /* open file description locks */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <assert.h>
#include <cmocka.h>

#include "store/codec.h"
#include "store/input.h"
#include "store/load.h"
#include "store/schema.h"
#include "store/store.h"
#include "store/vfs.h"
#include "store/writer.h"

/*
 * A field that these structs gain changes their size: give it a column, or a place in a key or in
 * info, then a line in this test, and then the new size here.
 */
#if UINTPTR_MAX == UINT64_MAX
static_assert(sizeof(struct ev_stall) == 240, "a new field of a stall must survive a recording");
static_assert(sizeof(struct ev_stalls) == 240 + 104 + sizeof(struct hist), "... of many");
static_assert(sizeof(struct ev_submit) == 136, "... of a submit");
static_assert(sizeof(struct ev_unfinished) == 152, "... of a sleep that has not ended");
static_assert(sizeof(struct ev_sample) == 24, "... of a sample");
static_assert(sizeof(struct who) == 32 && sizeof(struct request) == 72, "... of their parts");
static_assert(sizeof(struct fs_info) == 56,
	      "... of a filesystem (counted is the live counters' alone)");
static_assert(sizeof(struct capture_info) == 392, "... of a capture (self is stat's alone)");
#endif

static const char *frames[] = {"io_schedule", "with\nnewline", "back\\slash", "io_submit_one"};
static const struct stack stack = {77, 4, frames}, user_stack = {78, 1, frames + 3};
static const struct fs_info fs = {8, 17, "ext4", "sdb1", "/data", "rw,noatime", API_URING, 0, 0};
static const struct who who = {11, 12, "comm\x1b[31m", 0xfedcba9876543210, "/a/b"};

static const struct cause behind = {
	.id = "made.behind",
	.name = "what the holder sleeps for",
	.todo = "",
	.operator_advice = "",
	.author_advice = "",
};

static const struct ev_stall stall = {
	.end_ns = UINT64_MAX,
	.blocked_ns = 2000000,
	.runqueue_ns = 3,
	.call_seq = 4,
	.sleep_no = 5,
	.submitter_tid = 6,
	.who = who,
	.fs = &fs,
	.plane = PLANE_TASKWORK,
	.req = {.how = HOW_SCANNED,
		.index = 6,
		.nr = 7,
		.opcode = 8,
		.fd = -9,
		.offset = 10,
		.len_bytes = 11,
		.rw_flags = 12,
		.shape = SHAPE_NOWAIT | SHAPE_DIRECT,
		.ino = 14,
		.user_data = 0xfedcba9876543211,
		.path = "/data/\xff/file"},
	.held_up_requests = 15,
	.state = 16,
	.iowait = true,
	.waker_kind = WAKER_TASK,
	.waker_pid = 17,
	.waker_tid = 18,
	.waker_comm = "waker",
	.lock_kind = LOCK_RWSEM,
	.holder_pid = 19,
	.holder_tid = 20,
	.holder_comm = "holder",
	.behind = &behind,
	.stack = &stack,
	.user_stack = &user_stack,
};
static const struct ev_submit submit = {
	.end_ns = 21,
	.wall_ns = 2200000,
	.on_cpu_ns = 23,
	.blocked_ns = 24,
	.runqueue_ns = 25,
	.preempted_ns = 26,
	.waited_ns = 49,
	.waits = 50,
	.call_seq = 27,
	.sleeps = 0,
	.preemptions = 28,
	.nr = 29,
	.fs_count = 30,
	.ret = -11,
	.who = who,
	.fs = &fs,
};
static const struct ev_unfinished unfinished = {
	.age_ns = 31,
	.before_tracing = true,
	.who = who,
	.fs = &fs,
	.plane = PLANE_SQPOLL,
	.submitter_tid = 52,
	.req = {.how = HOW_EXACT,
		.index = 32,
		.nr = 33,
		.opcode = 34,
		.fd = 35,
		.offset = 36,
		.len_bytes = 37,
		.rw_flags = 38,
		.shape = 39,
		.ino = 40,
		.user_data = 51,
		.path = "/p"},
	.held_up_requests = 41,
	.state = 42,
	.stack = &stack,
};
static const struct ev_sample sample = {&fs, &stack, 43};
static const struct capture_info capture = {
	.host = {"host", "6.1.0", "x86_64", 44},
	.started_unix_ns = 45,
	.duration_ns = 46000000000,
	.command = "aiostall record",
	.filters = "-p 1",
	.probe[NEED_SUBMIT] = "fentry",
	.probe[NEED_REQUEST] = "scan",
	.probe[NEED_SWITCH] = "raw_tp",
	.probe[NEED_COMPLETE] = "kprobe",
	.probe[NEED_COMPAT] = "none",
	.probe[NEED_LOCK] = "tp_btf",
	.probe[NEED_ENTER] = "fentry",
	.probe[NEED_ENTER32] = "none",
	.probe[NEED_SQE] = "tp_btf",
	.probe[NEED_PUNT] = "tp_btf",
	.probe[NEED_TAKE] = "sleep",
	.skips = "enter_kprobe 3",
	.skips_unknown = "not counted",
	.sample_hz = 47,
	.child_ran = true,
	.child_status = 130,
	.user_stacks = true,
	.min_ns = 48,
};

struct seen {
	unsigned int stalls, submits, unfinished, samples, counts, losses, sums;
};

static void same_who(const struct who *w)
{
	assert_int_equal(w->pid, who.pid);
	assert_int_equal(w->tid, who.tid);
	assert_string_equal(w->comm, who.comm);
	assert_true(w->cgroup_id == who.cgroup_id);
	assert_string_equal(w->cgroup, who.cgroup);
}

static void same_request(const struct request *a, const struct request *b)
{
	assert_int_equal(a->how, b->how);
	assert_int_equal(a->index, b->index);
	assert_int_equal(a->nr, b->nr);
	assert_int_equal(a->opcode, b->opcode);
	assert_int_equal(a->fd, b->fd);
	assert_int_equal(a->offset, b->offset);
	assert_int_equal(a->len_bytes, b->len_bytes);
	assert_int_equal(a->rw_flags, b->rw_flags);
	assert_int_equal(a->shape, b->shape);
	assert_int_equal(a->ino, b->ino);
	assert_true(a->user_data == b->user_data);
	assert_string_equal(a->path, b->path);
}

static void same_stack(const struct stack *a, const struct stack *b)
{
	assert_non_null(a);
	assert_int_equal(a->depth, b->depth);
	for (uint32_t i = 0; i < a->depth; i++)
		assert_string_equal(a->frames[i], b->frames[i]);
}

static void same_fs(const struct fs_info *f)
{
	assert_int_equal(f->major, fs.major);
	assert_int_equal(f->minor, fs.minor);
	assert_string_equal(f->fstype, fs.fstype);
	assert_string_equal(f->device_name, fs.device_name);
	assert_string_equal(f->mount, fs.mount);
	assert_string_equal(f->mount_options, fs.mount_options);
	assert_int_equal(f->api, fs.api);
}

static int see_stall(void *ctx, const struct ev_stall *ev, const struct store_key *key)
{
	assert_true(ev->end_ns == stall.end_ns);
	assert_int_equal(ev->blocked_ns, stall.blocked_ns);
	assert_int_equal(ev->runqueue_ns, stall.runqueue_ns);
	assert_int_equal(ev->call_seq, stall.call_seq);
	assert_int_equal(ev->sleep_no, stall.sleep_no);
	assert_int_equal(ev->submitter_tid, stall.submitter_tid);
	same_who(&ev->who);
	same_fs(ev->fs);
	assert_int_equal(ev->plane, stall.plane);
	assert_int_equal(key->plane, stall.plane);
	same_request(&ev->req, &stall.req);
	assert_int_equal(ev->held_up_requests, stall.held_up_requests);
	assert_int_equal(ev->state, stall.state);
	assert_true(ev->iowait);
	assert_int_equal(ev->waker_kind, stall.waker_kind);
	assert_int_equal(ev->waker_pid, stall.waker_pid);
	assert_int_equal(ev->waker_tid, stall.waker_tid);
	assert_string_equal(ev->waker_comm, stall.waker_comm);
	assert_int_equal(ev->lock_kind, stall.lock_kind);
	assert_int_equal(ev->holder_pid, stall.holder_pid);
	assert_int_equal(ev->holder_tid, stall.holder_tid);
	assert_string_equal(ev->holder_comm, stall.holder_comm);
	assert_string_equal(ev->behind->id, behind.id);
	same_stack(ev->stack, &stack);
	same_stack(ev->user_stack, &user_stack);
	assert_string_equal(key->cause->id, CAUSE_UNKNOWN);
	((struct seen *)ctx)->stalls++;
	return 0;
}

static int see_submit(void *ctx, const struct ev_submit *ev)
{
	assert_int_equal(ev->end_ns, submit.end_ns);
	assert_int_equal(ev->wall_ns, submit.wall_ns);
	assert_int_equal(ev->on_cpu_ns, submit.on_cpu_ns);
	assert_int_equal(ev->blocked_ns, submit.blocked_ns);
	assert_int_equal(ev->runqueue_ns, submit.runqueue_ns);
	assert_int_equal(ev->preempted_ns, submit.preempted_ns);
	assert_int_equal(ev->waited_ns, submit.waited_ns);
	assert_int_equal(ev->waits, submit.waits);
	assert_int_equal(ev->call_seq, submit.call_seq);
	assert_int_equal(ev->sleeps, submit.sleeps);
	assert_int_equal(ev->preemptions, submit.preemptions);
	assert_int_equal(ev->nr, submit.nr);
	assert_int_equal(ev->fs_count, submit.fs_count);
	assert_int_equal(ev->ret, submit.ret);
	same_who(&ev->who);
	same_fs(ev->fs);
	((struct seen *)ctx)->submits++;
	return 0;
}

static int see_unfinished(void *ctx, const struct ev_unfinished *ev, const struct cause *cause)
{
	assert_int_equal(ev->age_ns, unfinished.age_ns);
	assert_true(ev->before_tracing);
	same_who(&ev->who);
	same_fs(ev->fs);
	assert_int_equal(ev->plane, unfinished.plane);
	assert_int_equal(ev->submitter_tid, unfinished.submitter_tid);
	same_request(&ev->req, &unfinished.req);
	assert_int_equal(ev->held_up_requests, unfinished.held_up_requests);
	assert_int_equal(ev->state, unfinished.state);
	same_stack(ev->stack, &stack);
	assert_string_equal(cause->id, CAUSE_UNKNOWN);
	((struct seen *)ctx)->unfinished++;
	return 0;
}

static int see_sample(void *ctx, const struct ev_sample *ev)
{
	same_fs(ev->fs);
	same_stack(ev->stack, &stack);
	assert_int_equal(ev->count, sample.count);
	((struct seen *)ctx)->samples++;
	return 0;
}

/* Numbers that differ from member to member. */
static void number(uint64_t *v, size_t n, uint64_t from)
{
	for (size_t i = 0; i < n; i++)
		v[i] = from + i;
}

static int see_counts(void *ctx, const struct fs_info *of, const struct fs_counts *c)
{
	struct fs_counts want;

	number((uint64_t *)&want, sizeof(want) / 8, of ? 1000 : 5000);
	if (of)
		same_fs(of);
	assert_memory_equal(c, &want, sizeof(want));
	((struct seen *)ctx)->counts++;
	return 0;
}

static int see_loss(void *ctx, const struct loss *l)
{
	struct loss want;

	number((uint64_t *)&want, sizeof(want) / 8, 70);
	/* the writer counts that one itself */
	want.model_evicted = l->model_evicted;
	assert_memory_equal(l, &want, sizeof(want));
	((struct seen *)ctx)->losses++;
	return 0;
}

static int see_sums(void *ctx, const struct store_key *key, const struct sleep_sum *sum,
		    const struct hist *h)
{
	assert_int_equal(sum->sleeps, 1);
	assert_int_equal(sum->blocked_ns, stall.blocked_ns);
	assert_int_equal(sum->runqueue_ns, stall.runqueue_ns);
	assert_int_equal(sum->max_ns, stall.blocked_ns);
	assert_int_equal(sum->held_up_requests, stall.held_up_requests);
	assert_int_equal(sum->iowait_sleeps, 1);
	assert_int_equal(sum->nowait_sleeps, 1);
	/* the fifth sleep of the call is the first that is seen of it */
	assert_int_equal(sum->further_sleeps, 0);
	assert_int_equal(sum->how[HOW_SCANNED], 1);
	assert_int_equal(h->n[hist__bucket(stall.blocked_ns)], 1);
	assert_int_equal(hist__count(h), 1);
	assert_int_equal(key->waker_kind, WAKER_TASK);
	assert_string_equal(key->waker, "waker");
	assert_int_equal(key->opcode, stall.req.opcode);
	((struct seen *)ctx)->sums++;
	return 0;
}

static char dir[] = "/tmp/test_store.XXXXXX";
static char path[64];

static void feed(const struct sink *to)
{
	struct fs_counts counts;
	struct loss loss;

	to->stall(to->ctx, &stall);
	to->submit(to->ctx, &submit);
	to->unfinished(to->ctx, &unfinished);
	to->sample(to->ctx, &sample);
	number((uint64_t *)&counts, sizeof(counts) / 8, 1000);
	to->fs_counts(to->ctx, &fs, &counts);
	number((uint64_t *)&counts, sizeof(counts) / 8, 5000);
	to->totals(to->ctx, &counts);
	number((uint64_t *)&loss, sizeof(loss) / 8, 70);
	to->loss(to->ctx, &loss);
}

static struct ledger *new_ledger(void)
{
	struct ledger *l = ledger__new(&(struct ledger_opts){.slow_threshold_ns = 1000});

	assert_non_null(l);
	return l;
}

static void record(void)
{
	const struct store_write_opts o = {.path = path,
					   .capture = &capture,
					   .started_mono_ns = 5,
					   .slow_ns = 1000,
					   .events = true,
					   .keep_ns = 100 * NSEC_PER_SEC,
					   .kernel_build = "#1",
					   .boot_id = "b",
					   .ledger = new_ledger()};
	struct store_writer *w;
	struct err e = {0};

	/* what earlier tests made of it is no recording, and would not be replaced */
	unlink(path);
	assert_int_equal(store_writer__new(&o, &w, &e), 0);
	store_writer__add_fact(w, "sysctl", "vm.swappiness", "60");
	store_writer__add_here(w, &fs, "blk.tag", "one\ntwo");
	store_writer__add_here(w, &fs, "blk.wbt", "");
	feed(store_writer__sink(w));
	assert_int_equal(store_writer__finish(w, &capture, 5 + NSEC_PER_SEC, &e), 0);
	store_writer__free(w);
	ledger__free(o.ledger);
}

/* Volumes that come and go, one a second, beside one that stays. */
static void record_volumes(uint32_t nr, uint64_t keep_ns, bool counted)
{
	const struct ledger_opts few = {.max_keys = 120};
	const struct store_write_opts o = {
		.path = path, .capture = &capture, .keep_ns = keep_ns, .ledger = ledger__new(&few)};
	struct ev_stall ev = {.blocked_ns = 10, .who = who, .stack = &stack};
	static struct fs_counts counts;
	struct store_writer *w;
	const struct sink *to;
	struct err e = {0};
	uint64_t now = 0;

	assert_non_null(o.ledger);
	unlink(path);
	assert_int_equal(store_writer__new(&o, &w, &e), 0);
	to = store_writer__sink(w);
	for (uint32_t i = 0; i < nr; i++) {
		const struct fs_info volume = {252, i, "xfs", "dm", "/pod", "rw", API_AIO, 0, 0};
		const struct fs_info *both[] = {&volume, &fs};

		for (size_t k = 0; k < 2; k++) {
			ev.fs = both[k];
			counts.c.sleeps = k ? i + 1 : 1;
			to->stall(to->ctx, &ev);
			if (counted)
				to->fs_counts(to->ctx, both[k], &counts);
		}
		to->fs_restart(to->ctx, &volume);
		now += NSEC_PER_SEC;
		/* the file is written beside this */
		while (!store_writer__is_due(w, now))
			usleep(1000);
		assert_int_equal(store_writer__commit(w, now, &e), 0);
	}
	assert_int_equal(store_writer__finish(w, &capture, now + NSEC_PER_SEC, &e), 0);
	store_writer__free(w);
	ledger__free(o.ledger);
}

static const struct report *report_of_file(struct load **loaded, struct store_input **read)
{
	struct store_input *in;
	struct err e = {0};

	*loaded = load__new(&(struct load_opts){0}, &e);
	in = *read = store_input__open(path, &e);
	assert_non_null(*loaded);
	assert_non_null(in);
	assert_int_equal(load__add(*loaded, in, &e), 0);
	return ledger__report(load__ledger(*loaded), NULL, load__capture(*loaded));
}

/* What has made room in the recorder has not in the file. */
static void test_filesystems_that_made_room_are_in_the_file(void **state)
{
	const struct report *r;
	struct load *loaded;
	struct store_input *in;

	(void)state;
	record_volumes(60, 0, true);
	r = report_of_file(&loaded, &in);
	assert_int_equal(r->nr_fs, 61);
	assert_int_equal(r->totals.sleeps, 0);
	for (size_t i = 0; i < r->nr_fs; i++)
		assert_int_equal(r->fs[i].c.sleeps, !strcmp(r->fs[i].fs->fstype, "xfs") ? 1 : 60);
	assert_int_equal(r->loss.model_evicted, 61 - 16);
	load__free(loaded);
	store_input__free(in);
}

/* A flight recorder has the rows of what is in the time that it keeps. */
static void leave_a_recorder(bool with_counters)
{
	const struct report *r;
	struct load *loaded;
	struct store_input *in;
	struct err e = {0};
	struct store *s;
	size_t rows = 0;

	record_volumes(60, 5 * NSEC_PER_SEC, with_counters);
	r = report_of_file(&loaded, &in);
	assert_in_range(r->nr_fs, 1 + 5, 1 + 7);
	for (size_t i = 0; i < r->nr_fs; i++) {
		assert_string_not_equal(r->fs[i].fs->fstype, "(other)");
		assert_in_range(r->fs[i].c.sleeps, 1, 7);
	}
	load__free(loaded);
	store_input__free(in);
	s = store__open(path, NULL, &e);
	assert_non_null(s);
	for (size_t i = 0; i < store__nr_fs(s); i++)
		rows += store__fs(s, i) != NULL;
	assert_in_range(rows, 1 + 5, 1 + 2 * 7);
	store__free(s);
}

static void test_filesystems_leave_a_recorder(void **state)
{
	(void)state;
	leave_a_recorder(true);
	leave_a_recorder(false);
}

static void same_capture(const struct capture_info *c)
{
	assert_string_equal(c->host.hostname, capture.host.hostname);
	assert_string_equal(c->host.kernel, capture.host.kernel);
	assert_string_equal(c->host.arch, capture.host.arch);
	assert_int_equal(c->host.cpus, capture.host.cpus);
	assert_int_equal(c->started_unix_ns, capture.started_unix_ns);
	assert_int_equal(c->duration_ns, capture.duration_ns);
	assert_string_equal(c->command, capture.command);
	assert_string_equal(c->filters, capture.filters);
	for (size_t i = 0; i < NEED_MAX; i++)
		assert_string_equal(c->probe[i], capture.probe[i]);
	assert_string_equal(c->skips, capture.skips);
	assert_string_equal(c->skips_unknown, capture.skips_unknown);
	assert_int_equal(c->sample_hz, capture.sample_hz);
	assert_true(c->child_ran);
	assert_int_equal(c->child_status, capture.child_status);
	assert_true(c->user_stacks);
	assert_int_equal(c->min_ns, capture.min_ns);
}

static void test_every_field_survives(void **state)
{
	struct seen seen = {0};
	const struct store_visitor v = {
		.ctx = &seen,
		.stall = see_stall,
		.submit = see_submit,
		.unfinished = see_unfinished,
		.sample = see_sample,
		.fs_counts = see_counts,
		.loss = see_loss,
		.stalls_hist = see_sums,
	};
	struct err e = {0};
	struct store *s;

	(void)state;
	record();
	s = store__open(path, NULL, &e);
	assert_non_null(s);
	same_capture(store__capture(s));
	assert_string_equal(store__fact(s, 0)->of, "vm.swappiness");
	assert_null(store__fact(s, 1));
	assert_int_equal(store__here(s, 0)->fs->minor, fs.minor);
	assert_string_equal(store__here(s, 0)->cause, "blk.tag");
	assert_string_equal(store__here(s, 0)->text, "one\ntwo");
	assert_null(store__here(s, 1));
	assert_true(store__info(s)->complete && store__info(s)->events);
	assert_int_equal(store__info(s)->started_mono_ns, 5);
	assert_int_equal(store__info(s)->slow_ns, 1000);
	assert_int_equal(store__read(s, NULL, &v, &e), 0);
	assert_int_equal(seen.stalls, 1);
	assert_int_equal(seen.submits, 1);
	assert_int_equal(seen.unfinished, 1);
	assert_int_equal(seen.samples, 1);
	assert_int_equal(seen.counts, 2);
	assert_int_equal(seen.losses, 1);
	assert_int_equal(seen.sums, 1);
	store__free(s);
}

static void many_of_stall(struct ev_stalls *ev, uint64_t sleeps)
{
	memset(ev, 0, sizeof(*ev));
	ev->longest = stall;
	ev->sum.sleeps = sleeps;
	ev->sum.blocked_ns = sleeps * 1000;
	ev->sum.runqueue_ns = sleeps * 10;
	ev->sum.held_up_requests = sleeps * 3;
	ev->sum.iowait_sleeps = sleeps - 1;
	ev->sum.nowait_sleeps = sleeps - 2;
	ev->sum.together = sleeps / 1000;
	ev->sum.max_ns = stall.blocked_ns;
	ev->sum.how[stall.req.how] = sleeps;
	hist__add(&ev->hist, 900, sleeps - 1);
	hist__add(&ev->hist, stall.blocked_ns, 1);
}

/* Two lots of 1000 and 2000, one stall by itself. */
static int see_many(void *ctx, const struct store_key *key, const struct sleep_sum *sum,
		    const struct hist *h)
{
	assert_int_equal(sum->sleeps, 3001);
	assert_int_equal(sum->blocked_ns, 3000 * 1000 + stall.blocked_ns);
	assert_int_equal(sum->runqueue_ns, 3000 * 10 + stall.runqueue_ns);
	assert_int_equal(sum->max_ns, stall.blocked_ns);
	assert_int_equal(sum->held_up_requests, 3000 * 3 + stall.held_up_requests);
	assert_int_equal(sum->iowait_sleeps, 999 + 1999 + 1);
	assert_int_equal(sum->nowait_sleeps, 998 + 1998 + 1);
	assert_int_equal(sum->together, 2);
	assert_true(sum->further_sleeps == SUBMITS_UNKNOWN);
	assert_int_equal(sum->how[HOW_SCANNED], 3001);
	assert_int_equal(h->n[hist__bucket(900)], 999 + 1999);
	assert_int_equal(h->n[hist__bucket(stall.blocked_ns)], 3);
	assert_int_equal(hist__count(h), 3001);
	assert_string_equal(key->path, stall.req.path);
	((struct seen *)ctx)->sums++;
	return 0;
}

static int see_counts_of_many(void *ctx, const struct fs_info *f, const struct fs_counts *counts)
{
	if (!f)
		return 0;
	/* of another plane than the submitter's own */
	assert_int_equal(counts->c.sleeps, 0);
	assert_int_equal(counts->c.taskwork_sleeps, 3001);
	assert_int_equal(counts->c.taskwork_blocked_ns, 3000 * 1000 + stall.blocked_ns);
	((struct seen *)ctx)->counts++;
	return 0;
}

/* Stalls that came in sums are in the sums, though the kernel's own counters may be missing. */
static void test_stalls_in_sums(void **state)
{
	const struct store_write_opts o = {.path = path,
					   .capture = &capture,
					   .started_mono_ns = 5,
					   .slow_ns = 1000,
					   .kernel_build = "#1",
					   .boot_id = "b",
					   .ledger = new_ledger()};
	struct seen seen = {0};
	const struct store_visitor v = {.ctx = &seen,
					.stall = see_stall,
					.stalls_hist = see_many,
					.fs_counts = see_counts_of_many};
	struct ev_stalls many;
	struct store_writer *w;
	struct err e = {0};
	struct store *s;

	(void)state;
	assert_int_equal(store_writer__new(&o, &w, &e), 0);
	many_of_stall(&many, 1000);
	store_writer__sink(w)->stalls(w, &many);
	store_writer__sink(w)->stall(w, &stall);
	many_of_stall(&many, 2000);
	store_writer__sink(w)->stalls(w, &many);
	assert_int_equal(store_writer__finish(w, &capture, 5 + NSEC_PER_SEC, &e), 0);
	store_writer__free(w);
	ledger__free(o.ledger);
	s = store__open(path, NULL, &e);
	assert_non_null(s);
	assert_int_equal(store__capture(s)->spilled, 3000);
	assert_int_equal(store__read(s, NULL, &v, &e), 0);
	assert_int_equal(seen.sums, 1);
	assert_int_equal(seen.stalls, 1);
	assert_int_equal(seen.counts, 1);
	store__free(s);
}

/* ---- who submitted, in files that follow one another ---- */

static struct ev_process process_of(uint32_t pid, const char *comm, uint64_t n)
{
	return (struct ev_process){.pid = pid,
				   .comm = comm,
				   .cgroup = "/a/b",
				   .submits = n,
				   .submits_blocked = n / 2,
				   .requests = 3 * n,
				   .sleeps = n / 2,
				   .blocked_ns = 1000 * n};
}

static void tell_process(struct store_writer *w, uint32_t pid, const char *comm, uint64_t n)
{
	const struct ev_process ev = process_of(pid, comm, n);

	store_writer__sink(w)->process(w, &ev);
}

static void tell_failed(struct store_writer *w, uint32_t pid, int err, uint64_t calls)
{
	const struct ev_failed ev = {.pid = pid, .err = err, .calls = calls};

	store_writer__sink(w)->failed(w, &ev);
}

struct who_seen {
	struct ev_process of[4]; /* pid 0 to 3 */
	char comm[4][16];
	uint64_t failed[40];
};

static int see_process(void *ctx, const struct ev_process *ev)
{
	struct who_seen *seen = ctx;

	assert_in_range(ev->pid, 0, 3);
	seen->of[ev->pid] = *ev;
	snprintf(seen->comm[ev->pid], sizeof(seen->comm[0]), "%s", ev->comm);
	assert_string_equal(ev->cgroup, "/a/b");
	return 0;
}

static int see_failed(void *ctx, const struct ev_failed *ev)
{
	assert_in_range(ev->err, 1, 39);
	((struct who_seen *)ctx)->failed[ev->err] += ev->calls;
	return 0;
}

static struct who_seen who_in(const char *file, const struct store_range *range)
{
	struct who_seen seen = {0};
	const struct store_visitor v = {.ctx = &seen, .process = see_process, .failed = see_failed};
	struct err e = {0};
	struct store *s = store__open(file, NULL, &e);

	assert_non_null(s);
	assert_int_equal(store__read(s, range, &v, &e), 0);
	store__free(s);
	return seen;
}

static void same_process(const struct who_seen *seen, uint32_t pid, uint64_t n)
{
	const struct ev_process want = process_of(pid, "", n);

	assert_int_equal(seen->of[pid].submits, want.submits);
	assert_int_equal(seen->of[pid].submits_blocked, want.submits_blocked);
	assert_int_equal(seen->of[pid].requests, want.requests);
	assert_int_equal(seen->of[pid].sleeps, want.sleeps);
	assert_int_equal(seen->of[pid].blocked_ns, want.blocked_ns);
}

/* A source tells of all since tracing began: each file has its own part, whoever is told apart. */
static void test_who_submitted_while_a_file_was_written(void **state)
{
	char second[80];
	struct store_write_opts o = {.path = path,
				     .capture = &capture,
				     .started_mono_ns = 5,
				     .kernel_build = "#1",
				     .boot_id = "b",
				     .ledger = new_ledger()};
	const struct store_range some = {.until_ns = 1};
	struct store_writer *w;
	struct who_seen seen;
	struct err e = {0};

	(void)state;
	snprintf(second, sizeof(second), "%s.2", path);
	assert_int_equal(store_writer__new(&o, &w, &e), 0);
	assert_int_equal(store_writer__begin(w, &e), 0);
	tell_process(w, 1, "stays", 100);
	tell_process(w, 2, "goes", 40);
	tell_process(w, 0, "", 10);
	tell_failed(w, 1, 22, 3);
	tell_failed(w, 2, 22, 4);
	o.path = second;
	o.started_mono_ns = 5 + NSEC_PER_SEC;
	assert_int_equal(store_writer__rotate(w, &o, &e), 0);
	/* pid 2, whose figures are 50 by then, is not told apart any more */
	tell_process(w, 1, "renamed", 160);
	tell_process(w, 0, "", 10 + 50 + 6);
	tell_process(w, 3, "new", 8);
	tell_failed(w, 1, 22, 3);
	tell_failed(w, 0, 22, 9);
	tell_failed(w, 3, 11, 1);
	assert_int_equal(store_writer__finish(w, &capture, 5 + 2 * NSEC_PER_SEC, &e), 0);
	store_writer__free(w);
	ledger__free(o.ledger);
	seen = who_in(path, NULL);
	same_process(&seen, 1, 100);
	same_process(&seen, 2, 40);
	same_process(&seen, 0, 10);
	assert_int_equal(seen.failed[22], 7);
	seen = who_in(second, NULL);
	same_process(&seen, 1, 60);
	assert_string_equal(seen.comm[1], "renamed");
	same_process(&seen, 2, 0);
	same_process(&seen, 0, 16);
	same_process(&seen, 3, 8);
	assert_int_equal(seen.failed[22], 5);
	assert_int_equal(seen.failed[11], 1);
	seen = who_in(second, &some);
	same_process(&seen, 1, 0);
	unlink(second);
}

/* Overwrite bytes of the recording. */
static void patch(long at, const void *bytes, size_t n)
{
	FILE *f = fopen(path, "r+b");

	assert_non_null(f);
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static void refused(const char *why)
{
	struct err e = {0};
	struct store *s = store__open(path, NULL, &e);

	assert_null(s);
	assert_non_null(strstr(e.text, why));
}

static void test_newer_versions_are_refused_with_both_named(void **state)
{
	(void)state;
	record();
	patch(60, "\0\0\0\x63", 4);
	refused("version 99 ");
	refused("up to version 7");
}

static void test_other_databases_are_refused(void **state)
{
	(void)state;
	record();
	patch(68, "\0\0\0\0", 4);
	refused("not written");
	record();
	patch(18, "\2\2", 2);
	refused("write-ahead");
	record();
	assert_int_equal(truncate(path, 50), 0);
	refused("not an SQLite file");
	assert_int_equal(unlink(path), 0);
	refused("No such file");
}

static void test_damaged_pages_are_an_error(void **state)
{
	char junk[4096];

	(void)state;
	memset(junk, 0xa5, sizeof(junk));
	record();
	patch(3 * 4096, junk, sizeof(junk));
	refused("damaged");
	record();
	assert_int_equal(truncate(path, 6 * 4096), 0);
	refused("damaged");
}

/* As SQLite's writer holds it while readers must wait: five seconds, then it is said why. */
static void test_a_file_that_is_being_written_is_waited_for(void **state)
{
	struct flock l = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000000, .l_len = 1};
	struct err e = {0};
	struct store *s;
	int fd, status;
	pid_t writer;

	(void)state;
	record();
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &l), 0);
	refused("another process is using it");
	writer = fork();
	if (!writer) {
		usleep(100000);
		_exit(0);
	}
	close(fd);
	s = store__open(path, NULL, &e);
	assert_non_null(s);
	store__free(s);
	assert_int_equal(waitpid(writer, &status, 0), writer);
}

static void test_histogram_blobs(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} bad[] = {
		{"\x80", 1}, /* a distance without a count */
		{"\x00", 1}, /* a byte too many */
		{"\xc0\x00", 2},
		{"\x40", 1},	     /* a distance cut short */
		{"\x00\x8c\xc0", 3}, /* of 281 */
		{"\x80\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff", 18}};
	struct hist h = {0}, back = {0};
	uint8_t blob[CODEC_HIST_MAX];
	size_t n;

	(void)state;
	h.n[0] = UINT64_MAX;
	h.n[7] = 1;
	h.n[8] = 1ULL << 29; /* from here on a window does not hold a number */
	h.n[9] = 1ULL << 28;
	h.n[HIST_BUCKETS - 1] = 300;
	n = codec__put_hist(&h, blob);
	assert_int_equal(codec__add_hist(blob, n, &back), 0);
	assert_memory_equal(&h, &back, sizeof(h));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true(codec__add_hist((const uint8_t *)bad[i].bytes, bad[i].size, &back) < 0);
}

static int make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/run.db", dir);
	return 0;
}

static int remove_dir(void **state)
{
	char old[80];

	(void)state;
	snprintf(old, sizeof(old), "%s.old", path);
	unlink(path);
	unlink(old);
	return rmdir(dir);
}

/* Whatever SQLite is made to do: the file is not written to, and no other is there. */
static void test_a_file_from_elsewhere_is_only_read(void **state)
{
	struct err e = {0};
	struct store_input *in;
	sqlite3_vfs *vfs;
	sqlite3_file *f;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_MAIN_DB, is = 1;
	char byte = 0, text[8] = "x";
	double days = 0;

	(void)state;
	record();
	in = store_input__open(path, &e);
	vfs = vfs__new(in);
	assert_non_null(vfs);
	f = calloc(1, (size_t)vfs->szOsFile);
	assert_int_equal(vfs->xOpen(vfs, "/etc/passwd", f, flags, &flags), SQLITE_CANTOPEN);
	assert_int_equal(vfs->xOpen(vfs, NULL, f, flags, &flags), SQLITE_CANTOPEN);
	assert_int_equal(vfs->xOpen(vfs, VFS_FILE, f, flags, &flags), SQLITE_OK);
	assert_true(flags & SQLITE_OPEN_READONLY);
	assert_int_equal(f->pMethods->xWrite(f, &byte, 1, 0), SQLITE_READONLY);
	assert_int_equal(f->pMethods->xTruncate(f, 0), SQLITE_READONLY);
	assert_int_equal(f->pMethods->xSync(f, 0), SQLITE_OK);
	assert_int_equal(f->pMethods->xLock(f, SQLITE_LOCK_RESERVED), SQLITE_READONLY);
	assert_int_equal(f->pMethods->xLock(f, SQLITE_LOCK_SHARED), SQLITE_OK);
	assert_int_equal(f->pMethods->xLock(f, SQLITE_LOCK_SHARED), SQLITE_OK);
	assert_int_equal(f->pMethods->xCheckReservedLock(f, &is), SQLITE_OK);
	assert_int_equal(is, 0);
	assert_int_equal(vfs->xDelete(vfs, VFS_FILE, 0), SQLITE_READONLY);
	assert_int_equal(vfs->xSleep(vfs, 1), 1);
	assert_int_equal(vfs->xRandomness(vfs, sizeof(text), text), sizeof(text));
	assert_int_equal(text[0], 0);
	assert_int_equal(vfs->xCurrentTime(vfs, &days), SQLITE_OK);
	assert_true(days > 2461000 && days < 2600000);
	f->pMethods->xClose(f);
	free(f);
	vfs__free(vfs);
	store_input__free(in);
}

static void test_what_is_no_regular_file_is_refused(void **state)
{
	struct err e = {0};
	struct store_input *in;
	char journal[80];
	int fds[2];

	(void)state;
	assert_null(store_input__open("/dev/zero", &e));
	assert_non_null(strstr(e.text, "not a regular file"));
	assert_null(store_input__open(dir, &e));
	record();
	snprintf(journal, sizeof(journal), "%s-journal", path);
	assert_int_equal(mkfifo(journal, 0600), 0);
	assert_null(store_input__open(path, &e));
	assert_int_equal(unlink(journal), 0);
	/* a hole of a terabyte */
	assert_int_equal(truncate(path, 1LL << 40), 0);
	assert_null(store_input__open(path, &e));
	assert_non_null(strstr(e.text, "larger than"));
	record();
	in = store_input__open(path, &e);
	store_input__fds(in, fds);
	assert_true(fds[0] >= 0 && fds[1] < 0);
	assert_true(store_input__weight(in) > 4096);
	store_input__free(in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_file_from_elsewhere_is_only_read),
		cmocka_unit_test(test_what_is_no_regular_file_is_refused),
		cmocka_unit_test(test_every_field_survives),
		cmocka_unit_test(test_stalls_in_sums),
		cmocka_unit_test(test_who_submitted_while_a_file_was_written),
		cmocka_unit_test(test_filesystems_that_made_room_are_in_the_file),
		cmocka_unit_test(test_filesystems_leave_a_recorder),
		cmocka_unit_test(test_newer_versions_are_refused_with_both_named),
		cmocka_unit_test(test_other_databases_are_refused),
		cmocka_unit_test(test_damaged_pages_are_an_error),
		cmocka_unit_test(test_a_file_that_is_being_written_is_waited_for),
		cmocka_unit_test(test_histogram_blobs),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
