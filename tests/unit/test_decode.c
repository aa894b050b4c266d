// SPDX-License-Identifier: GPL-2.0
/* Ring-buffer bytes: what is refused, what is repaired, and random ones through everything. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/base.h"
#include "cause/causes.h"
#include "live/decode.h"
#include "model/view.h"
#include "report/format.h"

#define ROUNDS 20000
#define ROUNDS_PER_REPORT 500

static struct wire_stall good_stall(void)
{
	struct wire_stall s;

	memset(&s, 0, sizeof(s));
	s.hdr = (struct wire_hdr){WIRE_STALL, sizeof(s), 1000};
	s.pid = 10;
	s.tid = 11;
	strcpy(s.comm, "db");
	s.blocked_ns = 500;
	s.waker_kind = WIRE_WAKER_TASK;
	strcpy(s.waker_comm, "kworker/0:1");
	s.req.how = WIRE_HOW_EXACT;
	s.req.index = 2;
	s.req.nr = 8;
	s.req.opcode = 1;
	s.req.fd = 7;
	strcpy(s.req.fstype, "ext4");
	return s;
}

static struct wire_submit good_submit(void)
{
	struct wire_submit s;

	memset(&s, 0, sizeof(s));
	s.hdr = (struct wire_hdr){WIRE_SUBMIT, sizeof(s), 1000};
	strcpy(s.comm, "db");
	s.wall_ns = 700;
	s.nr = 8;
	s.ret = -11;
	strcpy(s.fstype, "xfs");
	return s;
}

/* Decoded from memory of exactly this size, so that the sanitizer sees a read beyond it. */
static int decode_copy(const void *data, size_t size, union wire_record *out)
{
	void *copy = malloc(size ? size : 1);
	int rc;

	assert_non_null(copy);
	memcpy(copy, data, size);
	rc = decode__record(copy, size, out);
	free(copy);
	return rc;
}

static void test_good(void **state)
{
	const struct wire_stall stall = good_stall();
	const struct wire_submit submit = good_submit();
	union wire_record rec;

	(void)state;
	assert_int_equal(decode_copy(&stall, sizeof(stall), &rec), 0);
	assert_memory_equal(&rec.stall, &stall, sizeof(stall));
	assert_int_equal(decode_copy(&submit, sizeof(submit), &rec), 0);
	assert_memory_equal(&rec.submit, &submit, sizeof(submit));
}

static struct wire_spill good_spill(void)
{
	struct wire_spill w = {.sleeps = 7,
			       .blocked_ns = 700,
			       .runqueue_ns = 70,
			       .held_up_requests = 21,
			       .iowait_sleeps = 6,
			       .nowait_sleeps = 5,
			       .longest = good_stall()};

	w.hist[0] = 3;
	w.hist[WIRE_HIST_BUCKETS - 1] = 4;
	return w;
}

static void test_spill(void **state)
{
	const struct wire_spill w = good_spill();
	struct wire_stall longest;
	struct ev_stalls ev;

	(void)state;
	assert_int_equal(decode__spill(&w, &longest, &ev), 0);
	assert_memory_equal(&longest, &w.longest, sizeof(longest));
	assert_int_equal(ev.sum.sleeps, 7);
	assert_int_equal(ev.sum.blocked_ns, 700);
	assert_int_equal(ev.sum.runqueue_ns, 70);
	assert_int_equal(ev.sum.held_up_requests, 21);
	assert_int_equal(ev.sum.iowait_sleeps, 6);
	assert_int_equal(ev.sum.nowait_sleeps, 5);
	assert_int_equal(ev.hist.n[0], 3);
	assert_int_equal(ev.hist.n[WIRE_HIST_BUCKETS - 1], 4);
	assert_int_equal(hist__count(&ev.hist), 7);
}

static void test_bad_spill(void **state)
{
	struct wire_spill empty = good_spill(), odd = good_spill(), endless = good_spill();
	struct wire_stall longest;
	struct ev_stalls ev;

	(void)state;
	empty.sleeps = 0;
	assert_int_equal(decode__spill(&empty, &longest, &ev), -EBADMSG);
	odd.longest.req.how = WIRE_HOW_BATCH + 1;
	assert_int_equal(decode__spill(&odd, &longest, &ev), -EBADMSG);
	memset(endless.longest.comm, 'c', sizeof(endless.longest.comm));
	assert_int_equal(decode__spill(&endless, &longest, &ev), 0);
	assert_int_equal(strlen(longest.comm), WIRE_COMM_LEN - 1);
}

static void test_truncated(void **state)
{
	const struct wire_stall stall = good_stall();
	const struct wire_submit submit = good_submit();
	union wire_record rec;

	(void)state;
	for (size_t size = 0; size < sizeof(stall); size++)
		assert_int_equal(decode_copy(&stall, size, &rec), -EBADMSG);
	for (size_t size = 0; size < sizeof(submit); size++)
		assert_int_equal(decode_copy(&submit, size, &rec), -EBADMSG);
}

/* The ring buffer rounds sizes up. */
static void test_longer(void **state)
{
	struct {
		struct wire_submit submit;
		char more[40];
	} padded = {.submit = good_submit()};
	union wire_record rec;

	(void)state;
	memset(padded.more, 0xff, sizeof(padded.more));
	assert_int_equal(decode_copy(&padded, sizeof(padded), &rec), 0);
	assert_memory_equal(&rec.submit, &padded.submit, sizeof(rec.submit));
}

static void test_wrong_header(void **state)
{
	static const __u32 kinds[] = {0, 3, 4, 255, UINT32_MAX};
	static const __u32 sizes[] = {0,
				      16,
				      sizeof(struct wire_submit),
				      sizeof(struct wire_stall) - 1,
				      sizeof(struct wire_stall) + 8,
				      UINT32_MAX};
	struct wire_stall stall = good_stall();
	union wire_record rec;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		stall.hdr.kind = kinds[i];
		assert_int_equal(decode_copy(&stall, sizeof(stall), &rec), -EBADMSG);
	}
	/* a stall that says it is a submit is longer than one, but its size tells */
	stall.hdr.kind = WIRE_SUBMIT;
	assert_int_equal(decode_copy(&stall, sizeof(stall), &rec), -EBADMSG);
	stall.hdr.kind = WIRE_STALL;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		stall.hdr.size = sizes[i];
		assert_int_equal(decode_copy(&stall, sizeof(stall), &rec), -EBADMSG);
	}
}

static void test_unterminated(void **state)
{
	struct wire_stall stall = good_stall();
	struct wire_submit submit = good_submit();
	union wire_record rec;

	(void)state;
	memset(stall.comm, 'c', sizeof(stall.comm));
	memset(stall.waker_comm, 'w', sizeof(stall.waker_comm));
	memset(stall.req.fstype, 'f', sizeof(stall.req.fstype));
	assert_int_equal(decode_copy(&stall, sizeof(stall), &rec), 0);
	assert_string_equal(rec.stall.comm, "ccccccccccccccc");
	assert_string_equal(rec.stall.waker_comm, "wwwwwwwwwwwwwww");
	assert_string_equal(rec.stall.req.fstype, "fffffffffffffff");
	memset(submit.comm, 'c', sizeof(submit.comm));
	memset(submit.fstype, 'f', sizeof(submit.fstype));
	assert_int_equal(decode_copy(&submit, sizeof(submit), &rec), 0);
	assert_string_equal(rec.submit.comm, "ccccccccccccccc");
	assert_string_equal(rec.submit.fstype, "fffffffffffffff");
}

static void test_enums(void **state)
{
	struct wire_stall stall = good_stall();
	union wire_record rec;

	(void)state;
	for (__u32 how = 0; how <= UINT16_MAX; how++) {
		stall.req.how = (__u16)how;
		assert_int_equal(decode__record(&stall, sizeof(stall), &rec),
				 how <= WIRE_HOW_BATCH ? 0 : -EBADMSG);
	}
	stall = good_stall();
	for (__u32 waker = 0; waker < 100; waker++) {
		stall.waker_kind = waker;
		assert_int_equal(decode__record(&stall, sizeof(stall), &rec),
				 waker <= WIRE_WAKER_IRQ ? 0 : -EBADMSG);
	}
	stall.waker_kind = UINT32_MAX;
	assert_int_equal(decode__record(&stall, sizeof(stall), &rec), -EBADMSG);
	stall = good_stall();
	for (__u32 lock = 0; lock < 100; lock++) {
		stall.lock_kind = lock;
		assert_int_equal(decode__record(&stall, sizeof(stall), &rec),
				 lock <= WIRE_LOCK_OTHER ? 0 : -EBADMSG);
	}
	stall = good_stall();
	for (__u32 plane = 0; plane < 100; plane++) {
		stall.plane = plane;
		assert_int_equal(decode__record(&stall, sizeof(stall), &rec),
				 plane <= WIRE_PLANE_SQPOLL ? 0 : -EBADMSG);
	}
	stall = good_stall();
	for (__u16 api = 0; api < 100; api++) {
		stall.req.fs.api = api;
		assert_int_equal(decode__record(&stall, sizeof(stall), &rec),
				 api <= WIRE_API_URING ? 0 : -EBADMSG);
	}
}

/* An index that cannot be is not one: the stall stays, its request is not known. */
static void test_index(void **state)
{
	static const struct {
		__u16 how, want;
		__u32 index, nr, held_up;
	} rows[] = {
		{WIRE_HOW_EXACT, WIRE_HOW_EXACT, 0, 8, 7},
		{WIRE_HOW_SCANNED, WIRE_HOW_SCANNED, 7, 8, 0},
		{WIRE_HOW_SCANNED, WIRE_HOW_SCANNED, 0, UINT32_MAX, UINT32_MAX - 1},
		{WIRE_HOW_EXACT, WIRE_HOW_UNKNOWN, 8, 8, 0},
		{WIRE_HOW_SCANNED, WIRE_HOW_UNKNOWN, UINT32_MAX, 8, 0},
		{WIRE_HOW_EXACT, WIRE_HOW_UNKNOWN, 0, 0, 0},
		{WIRE_HOW_BATCH, WIRE_HOW_BATCH, 9, 8, 0},
		{WIRE_HOW_BATCH, WIRE_HOW_BATCH, 0, 8, 0},
		{WIRE_HOW_UNKNOWN, WIRE_HOW_UNKNOWN, 0, 8, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct wire_stall stall = good_stall();
		union wire_record rec;

		stall.req.how = rows[i].how;
		stall.req.index = rows[i].index;
		stall.req.nr = rows[i].nr;
		assert_int_equal(decode__held_up(&stall.req), rows[i].held_up);
		assert_int_equal(decode__record(&stall, sizeof(stall), &rec), 0);
		assert_int_equal(rec.stall.req.how, rows[i].want);
		assert_int_equal(decode__held_up(&rec.stall.req), rows[i].held_up);
		/* of io_uring a request may be known without its call */
		stall.req.fs.api = WIRE_API_URING;
		assert_int_equal(decode__record(&stall, sizeof(stall), &rec), 0);
		assert_int_equal(rec.stall.req.how, rows[i].nr ? rows[i].want : rows[i].how);
		assert_int_equal(decode__held_up(&rec.stall.req), rows[i].held_up);
	}
}

static void test_request(void **state)
{
	const struct wire_req w = {
		.offset = 1ULL << 40,
		.len = 65536,
		.ino = 99,
		.index = 2,
		.nr = 8,
		.fd = UINT32_MAX,
		.rw_flags = 5,
		.shape = WIRE_SHAPE_DIRECT,
		.opcode = 8,
		.how = WIRE_HOW_SCANNED,
	};
	struct request r;

	(void)state;
	decode__request(&w, &r);
	assert_int_equal(r.how, HOW_SCANNED);
	assert_int_equal(r.index, 2);
	assert_int_equal(r.nr, 8);
	assert_int_equal(r.opcode, 8);
	assert_int_equal(r.fd, -1);
	assert_true(r.offset == 1ULL << 40);
	assert_int_equal(r.len_bytes, 65536);
	assert_int_equal(r.rw_flags, 5);
	assert_int_equal(r.shape, SHAPE_DIRECT);
	assert_int_equal(r.ino, 99);
	assert_string_equal(r.path, "");
}

/* Two CPUs: figures add up, maxima do not. Every field has a value of its own. */
static void test_rows(void **state)
{
	struct wire_fs *w = calloc(1, sizeof(*w));
	struct fs_counts *to = calloc(1, sizeof(*to));
	const uint64_t *sum = (const uint64_t *)&to->c;
	uint64_t seen[sizeof(to->c) / sizeof(uint64_t)];

	(void)state;
	assert_non_null(w);
	assert_non_null(to);
	for (size_t i = 0; i < offsetof(struct wire_fs, mnt_id) / sizeof(__u64); i++)
		((__u64 *)w)[i] = 100 + i;
	for (size_t i = 0; i < WIRE_HIST_BUCKETS; i++) {
		w->sleep_hist[i] = UINT32_MAX;
		w->submit_hist[i] = (__u32)i;
	}
	decode__add_row(w, to);
	memcpy(seen, sum, sizeof(seen));
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++) {
		assert_true(seen[i] >= 100);
		for (size_t k = 0; k < i; k++)
			assert_true(seen[k] != seen[i]);
	}
	assert_int_equal(to->c.submits, w->submits);
	assert_int_equal(to->c.blocked_ns, w->blocked_ns);
	assert_int_equal(to->c.ops[7], w->ops[WIRE_OP_OTHER]);
	w->max_sleep_ns = 1;
	w->max_submit_ns = 1000;
	decode__add_row(w, to);
	assert_int_equal(to->c.submits, 2 * w->submits);
	assert_int_equal(to->c.below_min_ns, 2 * w->below_min_ns);
	assert_true(to->c.max_sleep_ns > 1);
	assert_int_equal(to->c.max_submit_ns, 1000);
	assert_true(to->sleep.n[WIRE_HIST_BUCKETS - 1] == 2ULL * UINT32_MAX);
	assert_int_equal(to->submit.n[7], 14);
	free(to);
	free(w);
}

/* The time of a call under way is in its present state, and the parts make up the whole. */
static void test_unfinished(void **state)
{
	static const struct {
		__u32 state;
		uint64_t on_cpu, preempted;
	} rows[] = {
		{WIRE_CALL_RUNNING, 100 + 500, 40},
		{WIRE_CALL_PREEMPTED, 100, 40 + 500},
		{WIRE_CALL_ASLEEP, 100, 40},
	};
	struct wire_call *call = calloc(1, sizeof(*call));
	struct fs_counts *to = calloc(1, sizeof(*to));

	(void)state;
	assert_non_null(call);
	assert_non_null(to);
	*call = (struct wire_call){.since_ns = 1000,
				   .on_cpu_ns = 100,
				   .blocked_ns = 70,
				   .runqueue_ns = 5,
				   .preempted_ns = 40};
	call->fs[1].blocked_ns = 30;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(to, 0, sizeof(*to));
		call->state = rows[i].state;
		decode__add_unfinished(call, 1, 1500, to);
		assert_int_equal(to->c.on_cpu_ns, rows[i].on_cpu);
		assert_int_equal(to->c.preempted_ns, rows[i].preempted);
		assert_int_equal(to->c.runqueue_ns, 5);
		assert_int_equal(to->c.wall_ns, rows[i].on_cpu + rows[i].preempted + 5 + 70);
		assert_int_equal(to->c.blocked_elsewhere_ns, 40);
	}
	/* the clock of another CPU may be behind, and the record is copied while it changes */
	memset(to, 0, sizeof(*to));
	call->state = WIRE_CALL_RUNNING;
	call->fs[1].blocked_ns = 71;
	decode__add_unfinished(call, 1, 999, to);
	assert_int_equal(to->c.on_cpu_ns, 100);
	assert_int_equal(to->c.blocked_elsewhere_ns, 0);
	/* the totals hold what the filter lets count; the rest is elsewhere */
	call->counted_ns = 70;
	decode__add_unfinished(call, -1, 1500, to);
	assert_int_equal(to->c.blocked_elsewhere_ns, 0);
	call->counted_ns = 50;
	decode__add_unfinished(call, -1, 1500, to);
	assert_int_equal(to->c.blocked_elsewhere_ns, 20);
	free(to);
	free(call);
}

/* Every cell of the kernel's table ends up in exactly one figure. */
static void test_losses(void **state)
{
	(void)state;
	for (size_t i = 0; i < WIRE_LOSS_MAX; i++) {
		__u64 cells[WIRE_LOSS_MAX] = {0};
		struct loss loss;
		uint64_t sum = 0;

		cells[i] = 7;
		decode__losses(cells, &loss);
		for (size_t k = 0; k < sizeof(loss) / sizeof(uint64_t); k++)
			sum += ((const uint64_t *)&loss)[k];
		assert_int_equal(sum, 7);
	}
}

/* xorshift64: the same bytes on every host. */
static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void random_bytes(uint64_t *seed, void *to, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((unsigned char *)to)[i] = (unsigned char)(next_random(seed) >> 32);
}

struct fuzz {
	uint64_t seed;
	struct causes *causes;
	struct ledger *ledger;
	struct fs_info fs[4];
	char fstype[4][WIRE_FSTYPE_LEN];
	struct stack stack[3];
	size_t decoded, refused;
};

static const char *fuzz_frames[] = {
	"io_schedule", "blk_mq_get_tag", "\x1b[2J",   "",
	"a;b c",       "\xff\xfe",	 "aio_write", "io_submit_one.constprop.0"};

static void fuzz__open(struct fuzz *f)
{
	struct ledger_opts opts = {.slow_threshold_ns = 1, .max_keys = 64};
	char err[512];

	f->seed = 0x9e3779b97f4a7c15;
	f->causes = causes__new(NULL, err, sizeof(err));
	assert_non_null(f->causes);
	opts.causes = f->causes;
	f->ledger = ledger__new(&opts);
	assert_non_null(f->ledger);
	for (uint32_t i = 0; i < ARRAY_SIZE(f->fs); i++) {
		random_bytes(&f->seed, f->fstype[i], sizeof(f->fstype[i]) - 1);
		f->fs[i] = (struct fs_info){
			i, UINT32_MAX - i, f->fstype[i], "d\n", "/m\x1b", "\x7f", API_AIO, 0, 0};
	}
	for (uint32_t i = 0; i < ARRAY_SIZE(f->stack); i++)
		f->stack[i] = (struct stack){i + 1, i * 4, fuzz_frames};
}

static void fuzz__close(struct fuzz *f)
{
	ledger__free(f->ledger);
	causes__free(f->causes);
}

/* Nothing that a terminal would obey, and no line wider than asked for. */
static void check_text(const char *text, size_t width)
{
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n"), columns = 0;

		for (size_t i = 0; i < len; i++) {
			unsigned char c = (unsigned char)line[i];

			assert_true(c >= 0x20 && c != 0x7f);
			columns += (c & 0xc0) != 0x80;
		}
		assert_true(columns <= width);
		line += len + (line[len] == '\n');
	}
}

static void check_json(const char *text)
{
	json_error_t why;
	json_t *root = json_loads(text, 0, &why);

	if (!root)
		fail_msg("line %d: %s", why.line, why.text);
	json_decref(root);
}

static void print_trace(struct fuzz *f, const struct ev_stall *ev)
{
	struct format_opts opts = {.width = 40 + (int)(next_random(&f->seed) % 120)};
	const char *id = "unknown";
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(trace_line__stall(out, ev, id, &opts), 0);
	assert_int_equal(fclose(out), 0);
	check_text(text, (size_t)opts.width);
	free(text);
	out = open_memstream(&text, &size);
	assert_non_null(out);
	assert_int_equal(trace_json__stall(out, ev, id, NULL), 0);
	assert_int_equal(fclose(out), 0);
	check_json(text);
	free(text);
}

static void deliver_stall(struct fuzz *f, const struct wire_stall *w, bool print)
{
	struct ev_stall ev = {
		.end_ns = w->hdr.ts_ns,
		.blocked_ns = w->blocked_ns,
		.runqueue_ns = w->runqueue_ns,
		.call_seq = w->call_seq,
		.sleep_no = w->sleep_no,
		.who = {w->pid, w->tid, w->comm, w->cgroup_id, w->waker_comm},
		.fs = &f->fs[w->req.fs.dev % ARRAY_SIZE(f->fs)],
		.held_up_requests = decode__held_up(&w->req),
		.state = w->state,
		.iowait = w->iowait,
		.waker_kind = (enum waker_kind)w->waker_kind,
		.waker_comm = w->waker_comm,
		.lock_kind = (enum lock_kind)w->lock_kind,
		.holder_pid = w->holder_pid,
		.holder_comm = w->holder_comm,
		.stack = w->stack_id % 4 ? &f->stack[w->stack_id % 4 - 1] : NULL,
		.user_stack = w->user_stack_id % 2 ? &f->stack[1] : NULL,
	};
	struct ev_unfinished left = {.age_ns = w->out_ns,
				     .who = ev.who,
				     .fs = ev.fs,
				     .state = w->state,
				     .stack = ev.stack};
	const struct sink *to = ledger__sink(f->ledger);

	decode__request(&w->req, &ev.req);
	ev.req.path = w->req.fstype;
	left.req = ev.req;
	to->stall(to->ctx, &ev);
	if (w->call_seq % 64 == 0)
		to->unfinished(to->ctx, &left);
	if (print)
		print_trace(f, &ev);
}

static void deliver_submit(struct fuzz *f, const struct wire_submit *w)
{
	struct ev_submit ev = {
		.end_ns = w->hdr.ts_ns,
		.wall_ns = w->wall_ns,
		.on_cpu_ns = w->on_cpu_ns,
		.sleeps = w->sleeps % 2,
		.nr = w->nr,
		.ret = w->ret,
		.who = {w->pid, w->tid, w->comm, w->cgroup_id, w->fstype},
		.fs = &f->fs[w->fs.dev % ARRAY_SIZE(f->fs)],
	};
	const struct sink *to = ledger__sink(f->ledger);

	to->submit(to->ctx, &ev);
}

/* Some are noise; most have a header and enums that pass, so that the rest is reached. */
static void one_record(struct fuzz *f, bool print)
{
	unsigned char data[sizeof(struct wire_stall) + 64];
	uint64_t kind = next_random(&f->seed) % 8;
	size_t size = next_random(&f->seed) % sizeof(data);
	struct wire_stall stall;
	union wire_record rec;

	random_bytes(&f->seed, data, sizeof(data));
	if (kind >= 3) {
		memcpy(&stall, data, sizeof(stall));
		stall.hdr.kind = kind == 7 ? WIRE_SUBMIT : WIRE_STALL;
		stall.hdr.size = kind == 7 ? sizeof(struct wire_submit) : sizeof(stall);
		if (kind > 3) {
			stall.req.how %= WIRE_HOW_BATCH + 1;
			stall.waker_kind %= WIRE_WAKER_IRQ + 1;
			stall.lock_kind %= WIRE_LOCK_OTHER + 1;
			stall.plane %= WIRE_PLANE_SQPOLL + 1;
			stall.req.fs.api %= WIRE_API_URING + 1;
			size = sizeof(data);
		}
		memcpy(data, &stall, sizeof(stall));
	}
	if (decode_copy(data, size, &rec)) {
		f->refused++;
		return;
	}
	f->decoded++;
	if (rec.hdr.kind == WIRE_STALL)
		deliver_stall(f, &rec.stall, print);
	else
		deliver_submit(f, &rec.submit);
}

static void random_counts(struct fuzz *f)
{
	const struct sink *to = ledger__sink(f->ledger);
	struct fs_counts *counts = calloc(1, sizeof(*counts));
	struct wire_fs *row = calloc(1, sizeof(*row));
	__u64 cells[WIRE_LOSS_MAX];
	struct loss loss;

	assert_non_null(counts);
	assert_non_null(row);
	random_bytes(&f->seed, row, sizeof(*row));
	decode__add_row(row, counts);
	to->fs_counts(to->ctx, &f->fs[next_random(&f->seed) % ARRAY_SIZE(f->fs)], counts);
	to->totals(to->ctx, counts);
	random_bytes(&f->seed, cells, sizeof(cells));
	decode__losses(cells, &loss);
	to->loss(to->ctx, &loss);
	free(row);
	free(counts);
}

static void print_report(struct fuzz *f)
{
	static const char *const names[] = {"text", "json", "folded"};
	const struct report *r = ledger__report(f->ledger, NULL, NULL);
	struct format_opts opts = {.width = 40 + (int)(next_random(&f->seed) % 120)};

	assert_non_null(r);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct format *format = format__find(names[i]);
		char *text = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);

		assert_non_null(format);
		assert_non_null(out);
		assert_int_equal(format->print(out, r, &opts), 0);
		assert_int_equal(fclose(out), 0);
		assert_int_equal(strlen(text), size);
		if (i == 1)
			check_json(text);
		else
			check_text(text, i == 0 ? (size_t)opts.width : SIZE_MAX);
		free(text);
	}
}

static void test_fuzz(void **state)
{
	struct fuzz f = {0};

	(void)state;
	fuzz__open(&f);
	for (size_t i = 1; i <= ROUNDS; i++) {
		one_record(&f, i % 16 == 0);
		if (i % ROUNDS_PER_REPORT == 0) {
			random_counts(&f);
			print_report(&f);
		}
	}
	/* both ways were taken often */
	assert_true(f.decoded > ROUNDS / 4);
	assert_true(f.refused > ROUNDS / 4);
	fuzz__close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	     cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_longer),	     cmocka_unit_test(test_wrong_header),
		cmocka_unit_test(test_unterminated), cmocka_unit_test(test_enums),
		cmocka_unit_test(test_index),	     cmocka_unit_test(test_request),
		cmocka_unit_test(test_rows),	     cmocka_unit_test(test_unfinished),
		cmocka_unit_test(test_losses),	     cmocka_unit_test(test_fuzz),
		cmocka_unit_test(test_spill),	     cmocka_unit_test(test_bad_spill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
